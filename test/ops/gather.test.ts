// Elements chosen along an axis, and rows put in place of others, against plain loops.
import { describe, expect, it } from "vitest"
import { type RawTensor, upto } from "../../src/core/index.ts"
import { argmax, expandDims, gather, max, mul, scatter, sum, take, takeAlongAxis } from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { each, tensorOf, valuesOf } from "./_helpers.ts"

const ints = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor => tensorOf(v, shape, "i32")
const clamp = (v: number, n: number): number => Math.min(Math.max(v, 0), n - 1)

describe("takeAlongAxis", () => {
  it("chooses for each place on the other axes, and broadcasts them", () => {
    const x = tensorOf([10, 11, 12, 20, 21, 22], [2, 3])
    expect(valuesOf(takeAlongAxis(x, ints([2, 0, 1, 1], [2, 2]), 1))).toEqual([12, 10, 21, 21])
    expect(valuesOf(takeAlongAxis(x, ints([1, 0, 1], [1, 3]), 0))).toEqual([20, 11, 22])
    expect(valuesOf(takeAlongAxis(x, ints([-7, 9], [1, 2]), -1))).toEqual([10, 12, 20, 22])
    expect(valuesOf(takeAlongAxis(tensorOf([5, 6], [1, 2]), ints([1, 0, 1], [3, 1]), 1))).toEqual([6, 5, 6])
  })
  it("is three nested loops", () => {
    each(20, (g) => {
      const [a, b, c, m] = [g.int(1, 4), g.int(1, 4), g.int(1, 4), g.int(0, 4)]
      const x = g.tensor([a, b, c])
      const i = g.tensor([a, m, c], "i32", { lo: -1, hi: b })
      const [xs, is] = [valuesOf(x), valuesOf(i)]
      const wanted = upto(a).flatMap((p) =>
        upto(m).flatMap((q) => upto(c).map((r) => xs[(p * b + clamp(is[(p * m + q) * c + r]!, b)) * c + r]!)),
      )
      expect(valuesOf(takeAlongAxis(x, i, 1))).toEqual(wanted)
      expect(valuesOf(gather(x, i, 1))).toEqual(wanted)
      const first = g.tensor([m, b, c], "u32", { lo: 0, hi: a })
      const at = valuesOf(first)
      const rows = upto(m).flatMap((p) =>
        upto(b).flatMap((q) => upto(c).map((r) => xs[(clamp(at[(p * b + q) * c + r]!, a) * b + q) * c + r]!)),
      )
      expect(valuesOf(takeAlongAxis(x, first, 0))).toEqual(rows)
    })
  })
  it("takes what argmax found", () => {
    each(10, (g) => {
      const x = g.tensor([3, 5])
      const at = argmax(x as never, -1 as never) as RawTensor
      expect(valuesOf(takeAlongAxis(x, expandDims(at, -1) as RawTensor, 1))).toEqual(valuesOf(max(x, -1)))
    })
  })
})

describe("gather", () => {
  it("of fewer indices speaks about the beginning of x", () => {
    const x = tensorOf([10, 11, 12, 20, 21, 22, 30, 31, 32], [3, 3])
    expect(valuesOf(gather(x, ints([2, 0, 1, 1], [2, 2]), 1))).toEqual([12, 10, 21, 21])
    expect(valuesOf(gather(x, ints([2, 0], [1, 2]), 0))).toEqual([30, 11])
    expect(gather(x, ints([], [0, 2]), 1).shape).toEqual([0, 2])
  })
})

describe("scatter", () => {
  it("the last update of a place stays, whatever its neighbours do", () => {
    const x = tensorOf([0, 1, 2, 3])
    expect(valuesOf(scatter(x, ints([2, 0, 2, -5]), tensorOf([10, 20, 30, 40])))).toEqual([40, 1, 30, 3])
    expect(valuesOf(scatter(x, ints([7, 3]), tensorOf([10, 20])))).toEqual([0, 1, 2, 20])
    expect(valuesOf(scatter(x, ints([], [0]), tensorOf([], [0])))).toEqual([0, 1, 2, 3])
    const b = scatter(tensorOf([1, 1], [2], "bool"), ints([1]), tensorOf([0], [1], "bool"))
    expect(valuesOf(b)).toEqual([1, 0])
  })
  it("is a loop over the updates", () => {
    each(20, (g) => {
      const [a, n, c, k] = [g.int(1, 3), g.int(1, 4), g.int(1, 3), g.int(1, 6)]
      const x = g.tensor([a, n, c])
      const i = g.tensor([k], "i32", { lo: -1, hi: n })
      const u = g.tensor([a, k, c])
      const wanted = valuesOf(x)
      const [is, us] = [valuesOf(i), valuesOf(u)]
      for (const p of upto(a))
        for (const q of upto(k)) for (const r of upto(c)) wanted[(p * n + clamp(is[q]!, n)) * c + r] = us[(p * k + q) * c + r]!
      expect(valuesOf(scatter(x, i, u, 1))).toEqual(wanted)
    })
  })
  it("take reads back what was put", () => {
    const i = ints([3, 1, 0, 2], [2, 2])
    const u = tensorOf(upto(8), [2, 2, 2])
    expect(valuesOf(take(scatter(tensorOf(upto(10), [5, 2]), i, u), i))).toEqual(upto(8))
  })
  it("overwritten updates and elements have the gradient 0", () => {
    const w = tensorOf([1, 2, 3])
    const i = ints([1, 1])
    const of = (f: (t: RawTensor) => unknown, at: RawTensor): number[] =>
      valuesOf(grad((t: RawTensor) => sum(mul(f(t) as RawTensor, w)) as never)(at) as RawTensor)
    expect(of((x) => scatter(x, i, tensorOf([5, 6])), tensorOf([7, 8, 9]))).toEqual([1, 0, 3])
    expect(of((u) => scatter(tensorOf([7, 8, 9]), i, u), tensorOf([5, 6]))).toEqual([0, 2])
  })
})
