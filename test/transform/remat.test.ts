// Recomputation by hand: the same values and derivatives, bit for bit, in less memory.
import { describe, expect, it } from "vitest"
import { evaluate, interpretLowered } from "../../src/backends/reference/index.ts"
import { illegal, lower, noLimits } from "../../src/compiler/index.ts"
import { captured, flatten, type Program } from "../../src/core/index.ts"
import { structure } from "../../src/core/program.ts"
import { gen } from "../../src/testing/gen.ts"
import * as T from "../../src/tensor.ts"
import { grad as typedGrad, jvp as typedJvp, remat, shaped, vmap as typedVmap } from "../../src/transform/index.ts"
import { traceTree } from "../../src/transform/call.ts"

// Programs that are put together here have no types of their own.
type Any = any
const [grad, jvp, vmap, scan] = [typedGrad, typedJvp, typedVmap, T.scan] as readonly Any[]
type Wrap = (f: Any) => Any
const g = gen(3, "small")
const x = (...shape: number[]): Any => g.tensor(shape, "f32")
const values = (tree: unknown): number[][] => evaluate(flatten(tree).leaves).map((v) => [...v])

const layer = (p: Any, v: Any): Any => T.tanh(T.add(T.matmul(v, p.k), p.b) as Any)
const cube = (v: Any): Any => T.mul(T.sin(v), T.mul(v, v))
const w = { a: { k: x(4, 4), b: x(4) }, b: { k: x(4, 4), b: x(4) } }
const h = x(3, 4)
const rows = x(5, 3, 4)
const chain =
  (wrap: Wrap) =>
  (p: Any, v: Any): Any =>
    T.sum(wrap(layer)(p.b, wrap(layer)(p.a, v)))
/** Without a bias: what is broadcast leaves a loop, and its gradient is then summed in another order. */
const product = (p: Any, v: Any): Any => T.tanh(T.matmul(v, p.k) as Any)
const looped = (f: Any) => (p: Any) => T.sum(scan((c: Any, v: Any) => [f(p, T.add(c, v)), c], T.zeros([3, 4]), rows)[0])
/** What is computed, with remat or the identity in the place of `wrap`. */
const cases: Readonly<Record<string, (wrap: Wrap) => unknown>> = {
  value: (wrap) => chain(wrap)(w, h),
  gradient: (wrap) => grad(chain(wrap), { argnums: [0, 1] })(w, h),
  nested: (wrap) => grad(wrap(chain(wrap)))(w, h),
  "gradient of a gradient": (wrap) => grad((v: Any) => T.sum(T.square(grad((u: Any) => T.sum(wrap(cube)(u)))(v))))(h),
  "gradient within": (wrap) => grad((v: Any) => T.sum(wrap(grad((u: Any) => T.sum(cube(u))))(v)))(h),
  "forward mode": (wrap) => jvp(wrap(cube), [h], [h]),
  "a batch of gradients": (wrap) => vmap(grad((v: Any) => chain(wrap)(w, v)))(rows),
  "gradient of a batch": (wrap) => grad((p: Any) => T.sum(vmap((v: Any) => chain(wrap)(p, v))(rows)))(w),
  "what is batched within": (wrap) => grad((p: Any) => T.sum(wrap(vmap((v: Any) => layer(p, v)))(rows)))(w.a),
  captured: (wrap) => grad((p: Any) => T.sum(wrap((v: Any) => layer(p, v))(h)))(w.a),
  "trees, numbers and integers": (wrap) =>
    grad((v: Any) => {
      const f = ({ u, k }: Any): Any => ({ y: cube(u), n: T.argmax(T.mul(u, k), 1) })
      const { y, n } = wrap(f)({ u: v, k: 2 })
      return T.sum(T.mul(y, T.reshape(T.cast(n, "f32"), [3, 1])))
    })(h),
  "in a loop": (wrap) => grad(looped(wrap(product)))(w.a),
  "around a loop": (wrap) => grad(wrap(looped(product)))(w.a),
}
/** A program of the leaves of a tree. */
const programOf = (f: Any, ...args: Any[]): Program => {
  const { leaves, spec } = flatten(args)
  return traceTree(f, spec, leaves).program
}
const arenaOf = (f: Any, ...args: Any[]): number => lower(programOf(f, ...args), { limits: noLimits }).arena

describe.each(Object.entries(cases))("%s", (_, f) => {
  it("is the same, bit for bit", () => {
    expect(values(f(remat as Wrap))).toEqual(values(f((v) => v)))
  })
})
describe("compiled", () => {
  it.each(["gradient", "nested", "gradient of a batch", "in a loop", "around a loop"])("%s: legal, and the same", (name) => {
    const program = programOf(() => cases[name]!(remat as Wrap))
    const l = lower(program, { limits: noLimits })
    expect(illegal(l)).toEqual([])
    const got = interpretLowered(l, evaluate(captured(program)), { memory: "planned" })
    const want = evaluate(program.outs)
    got.forEach((v, k) => v.forEach((y, i) => expect(Math.abs(y - want[k]![i]!)).toBeLessThan(1e-11)))
    expect(got.length).toBe(want.length)
  })
  it("two traces are one program", () => {
    const f = grad(chain(remat as Wrap))
    expect(structure(programOf(f, w, h)).key.same(structure(programOf(f, w, h)).key)).toBe(true)
  })
})

describe("memory", () => {
  const deep =
    (wrap: Wrap, depth: number, each: number) =>
    (ps: Any, v: Any): Any => {
      const block = wrap((own: Any, u: Any) => own.reduce((t: Any, p: Any) => layer(p, t), u))
      let t = v
      for (let k = 0; k < depth; k += each) t = block(ps.slice(k, k + each), t)
      return T.sum(t)
    }
  const params = Array.from({ length: 24 }, () => ({ k: x(16, 16), b: x(16) }))
  const v = x(64, 16)
  const bytes = 4 * 64 * 16
  it("24 layers keep 23 activations; 4 together keep 5 and what one of them needs", () => {
    const kept = arenaOf(grad(deep((f) => f, 24, 4)), params, v)
    const less = arenaOf(grad(deep(remat as Wrap, 24, 4)), params, v)
    expect(kept).toBeGreaterThan(23 * bytes)
    expect(less).toBeLessThan(12 * bytes)
  })
  it("a loop stacks the carries alone", () => {
    const wide = (p: Any, u: Any): Any => layer(p, cube(cube(layer(p, cube(u)))))
    const run = (f: Any) => (p: Any) => T.sum(scan((c: Any, u: Any) => [f(p, T.add(c, u)), []], T.zeros([3, 4]), x(50, 3, 4))[0])
    const kept = arenaOf(grad(run(wide)), w.a)
    const less = arenaOf(grad(run(remat(wide as never) as Any)), w.a)
    expect(less).toBeLessThan(0.45 * kept)
  })
})

describe("what it is given", () => {
  it("keeps a shaped function's rule", () => {
    const f = shaped([["n", "m"], ["m"]], (a, b) => T.mul(a, b))
    const again = remat(f)
    expect(again.rule).toBe(f.rule)
    expect(again(T.ones([2, 3]), T.ones([3])).shape).toEqual([2, 3])
    const wrong = T.ones([4]) as Any
    expect(() => again(T.ones([2, 3]), wrong)).toThrow(
      "shaped: [4] does not fit [m]: m is 3 in an earlier argument and 4 here; change one of them",
    )
  })
  it("refuses what is no function", () => {
    expect(() => remat(T.ones([2]) as Any)).toThrow("a transformation was given")
  })
})
