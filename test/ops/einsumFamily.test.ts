// tensordot, inner, outer, diagonal, trace and tile against plain loops.
import { describe, expect, it } from "vitest"
import { type RawTensor, type ShapeClass, shapeClasses, strides, upto } from "../../src/core/index.ts"
import { calls as diagonalCalls } from "../../src/ops/diagonal.ts"
import * as typed from "../../src/ops/index.ts"
import { calls as innerCalls } from "../../src/ops/inner.ts"
import { calls as tensordotCalls } from "../../src/ops/tensordot.ts"
import { calls as tileCalls } from "../../src/ops/tile.ts"
import { gen } from "../../src/testing/gen.ts"
import { plain } from "./_einsum.ts"
import { errorOf, tensorOf, valuesOf } from "./_helpers.ts"

const T = typed as unknown as Record<string, (...args: readonly unknown[]) => RawTensor>
/** A tensor's element at some indices. */
const reader = (x: RawTensor): ((i: readonly number[]) => number) => {
  const [values, steps] = [valuesOf(x), strides(x.shape)]
  return (i) => values[i.reduce((a, k, j) => a + k * steps[j]!, 0)]!
}
/** All indices of a shape, the last running fastest. */
const indices = (s: readonly number[]): number[][] =>
  s.reduce<number[][]>((all, n) => all.flatMap((i) => upto(n).map((k) => [...i, k])), [[]])
const draws = (count: number, f: (shapes: ShapeClass, seed: number) => void): void => {
  for (let seed = 1; seed <= count; seed++) f(shapeClasses[seed % shapeClasses.length]!, seed)
}
const check = (
  got: RawTensor,
  wanted: { readonly shape: readonly number[]; readonly values: readonly number[] },
  seed: number,
): void => {
  expect(got.shape, `seed ${seed}`).toEqual(wanted.shape)
  expect(errorOf(valuesOf(got), wanted.values), `seed ${seed}`).toBeLessThanOrEqual(1e-12)
}

describe("products", () => {
  it("tensordot", () => {
    draws(100, (shapes, seed) => {
      const [a, b, axes = 2] = tensordotCalls().examples(gen(seed, shapes)) as [RawTensor, RawTensor, number | [unknown, unknown]]
      const [p, q] =
        typeof axes === "number"
          ? [upto(axes).map((k) => k - axes), upto(axes)]
          : (axes.map((l) => (typeof l === "number" ? [l] : l)) as [number[], number[]])
      const left = upto(a.shape.length).map((k) => "abcd"[k]!)
      const right = upto(b.shape.length).map((k) => "wxyz"[k]!)
      p.forEach((k, j) => right.splice(q[j]!, 1, left.at(k)!))
      const out = [...left, ...right].filter((c) => left.includes(c) !== right.includes(c))
      check(T["tensordot"]!(a, b, axes), plain(`${left.join("")},${right.join("")}->${out.join("")}`, [a, b]), seed)
    })
  })
  it("inner", () => {
    draws(60, (shapes, seed) => {
      const [a, b] = innerCalls().examples(gen(seed, shapes)) as [RawTensor, RawTensor]
      const scalar = a.shape.length * b.shape.length === 0
      const [l, r] = ["abcd".slice(0, a.shape.length), "wxyz".slice(0, b.shape.length)]
      const lists = scalar ? `${l},${r}->${l}${r}` : `${l.slice(0, -1)}k,${r.slice(0, -1)}k->${l.slice(0, -1)}${r.slice(0, -1)}`
      check(T["inner"]!(a, b), plain(lists, [a, b]), seed)
    })
  })
  it("outer flattens", () => {
    const [a, b] = [tensorOf([1, 2, 3, 4], [2, 2]), tensorOf([5, 6, 7], [3, 1])]
    const y = T["outer"]!(a, b)
    expect(y.shape).toEqual([4, 3])
    expect(valuesOf(y)).toEqual([5, 6, 7, 10, 12, 14, 15, 18, 21, 20, 24, 28])
    expect(T["outer"]!(tensorOf([2], []), tensorOf([3], [])).shape).toEqual([1, 1])
  })
})

describe("diagonals", () => {
  it("diagonal and trace", () => {
    let beside = 0
    draws(120, (shapes, seed) => {
      const [x, offset = 0, axis1 = 0, axis2 = 1] = diagonalCalls().examples(gen(seed, shapes)) as [
        RawTensor,
        number,
        number,
        number,
      ]
      const rank = x.shape.length
      const [p, q] = [(axis1 + rank) % rank, (axis2 + rank) % rank]
      const others = upto(rank).filter((k) => k !== p && k !== q)
      const at = reader(x)
      // every pair of indices that is offset apart, in order of the first
      const along = upto(x.shape[p]!).filter((i) => i + offset >= 0 && i + offset < x.shape[q]!)
      const head = others.map((k) => x.shape[k]!)
      const values = indices(head).flatMap((h) =>
        along.map((i) => at(upto(rank).map((k) => (k === p ? i : k === q ? i + offset : h[others.indexOf(k)]!)))),
      )
      check(T["diagonal"]!(x, offset, axis1, axis2), { shape: [...head, along.length], values }, seed)
      const sums = indices(head).map((_, j) => values.slice(j * along.length, (j + 1) * along.length).reduce((a, b) => a + b, 0))
      check(T["trace"]!(x, offset, axis1, axis2), { shape: head, values: sums }, seed)
      if (offset !== 0 && along.length > 0) beside++
    })
    expect(beside).toBeGreaterThan(10)
  })
})

describe("tile", () => {
  it("repeats along every axis", () => {
    draws(80, (shapes, seed) => {
      const [x, repeats] = tileCalls().examples(gen(seed, shapes)) as [RawTensor, number | number[]]
      const often = typeof repeats === "number" ? [repeats] : repeats
      const rank = Math.max(often.length, x.shape.length)
      const filled = (s: readonly number[]): number[] => [...upto(rank - s.length).map(() => 1), ...s]
      const [s, r] = [filled(x.shape), filled(often)]
      const shape = s.map((n, k) => n * r[k]!)
      const at = reader(x)
      const values = indices(shape).map((i) => at(i.map((e, k) => e % s[k]!).slice(rank - x.shape.length)))
      check(T["tile"]!(x, repeats), { shape, values }, seed)
    })
  })
})
