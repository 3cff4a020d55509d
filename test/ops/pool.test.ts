// Pools against their definitions, as loops over one, two and three axes.
import { describe, expect, it } from "vitest"
import { size, strides } from "../../src/core/index.ts"
import { poolShape } from "../../src/ops/_pool.ts"
import * as T from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { each, errorOf, expectClose, tensorOf, valuesOf } from "./_helpers.ts"

type Op = (x: unknown, ...rest: readonly unknown[]) => ReturnType<typeof tensorOf>
const op = (name: string): Op => (T as unknown as Record<string, Op>)[name]!
const dims = [1, 2, 3] as const

/** All positions within a shape. */
const positions = (s: readonly number[]): number[][] =>
  Array.from({ length: size(s) }, (_, k) => strides(s).map((w, j) => Math.floor(k / w) % s[j]!))
/** For each output element, the elements of x that its window sees, and how many places it has that count. */
interface Seen {
  readonly values: readonly number[]
  readonly places: number
}
/** The elements that window i of an axis covers: positions in the input, which may lie outside of it. */
type Cover = (i: number) => readonly [from: number, to: number]
interface AxisOf {
  readonly n: number
  readonly count: number
  readonly cover: Cover
  /** Which positions outside count for the mean. */
  readonly low: number
  readonly high: number
}
const windowsSeen = (x: number[], shape: readonly number[], axes: readonly AxisOf[]): Seen[] => {
  const n = axes.length
  const lead = shape.slice(0, -1 - n)
  const out = [...lead, ...axes.map((a) => a.count), shape.at(-1)!]
  return positions(out).map((at) => {
    const spatial = at.slice(lead.length, -1)
    const ranges = axes.map((a, k) => a.cover(spatial[k]!))
    const values: number[] = []
    let places = 0
    for (const offset of positions(ranges.map(([from, to]) => to - from))) {
      const p = offset.map((o, k) => ranges[k]![0] + o)
      if (p.every((v, k) => v >= -axes[k]!.low && v < axes[k]!.n + axes[k]!.high)) places++
      if (!p.every((v, k) => v >= 0 && v < axes[k]!.n)) continue
      const full = [...at.slice(0, lead.length), ...p, at.at(-1)!]
      values.push(x[strides(shape).reduce((s, w, k) => s + w * full[k]!, 0)]!)
    }
    return { values, places }
  })
}
const most = (s: readonly Seen[]): number[] => s.map(({ values }) => Math.max(...values))
const mean = (s: readonly Seen[]): number[] => s.map(({ values }) => values.reduce((a, b) => a + b, 0) / values.length)

/** Windows by the words of PyTorch's documentation: with the ceiling, windows that would begin in the right padding are dropped. */
const laid = (
  n: number,
  k: number,
  stride: number,
  padding: "valid" | "same" | number | readonly [number, number],
  ceil: boolean,
): AxisOf => {
  let [low, high] = typeof padding === "number" ? [padding, padding] : typeof padding === "string" ? [0, 0] : padding
  let count = 0
  if (padding === "same") {
    count = Math.ceil(n / stride)
    const missing = Math.max(0, (count - 1) * stride + k - n)
    ;[low, high] = [Math.floor(missing / 2), Math.ceil(missing / 2)]
  } else {
    // one window after the other: by the floor they lie inside, by the ceiling they begin inside and the one before left something over
    const end = n + high
    for (
      let from = -low;
      ceil ? from < n && (count === 0 ? from + k <= end + stride - 1 : from - stride + k < end) : from + k <= end;
      from += stride
    )
      count++
  }
  return { n, count, cover: (i) => [i * stride - low, i * stride - low + k], low, high }
}

