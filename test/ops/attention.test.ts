// Attention against its formula, written as loops.
import { describe, expect, it } from "vitest"
import { type RawTensor, size, upto } from "../../src/core/index.ts"
import { attention, mul, sum } from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { each, errorOf, tensorOf, valuesOf } from "./_helpers.ts"

/** Row-major reading. */
const reader = (t: RawTensor): ((...i: readonly number[]) => number) => {
  const v = valuesOf(t)
  return (...i) => v[i.reduce((at, k, axis) => at * t.shape[axis]! + k, 0)]!
}
/** q [b, t, h, d], k [b, s, g, d], v [b, s, g, e]; `score` changes the score of (b, h, t, s), null: it does not count. */
const direct = (
  q: RawTensor,
  k: RawTensor,
  v: RawTensor,
  score: (w: number, at: readonly [number, number, number, number]) => number | null = (w) => w,
  scale = 1 / Math.sqrt(q.shape[3]!),
): number[] => {
  const [b, t, h, d] = q.shape as readonly [number, number, number, number]
  const [, s, g, e] = v.shape as readonly [number, number, number, number]
  const [qs, ks, vs] = [reader(q), reader(k), reader(v)]
  const out: number[] = []
  for (const n of upto(b))
    for (const i of upto(t))
      for (const head of upto(h)) {
        const group = Math.floor(head / (h / g))
        const scores = upto(s).map((j) =>
          score(scale * upto(d).reduce((a, c) => a + qs(n, i, head, c) * ks(n, j, group, c), 0), [n, head, i, j]),
        )
        const weights = scores.map((w) => (w === null ? 0 : Math.exp(w)))
        const total = weights.reduce((a, w) => a + w, 0)
        for (const c of upto(e)) out.push(total === 0 ? 0 : weights.reduce((a, w, j) => a + w * vs(n, j, group, c), 0) / total)
      }
  return out
}
const agree = (got: unknown, wanted: readonly number[]): void =>
  expect(errorOf(valuesOf(got as RawTensor), wanted)).toBeLessThanOrEqual(1e-12)

describe("attention", () => {
  it("is a weighted mean of the values, for each head; groups of heads share key and value", () => {
    each(12, (g) => {
      const [b, t, s, d, e] = upto(5).map(() => g.int(1, 4)) as [number, number, number, number, number]
      for (const [h, groups] of [
        [1, 1],
        [4, 4],
        [4, 2],
        [3, 1],
      ] as const) {
        const [q, k, v] = [g.tensor([b, t, h, d]), g.tensor([b, s, groups, d]), g.tensor([b, s, groups, e])]
        agree(attention(q, k, v), direct(q, k, v))
        agree(
          attention(q, k, v, { causal: true, scale: 3 }),
          direct(q, k, v, (w, [, , i, j]) => (j <= i ? w : null), 3),
        )
      }
    })
  })
  it("with heads side by side in the last axis is the same", () => {
    each(6, (g) => {
      const [q, k, v] = [g.tensor([2, 3, 4, 5]), g.tensor([2, 6, 2, 5]), g.tensor([2, 6, 2, 3])]
      const merged = (x: RawTensor): RawTensor => tensorOf(valuesOf(x), [...x.shape.slice(0, 2), x.shape[2]! * x.shape[3]!])
      const y = attention(merged(q), merged(k), merged(v), { heads: 4 }) as RawTensor
      expect(y.shape).toEqual([2, 3, 12])
      agree(y, direct(q, k, v))
    })
  })
  it("a mask of bool leaves scores out, one of floats is added to them; both broadcast", () => {
    each(12, (g) => {
      const [q, k, v] = [g.tensor([2, 3, 2, 4]), g.tensor([2, 5, 2, 4]), g.tensor([2, 5, 2, 4])]
      for (const shape of [[3, 5], [2, 1, 1, 5], [2, 3, 1], [2, 2, 3, 5], [], [1, 1]]) {
        const mask = g.tensor(shape, "bool")
        const bias = g.tensor(shape)
        const at = (m: RawTensor) => {
          const read = reader(m)
          return (i: readonly number[]): number => read(...i.slice(4 - shape.length).map((n, k) => (shape[k] === 1 ? 0 : n)))
        }
        agree(
          attention(q, k, v, { mask }),
          direct(q, k, v, (w, i) => (at(mask)(i) ? w : null)),
        )
        agree(
          attention(q, k, v, { mask: bias, causal: true }),
          direct(q, k, v, (w, i) => (i[3] <= i[2] ? w + at(bias)(i) : null)),
        )
      }
    })
  })
  it("gives 0 where everything is masked, and 0 for its gradient; no score is too large", () => {
    const q = tensorOf([1, 1000, -1000], [3, 1, 1])
    const k = tensorOf([1000, -1000], [2, 1, 1])
    const v = tensorOf([3, 5], [2, 1, 1])
    const mask = tensorOf([0, 0, 1, 1, 1, 1], [3, 2], "bool")
    expect(valuesOf(attention(q, k, v, { mask }))).toEqual([0, 3, 5])
    const g = grad((x: RawTensor) => sum(mul(attention(x, k, v, { mask }) as RawTensor, 1)) as never)(q) as RawTensor
    expect(valuesOf(g).map(Math.abs)).toEqual([0, 0, 0])
  })
  it("of no keys is 0", () => {
    const y = attention(tensorOf([1, 2], [1, 1, 2]), tensorOf([], [0, 1, 2]), tensorOf([], [0, 1, 2])) as RawTensor
    expect(valuesOf(y)).toEqual(Array.from({ length: size(y.shape) }, () => 0))
  })
})
