// Slices, flips and padding against JavaScript arrays.
import { describe, expect, it } from "vitest"
import { fold, pad, slice, windows } from "../../src/ops/index.ts"
import type { Range } from "../../src/ops/slice.ts"
import { each, tensorOf, valuesOf } from "./_helpers.ts"

const line = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1)
/** `list[start:end:step]`, spelled as a loop. */
const pythonSlice = (list: readonly number[], start: number | null, end: number | null, step: number): number[] => {
  const n = list.length
  const at = (v: number): number => (v < 0 ? v + n : v)
  const out: number[] = []
  if (step > 0) for (let k = start === null ? 0 : at(start); k < (end === null ? n : at(end)); k += step) out.push(list[k]!)
  else for (let k = start === null ? n - 1 : at(start); k > (end === null ? -1 : at(end)); k += step) out.push(list[k]!)
  return out
}

describe("slice", () => {
  it("is Python's slice for every start, end and step that lies on the axis", () => {
    let taken = 0
    let refused = 0
    for (const n of [0, 1, 2, 5]) {
      const x = tensorOf(line(n))
      const ends = [null, ...Array.from({ length: 2 * n + 1 }, (_, k) => k - n)]
      for (const a of ends)
        for (const b of ends)
          for (const step of [1, 2, 3, -1, -2, -7]) {
            const last = step > 0 ? n : n - 1
            const at = (v: number): number => (v < 0 ? v + n : v)
            const outside = [a, b].some((v) => v !== null && v > last)
            const first = a === null ? (step > 0 ? 0 : n - 1) : at(a)
            const end = b === null ? (step > 0 ? n : -1) : at(b)
            if (outside || (step > 0 ? end < first : end > first)) {
              expect(() => slice(x, [[a, b, step]])).toThrow(/^slice: /)
              refused++
            } else {
              expect(valuesOf(slice(x, [[a, b, step]]))).toEqual(pythonSlice(line(n), a, b, step))
              taken++
            }
          }
    }
    expect(taken + refused).toBe(1200)
    expect(taken).toBe(756)
  })
  it("drops axes at an index, keeps those without a range", () => {
    const x = tensorOf(line(24), [2, 3, 4])
    const y = slice(x, [-1, [null, null, -2]])
    expect(y.shape).toEqual([2, 4])
    expect(valuesOf(y)).toEqual([21, 22, 23, 24, 13, 14, 15, 16])
    const s: readonly Range[] = [0, 1, 2]
    expect(slice(x, s).shape).toEqual([])
    expect(valuesOf(slice(x, s))).toEqual([7])
  })
})

describe("pad", () => {
  it("puts elements around and between", () => {
    expect(valuesOf(pad(tensorOf([1, 2, 3]), [[1, 2, 1]], 9))).toEqual([9, 1, 9, 2, 9, 3, 9, 9])
    expect(valuesOf(pad(tensorOf([], [0]), [[1, 1, 3]], 5))).toEqual([5, 5])
    expect(valuesOf(pad(tensorOf([1, 2], [2, 1]), [0, [1, 0]]))).toEqual([0, 1, 0, 2])
  })
})

describe("windows and fold", () => {
  it("fold of windows counts how often each element is seen", () => {
    each(30, (g) => {
      const [n, size, stride, dilation] = [g.int(5, 9), g.int(1, 3), g.int(1, 3), g.int(1, 2)]
      const x = tensorOf(line(n))
      const seen = line(n).map((v, i) => {
        let count = 0
        for (let j = 0; j * stride + (size - 1) * dilation < n; j++)
          for (let r = 0; r < size; r++) if (j * stride + r * dilation === i) count++
        return v * count
      })
      expect(valuesOf(fold(windows(x, 0, size, { stride, dilation }), 0, n, { stride, dilation }))).toEqual(seen)
    })
  })
})