for (const n of dims)
  describe(`pools over ${n} ${n === 1 ? "axis" : "axes"}`, () => {
    it("are their definitions; padding never wins, and counts where asked", () => {
      let ceilings = 0
      each(60, (g) => {
        const sides = dims.slice(0, n).map(() => g.int(3, n === 3 ? 5 : 9))
        const k = sides.map(() => g.int(2, 3))
        const stride = sides.map(() => g.int(1, 4))
        const padding = sides.map(() => g.pick(["valid", "same", 0, 1, [0, 1], [1, 0]] as const))
        const ceilMode = g.bool()
        const x = g.tensor([g.int(1, 2), ...sides, g.int(1, 2)], "f32", { lo: -3, hi: -1 })
        const axes = sides.map((m, j) => laid(m, k[j]!, stride[j]!, padding[j]!, ceilMode))
        const plain = sides.map((m, j) => laid(m, k[j]!, stride[j]!, padding[j]!, false))
        if (axes.some((a, j) => a.count !== plain[j]!.count)) ceilings++
        const seen = windowsSeen(valuesOf(x), x.shape, axes)
        const options = { stride, padding, ceilMode }
        const y = op(`maxPool${n}d`)(x, k, options)
        expect(y.shape).toEqual([x.shape[0], ...axes.map((a) => a.count), x.shape.at(-1)])
        expectClose(y, most(seen), 0)
        expectClose(op(`avgPool${n}d`)(x, k, options), mean(seen))
        expectClose(
          op(`avgPool${n}d`)(x, k, { ...options, countPadding: true }),
          seen.map(({ values, places }) => values.reduce((a, b) => a + b, 0) / places),
        )
      })
      expect(ceilings).toBeGreaterThan(5)
    })
    it("over whole axes are reductions of them", () => {
      each(5, (g) => {
        const shape = [2, ...dims.slice(0, n).map(() => g.int(1, 4)), 3]
        const x = g.tensor(shape)
        const axes = shape.slice(1, -1).map((m): AxisOf => ({ n: m, count: 1, cover: () => [0, m], low: 0, high: 0 }))
        const seen = windowsSeen(valuesOf(x), shape, axes)
        expect(op(`globalAvgPool${n}d`)(x).shape).toEqual([2, 3])
        expectClose(op(`globalMaxPool${n}d`)(x), most(seen), 0)
        expectClose(op(`globalAvgPool${n}d`)(x), mean(seen))
      })
    })
    it("to a number of parts see floor(i n / m) to ceil((i + 1) n / m), for every m", () => {
      let uneven = 0
      each(n === 3 ? 20 : 60, (g) => {
        const sides = dims.slice(0, n).map(() => g.int(1, n === 3 ? 5 : 11))
        const parts = sides.map(() => g.pick([null, 1, 2, 3, 4, 7, 13].slice(0, n === 3 ? 5 : 7)))
        const x = g.tensor([g.int(1, 2), ...sides, g.int(1, 2)], "f32", { lo: -3, hi: -1 })
        const axes = sides.map((m, j): AxisOf => {
          const p = parts[j] ?? m
          if (m % p !== 0) uneven++
          return { n: m, count: p, cover: (i) => [Math.floor((i * m) / p), Math.ceil(((i + 1) * m) / p)], low: 0, high: 0 }
        })
        const seen = windowsSeen(valuesOf(x), x.shape, axes)
        const y = op(`adaptiveMaxPool${n}d`)(x, parts)
        expect(y.shape).toEqual([x.shape[0], ...axes.map((a) => a.count), x.shape.at(-1)])
        expectClose(y, most(seen), 0)
        expectClose(op(`adaptiveAvgPool${n}d`)(x, parts), mean(seen))
      })
      expect(uneven).toBeGreaterThan(10)
    })
  })

describe("a size that is a name", () => {
  it("is pooled to an expression over it that every size makes true", () => {
    let known = 0
    each(200, (g) => {
      const times = g.int(1, 4)
      const more = g.int(0, 2)
      const name = `${times === 1 ? "" : `${times}*`}b${more === 0 ? "" : `+${more}`}`
      const options = { stride: g.int(1, 4), padding: g.pick(["valid", "same", 1, [0, 1]] as const), ceilMode: g.bool() }
      const k = g.int(2, 4)
      const [out] = poolShape("maxPool1d", 1, [name, 1], k, options)
      if (out === "?") return
      known++
      const value = new Function("b", `return ${out}`) as (b: number) => number
      for (let b = 6; b < 12; b++) expect(value(b)).toBe(poolShape("maxPool1d", 1, [times * b + more, 1], k, options)[0])
    })
    expect(known).toBeGreaterThan(40)
  })
})

describe("gradients of maxima", () => {
  const total = (f: (x: never) => unknown) => (x: never) => T.sum(f(x) as never)
  it("go to the largest elements, in equal shares", () => {
    const x = tensorOf([1, 3, 3, 2, 0, 3], [6, 1])
    const g = grad(total((v) => T.maxPool1d(v, 3, { stride: 2, ceilMode: true })) as never) as (
      x: unknown,
    ) => ReturnType<typeof tensorOf>
    // windows [1, 3, 3], [3, 2, 0] and [0, 3]
    expect(errorOf(valuesOf(g(x)), [0, 0.5, 1.5, 0, 0, 1])).toBeLessThan(1e-12)
  })
  it("of overlapping parts add up", () => {
    const x = tensorOf([5, 1, 5, 2, 5, 3, 4], [7, 1])
    // parts of 7 in 3: [0, 3), [2, 5), [4, 7): elements 5 1 5, 5 2 5 and 5 3 4
    const g = grad(total((v) => T.adaptiveMaxPool1d(v, 3)) as never) as (x: unknown) => ReturnType<typeof tensorOf>
    expect(errorOf(valuesOf(g(x)), [0.5, 0, 1, 0, 1.5, 0, 0])).toBeLessThan(1e-12)
  })
})
