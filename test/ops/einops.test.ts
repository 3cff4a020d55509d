// einops against plain loops: an interpreter that goes over the elements of both sides, and knows nothing of reshapes.
import { describe, expect, it } from "vitest"
import { rearrange, reduce, repeat } from "../../src/ops/index.ts"
import { calls as rearrangeCalls } from "../../src/ops/rearrange.ts"
import { calls as reduceCalls } from "../../src/ops/reduce.ts"
import { calls as repeatCalls } from "../../src/ops/repeat.ts"
import { type AnyTensor, isTensor, type RawTensor, raw, shapeClasses } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { tensorOf, valuesOf } from "./_helpers.ts"

type Axis = readonly string[]
const axesOf = (side: string): Axis[] => {
  const out: string[][] = []
  let group: string[] | undefined
  for (const w of side.replace(/[()]/g, " $& ").split(" ")) {
    if (w === "(") out.push((group = []))
    else if (w === ")") group = undefined
    else if (w === "" || w === "1") {
      if (w === "1" && !group) out.push([])
    } else if (group) group.push(w)
    else out.push([w])
  }
  return out
}
/** All assignments of indices to words. */
function* counts(words: readonly string[], size: (w: string) => number): Generator<Map<string, number>> {
  if (words.length === 0) return void (yield new Map())
  const [first, ...rest] = words as [string, ...string[]]
  for (let k = 0; k < size(first); k++) for (const m of counts(rest, size)) yield m.set(first, k)
}
const flatOf = (axes: readonly Axis[], at: ReadonlyMap<string, number>, size: (w: string) => number): number =>
  axes.flat().reduce((n, w) => n * size(w) + at.get(w)!, 0)

/** Values and shape of a pattern applied to x: every element of the left side is folded into the elements of the right that name it. */
const interpreted = (
  x: RawTensor,
  pattern: string,
  given: Readonly<Record<string, number>>,
  fold: (all: readonly number[]) => number,
): { readonly shape: number[]; readonly values: number[] } => {
  const dots = x.shape.map((_, k) => `dots${k}`)
  const [before, after] = pattern.split("->") as [string, string]
  const named = axesOf(before.replace("...", "")).length
  const expand = (s: string): string => s.replace("...", dots.slice(0, x.shape.length - named).join(" "))
  // lengths become words of their own, so that equal ones are not one
  let count = 0
  const sizes: Record<string, number> = { ...given }
  const own = (axes: readonly Axis[]): Axis[] =>
    axes.map((a) =>
      a.map((w) => {
        if (!/^\d+$/.test(w)) return w
        sizes[`length${++count}`] = Number(w)
        return `length${count}`
      }),
    )
  const [left, right] = [own(axesOf(expand(before))), own(axesOf(expand(after)))]
  left.forEach((a, k) => {
    const hole = a.find((w) => !(w in sizes))
    if (hole !== undefined) sizes[hole] = x.shape[k]! / a.reduce((n, w) => n * (w === hole ? 1 : sizes[w]!), 1)
  })
  const size = (w: string): number => sizes[w]!
  const words = [...new Set([...left.flat(), ...right.flat()])]
  const shape = right.map((a) => a.reduce((n, w) => n * size(w), 1))
  const all: number[][] = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => [])
  const from = valuesOf(x)
  for (const at of counts(words, size)) all[flatOf(right, at, size)]!.push(from[flatOf(left, at, size)]!)
  return { shape, values: all.map(fold) }
}
const folds: Readonly<Record<string, (all: readonly number[]) => number>> = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  mean: (v) => v.reduce((a, b) => a + b, 0) / v.length,
  prod: (v) => v.reduce((a, b) => a * b, 1),
  max: (v) => v.reduce((a, b) => Math.max(a, b), -Infinity),
  min: (v) => v.reduce((a, b) => Math.min(a, b), Infinity),
  any: (v) => (v.some((b) => b !== 0) ? 1 : 0),
  all: (v) => (v.every((b) => b !== 0) ? 1 : 0),
}
const only = (v: readonly number[]): number => {
  expect(v.length).toBe(1)
  return v[0]!
}
const judge = (y: AnyTensor, want: { readonly shape: number[]; readonly values: number[] }): void => {
  expect(y.shape).toEqual(want.shape)
  const got = valuesOf(y)
  expect(got.length).toBe(want.values.length)
  got.forEach((v, k) => expect(Math.abs(v - want.values[k]!)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(want.values[k]!))))
}
type Sizes = Readonly<Record<string, number>>
const DRAWS = 12
// The large ones are for backends.
const classes = shapeClasses.filter((c) => c !== "large")

