// A scan is its unrolled loop: values, gradients, second derivatives, batches; nested, reversed, recomputed.
import { describe, expect, it } from "vitest"
import { type AnyTensor, type RawTensor, raw, topo } from "../../src/core/index.ts"
import type { LoopSpec } from "../../src/core/op.ts"
import { add, exp, full, matmul, mul, ones, scan, slice, stack, sum, tanh, zeros } from "../../src/ops/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { grad, vmap } from "../../src/transform/index.ts"
import { expectClose, tensorOf, valuesOf } from "./_helpers.ts"

type T = RawTensor
type Fn = (...x: T[]) => T
const steps = 4
const row = (xs: T, t: number): T => raw(slice(xs, [t]))
// the tests' functions take any shapes: the transformations without their types
const gradOf = grad as unknown as (f: Fn, options: unknown) => (...x: T[]) => T[]
const vmapOf = vmap as unknown as (f: Fn) => Fn
const gradients = (f: Fn, args: readonly T[]): T[] => {
  const wrt = args.map((_, k) => k)
  return gradOf(f, { argnums: wrt })(...args)
}
/** An RNN that uses its weights in every step, and gives something at every step. */
const rnn =
  (save: "all" | "carry"): Fn =>
  (w, u, h0, xs) => {
    const [h, ys] = scan(
      (h: AnyTensor, x: AnyTensor) => {
        const n = tanh(add(matmul(x, w!), matmul(h, u!)))
        return [n, mul(n, n)] as const
      },
      h0 as AnyTensor,
      xs as AnyTensor,
      { save },
    )
    return raw(add(sum(h), sum(mul(ys, ys))))
  }
const unrolled: Fn = (w, u, h0, xs) => {
  let h: T = h0!
  let s: AnyTensor = full([], 0)
  for (let t = 0; t < steps; t++) {
    h = raw(tanh(add(matmul(row(xs!, t), w!), matmul(h, u!))))
    s = add(s, sum(mul(mul(h, h), mul(h, h))))
  }
  return raw(add(sum(h), s))
}
const args = (seed: number): T[] => {
  const g = gen(seed)
  return [g.tensor([3, 5]), g.tensor([5, 5]), g.tensor([2, 5]), g.tensor([steps, 2, 3])]
}
const square =
  (f: Fn): Fn =>
  (...x) => {
    const g = gradients(f, x)
    return raw(g.map((t) => sum(mul(t, t))).reduce((a, b) => add(a, b)))
  }

