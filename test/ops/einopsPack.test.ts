// pack, unpack, flatten, unflatten and "..." against loops over elements.
import { describe, expect, it } from "vitest"
import { type AnyTensor, type RawTensor, raw, size } from "../../src/core/index.ts"
import { flatten, pack, slice, transpose, unflatten, unpack } from "../../src/ops/index.ts"
import { calls as packCalls } from "../../src/ops/pack.ts"
import type { Ranges } from "../../src/ops/slice.ts"
import { calls as unpackCalls } from "../../src/ops/unpack.ts"
import { each, tensorOf, valuesOf } from "./_helpers.ts"

const line = (n: number): number[] => Array.from({ length: n }, (_, k) => k + 1)
/** Element i of a list in row-major order of shape s. */
const element = (values: readonly number[], s: readonly number[], i: readonly number[]): number =>
  values[i.reduce((flat, v, k) => flat * s[k]! + v, 0)]!
const indicesOf = (s: readonly number[]): number[][] =>
  s.reduce<number[][]>((all, n) => all.flatMap((i) => Array.from({ length: n }, (_, v) => [...i, v])), [[]])
const starOf = (pattern: string): { readonly before: number; readonly behind: number } => {
  const words = pattern.split(" ").filter((w) => w !== "")
  return { before: words.indexOf("*"), behind: words.length - words.indexOf("*") - 1 }
}

describe("pack", () => {
  it("puts every element where the shapes before it end", () => {
    each(40, (g) => {
      const [all, pattern] = packCalls().examples(g) as [RawTensor[], string]
      const { before, behind } = starOf(pattern)
      const [packed, shapes] = pack(all, pattern) as unknown as [RawTensor, number[][]]
      const got = valuesOf(packed)
      let from = 0
      all.forEach((x, k) => {
        const middle = x.shape.slice(before, x.shape.length - behind)
        expect(shapes[k]).toEqual(middle)
        const values = valuesOf(x)
        for (const i of indicesOf(x.shape)) {
          const within = i.slice(before, i.length - behind).reduce((flat, v, j) => flat * middle[j]! + v, 0)
          const at = [...i.slice(0, before), from + within, ...i.slice(i.length - behind)]
          expect(element(got, packed.shape, at)).toBe(element(values, x.shape, i))
        }
        from += size(middle)
      })
      expect(packed.shape[before]).toBe(from)
    })
  })
  it("is undone by unpack", () => {
    each(40, (g) => {
      const [all, pattern] = packCalls().examples(g) as [RawTensor[], string]
      const [packed, shapes] = pack(all, pattern)
      const back = unpack(packed as AnyTensor, shapes as unknown as number[][], pattern)
      expect(back.map((t) => t.shape)).toEqual(all.map((t) => t.shape))
      back.forEach((t, k) => expect(valuesOf(t)).toEqual(valuesOf(all[k]!)))
    })
  })
})

describe("unpack", () => {
  it("gives every element away, once and in order, whatever is inferred", () => {
    each(60, (g) => {
      const [x, shapes, pattern] = unpackCalls().examples(g) as [RawTensor, number[][], string]
      const { before } = starOf(pattern)
      const parts = unpack(x as AnyTensor, shapes, pattern)
      const values = valuesOf(x)
      let from = 0
      parts.forEach((t, k) => {
        const s = raw(t).shape
        const middle = s.slice(before, before + shapes[k]!.length)
        shapes[k]!.forEach((n, j) => n !== -1 && expect(middle[j]).toBe(n))
        const got = valuesOf(t)
        for (const i of indicesOf(s)) {
          const within = i.slice(before, before + middle.length).reduce((flat, v, j) => flat * middle[j]! + v, 0)
          const at = [...i.slice(0, before), from + within, ...i.slice(before + middle.length)]
          expect(element(got, s, i)).toBe(element(values, x.shape, at))
        }
        from += size(middle)
      })
      expect(from).toBe(x.shape[before])
    })
  })
  it("of no shapes is an empty list", () => expect(unpack(tensorOf([], [0]), [], "*")).toEqual([]))
})

describe("flatten and unflatten", () => {
  it("every range, named from either end", () => {
    const s = [2, 3, 1, 4]
    const x = tensorOf(line(24), s)
    for (let a = 0; a < 4; a++)
      for (let b = a; b < 4; b++) {
        const want = [...s.slice(0, a), size(s.slice(a, b + 1)), ...s.slice(b + 1)]
        for (const y of [flatten(x, a, b), flatten(x, a - 4, b - 4)]) {
          expect(y.shape).toEqual(want)
          expect(valuesOf(y)).toEqual(line(24))
        }
        const back = unflatten(flatten(x, a, b), a, s.slice(a, b + 1))
        expect(back.shape).toEqual(s)
      }
    expect(flatten(x).shape).toEqual([24])
    expect(flatten(tensorOf([5], [])).shape).toEqual([1])
    expect(unflatten(x, -1, [2, -1]).shape).toEqual([2, 3, 1, 2, 2])
  })
})

describe("...", () => {
  const s = [2, 3, 4]
  const x = tensorOf(line(24), s)
  it("in transpose is the axes that are not named", () => {
    for (const [order, plain] of [
      [
        ["...", -1, -2],
        [0, 2, 1],
      ],
      [
        [2, "..."],
        [2, 0, 1],
      ],
      [
        [1, "...", 0],
        [1, 2, 0],
      ],
      [["..."], [0, 1, 2]],
      [
        [-1, 1, 0, "..."],
        [2, 1, 0],
      ],
    ] as const) {
      const y = transpose(x, order)
      expect(y.shape).toEqual(plain.map((k) => s[k]))
      for (const i of indicesOf(y.shape as readonly number[])) {
        const at = s.map((_, k) => i[(plain as readonly number[]).indexOf(k)]!)
        expect(element(valuesOf(y), y.shape as readonly number[], i)).toBe(element(line(24), s, at))
      }
    }
  })
  it("in slice is all of the axes that are not named", () => {
    for (const [ranges, plain] of [
      [
        ["...", 1],
        [null, null, 1],
      ],
      [
        [1, "...", [0, 2]],
        [1, null, [0, 2]],
      ],
      [["..."], [null, null, null]],
      [[0, "..."], [0]],
      [
        [0, 1, "...", 2],
        [0, 1, 2],
      ],
    ] as readonly (readonly [Ranges, Ranges])[]) {
      const [y, z] = [slice(x, ranges), slice(x, plain)]
      expect(y.shape).toEqual(z.shape)
      expect(valuesOf(y)).toEqual(valuesOf(z))
    }
  })
})