describe("random patterns, as loops say", () => {
  for (const [name, f, examples] of [
    ["rearrange", rearrange, rearrangeCalls().examples],
    ["repeat", repeat, repeatCalls().examples],
  ] as const)
    it(name, () => {
      for (const shapes of classes)
        for (let seed = 1; seed <= DRAWS; seed++) {
          const [x, pattern, sizes] = examples(gen(seed, shapes)) as [RawTensor | RawTensor[], string, Sizes?]
          const one = isTensor(x)
            ? x
            : tensorOf(
                x.flatMap((t) => valuesOf(t)),
                [x.length, ...x[0]!.shape],
              )
          judge((f as typeof rearrange)(x as RawTensor, pattern, sizes), interpreted(one, pattern, sizes ?? {}, only))
        }
    })
  it("reduce", () => {
    const seen = new Set<string>()
    for (const shapes of classes)
      for (let seed = 1; seed <= DRAWS; seed++) {
        const [x, pattern, kind, sizes] = reduceCalls().examples(gen(seed, shapes)) as [RawTensor, string, string, Sizes?]
        seen.add(kind)
        judge(reduce(x, pattern, kind, sizes), interpreted(x, pattern, sizes ?? {}, folds[kind]!))
      }
    expect([...seen].sort()).toEqual(Object.keys(folds).sort())
  })
})

const line = (n: number): number[] => Array.from({ length: n }, (_, k) => k)
describe("by hand", () => {
  it("space to depth, and back", () => {
    const x = tensorOf(line(16), [4, 4, 1])
    const y = rearrange(x, "(h i) (w j) c -> h w (i j c)", { i: 2, j: 2 })
    expect(valuesOf(y)).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15])
    expect(valuesOf(rearrange(y, "h w (i j c) -> (h i) (w j) c", { i: 2, j: 2 }))).toEqual(line(16))
  })
  it("repeats elements, or the whole", () => {
    const x = tensorOf([1, 2, 3])
    expect(valuesOf(repeat(x, "a -> (a r)", { r: 2 }))).toEqual([1, 1, 2, 2, 3, 3])
    expect(valuesOf(repeat(x, "a -> (r a)", { r: 2 }))).toEqual([1, 2, 3, 1, 2, 3])
    expect(valuesOf(repeat(x, "a -> 2 a 1"))).toEqual([1, 2, 3, 1, 2, 3])
  })
  it("max pooling", () => {
    const x = tensorOf(line(16), [1, 4, 4, 1])
    const y = reduce(x, "b (h 2) (w 2) c -> b h w c", "max")
    expect(y.shape).toEqual([1, 2, 2, 1])
    expect(valuesOf(y)).toEqual([5, 7, 13, 15])
  })
  it("counts booleans; any and all of none", () => {
    const x = tensorOf([1, 0, 1, 1], [2, 2], "bool")
    expect([reduce(x, "a b -> a", "sum"), reduce(x, "a b -> a", "prod")].map((t) => [t.dtype, ...valuesOf(t)])).toEqual([
      ["i32", 1, 2],
      ["i32", 0, 1],
    ])
    const none = tensorOf([], [2, 0], "bool")
    expect(valuesOf(reduce(none, "a b -> a", "any"))).toEqual([0, 0])
    expect(valuesOf(reduce(none, "a b -> a", "all"))).toEqual([1, 1])
  })
  it("attention heads come back", () => {
    const x = raw(tensorOf(line(24), [2, 3, 4]))
    const heads = rearrange(x, "b t (h d) -> b h t d", { h: 2 })
    expect(heads.shape).toEqual([2, 2, 3, 2])
    expect(valuesOf(heads).slice(0, 6)).toEqual([0, 1, 4, 5, 8, 9])
    expect(valuesOf(rearrange(heads, "b h t d -> b t (h d)"))).toEqual(line(24))
  })
})
