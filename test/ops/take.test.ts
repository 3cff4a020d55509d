// Lookups and scattered sums: clamping, repetition, sparse updates.
import { describe, expect, it } from "vitest"
import type { RawTensor } from "../../src/core/index.ts"
import { contract, matmul, mul, oneHot, scatterAdd, sub, sum, take } from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { each, expectClose, tensorOf, valuesOf } from "./_helpers.ts"

const ints = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor => tensorOf(v, shape, "i32")

describe("take", () => {
  it("moves indices outside to the nearest end", () => {
    const x = tensorOf([10, 11, 20, 21, 30, 31], [3, 2])
    expect(valuesOf(take(x, ints([-5, 0, 2, 99])))).toEqual([10, 11, 10, 11, 30, 31, 30, 31])
    expect(valuesOf(take(x, ints([1]), 1))).toEqual([11, 21, 31])
    expect(valuesOf(take(x, ints([7], []), 1))).toEqual([11, 21, 31])
    expect(take(x, ints([], [0])).shape).toEqual([0, 2])
  })
  it("is a product with one-hot vectors", () => {
    each(10, (g) => {
      const x = g.tensor([5, 3])
      const i = g.tensor([2, 4], "i32", { lo: 0, hi: 4 })
      expectClose(take(x, i), matmul(oneHot(i, 5), x), 0)
    })
  })
})

describe("oneHot", () => {
  it("gives zeros for an index outside", () => {
    expect(valuesOf(oneHot(ints([2, -1, 3]), 3))).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0])
    expect(oneHot(ints([0]), 2, "bool").dtype).toBe("bool")
    expect(oneHot(ints([0]), 0).shape).toEqual([1, 0])
  })
})

describe("scatterAdd", () => {
  it("adds up what falls on one place, in the same places as take reads", () => {
    const x = tensorOf([0, 0, 100, 0], [4])
    expect(valuesOf(scatterAdd(x, ints([1, 3, 1, -9, 9]), tensorOf([1, 2, 4, 8, 16])))).toEqual([8, 5, 100, 18])
    const u = tensorOf([1, 2, 3, 4], [2, 2])
    expect(valuesOf(scatterAdd(tensorOf([0, 0, 0, 0, 0, 0], [2, 3]), ints([2, 2]), u, 1))).toEqual([0, 0, 3, 0, 0, 7])
  })
  it("stays sparse in an update: a scatter into the table", () => {
    const table = tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])
    const ids = ints([1, 3, 1])
    const w = tensorOf([1, 2, 3, 4, 5, 6], [3, 2])
    const g = grad((t: RawTensor) => sum(mul(take(t, ids), w)) as never)(table) as RawTensor
    const next = sub(table, mul(g, 0.5))
    expect(next.node.op.name).toBe("scatterAdd")
    expect(next.node.ins[2]).toBe(table)
    expect(valuesOf(next)).toEqual([1, 2, 3 - 3, 4 - 4, 5, 6, 7 - 1.5, 8 - 2])
  })
})

describe("contract", () => {
  it("is NumPy's matmul for every pair of ranks", () => {
    const [a, b] = [tensorOf([1, 2, 3, 4, 5, 6], [2, 3]), tensorOf([1, 2, 3, 4, 5, 6], [3, 2])]
    expect(valuesOf(matmul(a, b))).toEqual([22, 28, 49, 64])
    expect(valuesOf(matmul(tensorOf([1, 1, 1]), b))).toEqual([9, 12])
    expect(valuesOf(matmul(a, tensorOf([1, 1, 1])))).toEqual([6, 15])
    expect(valuesOf(matmul(tensorOf([1, 2]), tensorOf([3, 4])))).toEqual([11])
    expect(valuesOf(contract(a, b, "ik,kj->ji"))).toEqual([22, 49, 28, 64])
  })
  it("of no elements is 0", () => {
    expect(valuesOf(matmul(tensorOf([], [2, 0]), tensorOf([], [0, 2])))).toEqual([0, 0, 0, 0])
    expect(matmul(tensorOf([], [0, 3]), tensorOf([1, 2, 3], [3, 1])).shape).toEqual([0, 1])
  })
})