describe("scan", () => {
  it("gives the last carry and all ys, from either end, at length 0 too", () => {
    const x = tensorOf([1, 2, 3, 4, 5])
    const run = (options: { reverse?: boolean }) =>
      scan((s: AnyTensor, v: AnyTensor) => [add(s, v), s], zeros([]) as AnyTensor, x as AnyTensor, options)
    expect(run({}).map(valuesOf)).toEqual([[15], [0, 1, 3, 6, 10]])
    expect(run({ reverse: true }).map(valuesOf)).toEqual([[15], [14, 12, 9, 5, 0]])
    const [c, ys] = scan((s, v) => [add(s, v), s], full([], 7), zeros([0]))
    expect([valuesOf(c), valuesOf(ys), ys.shape]).toEqual([[7], [], [0]])
    const [last, all] = scan((s) => [mul(s, 2), { before: s }], ones([2]), null, { length: 3 })
    expect([valuesOf(last), valuesOf(all.before)]).toEqual([
      [8, 8],
      [1, 1, 2, 2, 4, 4],
    ])
  })
  for (const save of ["all", "carry"] as const)
    it(`has the value, gradients and second derivatives of the unrolled loop (save: ${save})`, () => {
      for (const seed of [1, 2]) {
        const x = args(seed)
        expectClose(rnn(save)(...x), unrolled(...x))
        const [a, b] = [gradients(rnn(save), x), gradients(unrolled, x)]
        a.forEach((t, k) => {
          expectClose(t, b[k]!)
        })
        const [p, q] = [gradients(square(rnn(save)), x), gradients(square(unrolled), x)]
        p.forEach((t, k) => {
          expectClose(t, q[k]!, 1e-10)
        })
      }
    })
  it("keeps only the carry of each step if asked", () => {
    const stacked = (save: "all" | "carry"): number => {
      const g = gradients(rnn(save), args(3))
      const loops = topo(g).filter((n) => n.op.name === "scan")
      // ys of the first loop beyond those of the user: what each step saves
      const primal = loops.map((n) => ({ n, a: n.attrs as LoopSpec })).find(({ a }) => !a.reverse && a.consts === 2)!
      return primal.n.outs.slice(primal.a.carries + 1).reduce((s, t) => s + t.shape.reduce((m, d) => m * d, 1), 0)
    }
    expect(stacked("carry")).toBe(steps * 2 * 5)
    expect(stacked("all")).toBeGreaterThan(stacked("carry"))
  })
  it("moves what does not vary out of the loop", () => {
    const w = tensorOf([0.5, 0.25])
    const [c] = scan(
      (s: AnyTensor, v: AnyTensor) => [add(mul(s, exp(w)), v), null],
      zeros([2]) as AnyTensor,
      ones([3, 2]) as AnyTensor,
    )
    const loop = raw(c).node
    const body = (loop.attrs as LoopSpec).body
    expect(topo(body.outs).some((n) => n.op.name === "exp")).toBe(false)
    expect(loop.ins[0]!.node.op.name).toBe("exp")
    const g = Math.exp(0.5)
    expectClose(c, [1 + g + g * g, 1 + Math.exp(0.25) + Math.exp(0.5)], 1e-6)
  })
  it("batches: vmap of its gradient is the loop of gradients", () => {
    const [w, u, h0, xs] = args(4) as [T, T, T, T]
    const g = gen(5)
    const ws = [g.tensor([3, 5]), g.tensor([3, 5]), w]
    const one = (v: T): T => gradients((a) => rnn("all")(a!, u, h0, xs), [v])[0]!
    expectClose(vmapOf((v) => one(v!))(raw(stack(ws))), stack(ws.map(one)))
    // the batch reaches the carry through the xs alone
    const per = (x: T): T => rnn("carry")(w, u, h0, x)
    const many = [g.tensor([steps, 2, 3]), xs]
    expectClose(vmapOf((x) => per(x!))(raw(stack(many))), stack(many.map(per)))
  })
  it("nests", () => {
    const inner = (c: AnyTensor, r: AnyTensor, w: AnyTensor) =>
      scan(
        (c: AnyTensor, x: AnyTensor) => {
          const n = tanh(add(mul(c, w), x))
          return [n, mul(n, w)]
        },
        c,
        r,
      )
    const f: Fn = (w, xs) => {
      const [c, ys] = scan(
        (c: AnyTensor, r: AnyTensor) => {
          const [d, y] = inner(c, r, w!)
          return [mul(d, w!), sum(mul(y, y), 0)]
        },
        full([2], 0.5) as AnyTensor,
        xs as AnyTensor,
      )
      return raw(add(sum(c), sum(ys)))
    }
    const plain: Fn = (w, xs) => {
      let c: AnyTensor = full([2], 0.5)
      let s: AnyTensor = full([], 0)
      for (let a = 0; a < 3; a++) {
        for (let b = 0; b < 2; b++) {
          c = tanh(add(mul(c, w!), slice(xs!, [a, b])))
          const v = mul(c, w!)
          s = add(s, sum(mul(v, v)))
        }
        c = mul(c, w!)
      }
      return raw(add(sum(c), s))
    }
    const g = gen(6)
    const x = [g.tensor([2]), g.tensor([3, 2, 2])]
    expectClose(f(...x), plain(...x))
    const [a, b] = [gradients(f, x), gradients(plain, x)]
    a.forEach((t, k) => {
      expectClose(t, b[k]!)
    })
    const [p, q] = [gradients(square(f), x), gradients(square(plain), x)]
    p.forEach((t, k) => {
      expectClose(t, q[k]!, 1e-10)
    })
  })
  it("refuses with a sentence", () => {
    const x = ones([3, 2])
    const loose = scan as unknown as (f: unknown, init: unknown, xs: unknown, o?: unknown) => unknown
    expect(() => loose((s: T, v: T) => [add(s, v), s], zeros([]), x)).toThrow(
      "scan: the carry is f32[] before a step and f32[2] after it; it must not change",
    )
    expect(() => loose(({ a }: { a: T }) => [{ a, b: a }, a], { a: zeros([]) }, x)).toThrow(
      "scan: the carry has another structure after a step than before it; return the same tree",
    )
    expect(() => loose((s: T) => [s, s], zeros([]), [x, ones([2])])).toThrow(
      "scan: the first axes of the xs differ: 2 and 3; give all one length",
    )
    expect(() => loose((s: T) => [s, s], zeros([]), null)).toThrow(
      "scan: without xs nothing says how many steps; give { length }",
    )
    expect(() => loose((s: T) => [s, s], zeros([]), x, { length: 4 })).toThrow(
      "scan: the xs have 3 rows, and the length is 4; leave the length out",
    )
    expect(() => loose((_: unknown, v: T) => [{ s: { t: v } }, v], { s: { t: zeros([]) } }, x)).toThrow(
      "scan: the carry s/t is f32[] before a step and f32[2] after it; it must not change",
    )
    expect(() => loose((s: T) => [s, s], zeros([]), [x, ones([])])).toThrow("scan: an x of shape [] has no axis to step along")
    expect(() => loose((s: T) => [s, s], zeros([]), null, { length: 2.5 })).toThrow(
      "scan: the length 2.5 is not a whole number of 0 or more",
    )
    expect(() => loose((s: T) => s, zeros([]), x)).toThrow("scan: the function must return [carry, y]")
  })
})
