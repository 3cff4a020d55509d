// Functions with derivative rules of their own: the rule is used, survives batching and nesting, and never loses a derivative silently.
import "../../src/transform/linear.ts"
import { describe, expect, it } from "vitest"
import { type AnyTensor, isTensor, type RawTensor, raw, type Tensor } from "../../src/core/index.ts"
import {
  abs,
  add,
  broadcastTo,
  cast,
  cos,
  customJvp,
  customVjp,
  div,
  exp,
  greater,
  log1p,
  mul,
  ones,
  sin,
  sub,
  sum,
  where,
} from "../../src/ops/index.ts"
import { grad, jvp, vjp, vmap } from "../../src/transform/index.ts"
import { expectClose, tensorOf, valuesOf } from "./_helpers.ts"

type Vec = Tensor<[3]>
type One = Tensor<[]>
const x3 = tensorOf([0.5, -1, 2], [3]) as AnyTensor as Vec
const total = (f: (x: Vec) => AnyTensor) => (x: Vec) => sum(raw(f(x))) as AnyTensor as One

describe("customJvp", () => {
  // log(1 + e^x) with the derivative written so that it does not overflow (the example of JAX's documentation).
  const softplus = customJvp(
    (x: One) => log1p(exp(x)),
    ({ ins: [x], tans: [t] }) => mul(t, sub(1, div(1, add(1, exp(x))))),
  )
  it("uses the rule where the derivative of the expansion is not a number", () => {
    const x = tensorOf([800], []) as AnyTensor as One
    expect(valuesOf(grad((y: One) => log1p(exp(y)))(x))).toEqual([Number.NaN])
    expect(valuesOf(grad(softplus)(x))).toEqual([1])
    expectClose(softplus(tensorOf([1], []) as AnyTensor as One), [Math.log1p(Math.E)])
  })
  it("keeps it under vmap, in every order, and in second derivatives", () => {
    const xs = tensorOf([800, 0, -1, 3], [4]) as AnyTensor as Tensor<[4]>
    const s = (v: number): number => 1 / (1 + Math.exp(-v))
    const wanted = [800, 0, -1, 3].map(s)
    expectClose(vmap(grad(softplus))(xs), wanted)
    const batchFirst = grad((y: Tensor<[4]>) => sum(raw(vmap(softplus)(y))) as AnyTensor as One)
    expectClose(batchFirst(xs), wanted)
    const second = vmap(grad(grad(softplus)))(tensorOf([0, -1, 3], [3]) as AnyTensor as Tensor<[3]>)
    expectClose(
      second,
      [0, -1, 3].map((v) => s(v) * (1 - s(v))),
    )
  })
  it("gives whatever derivative the rule says, for several arguments and results", () => {
    const f = customJvp(
      (a: Vec, b: Vec): [AnyTensor, AnyTensor] => [mul(a, b), add(a, b)],
      ({ tans: [s, t], out: [y] }) => [mul(raw(y), add(mul(s, 10), t)), mul(t, 7)],
    )
    const [[p, q], [dp, dq]] = jvp((a: Vec, b: Vec) => f(a, b), [x3, x3], [ones([3]), ones([3])])
    expect([valuesOf(p), valuesOf(q)]).toEqual([
      [0.25, 1, 4],
      [1, -2, 4],
    ])
    expect([valuesOf(dp), valuesOf(dq)]).toEqual([
      [2.75, 11, 44],
      [7, 7, 7],
    ])
    const g = grad(total((a) => f(a, x3)[0]))
    expect(valuesOf(g(x3))).toEqual([2.5, 10, 40])
  })
  it("takes integer arguments, which have no tangent", () => {
    const k = tensorOf([1, 2, 3], [3], "i32") as AnyTensor as Tensor<[3], "i32">
    const f = customJvp(
      (x: Vec, n: Tensor<[3], "i32">) => mul(x, cast(n, "f32")),
      ({ ins: [, n], tans: [t, dn] }) => {
        expect(dn.dtype).toBe("i32")
        return mul(mul(t, cast(n, "f32")), 100)
      },
    )
    expect(valuesOf(grad(total((x) => f(x, k)))(x3))).toEqual([100, 200, 300])
  })
  it("may use tensors from outside, under transformations of those too", () => {
    const scaled = (w: Vec) =>
      customJvp(
        (x: Vec) => mul(x, w),
        ({ tans: [t] }) => mul(mul(t, w), 2),
      )
    const ws = tensorOf([1, 2, 3, 4, 5, 6], [2, 3]) as AnyTensor as Tensor<[2, 3]>
    const g = vmap((w: Vec) => grad(total((x) => scaled(w)(x)))(x3))(ws)
    expect(valuesOf(g)).toEqual([2, 4, 6, 8, 10, 12])
    // batched first, differentiated afterwards: the rule's captured tensor is batched with it
    const h = grad((x: Vec) => sum(raw(vmap((w: Vec) => scaled(w)(x))(ws))) as AnyTensor as One)
    expect(valuesOf(h(x3))).toEqual([10, 14, 18])
    expect(() => grad((w: Vec) => total((x) => scaled(w)(x))(x3))(x3)).toThrow(
      "customJvp: the function uses a tensor from outside that is being differentiated, for which the rule gives nothing; pass it as an argument",
    )
  })
  it("does not confuse an argument with an equal tensor from outside", () => {
    const f = customJvp(
      (x: Vec) => mul(x, exp(x3)),
      ({ tans: [t] }) => t,
    )
    expect(valuesOf(grad(total((x) => f(x)))(exp(x3)))).toEqual([1, 1, 1])
  })
  it("refuses a tangent of another shape or dtype", () => {
    const f = customJvp(
      (x: Vec) => x,
      () => ones([2]),
    )
    expect(() => f(x3)).toThrow("customJvp: the rule gives the tangent f32[2] where f32[3] is wanted")
    const h = customJvp(
      (x: Vec) => x,
      ({ ins: [x] }) => greater(x, 0),
    )
    expect(() => h(x3)).toThrow("customJvp: the rule gives the tangent bool[3] where f32[3] is wanted")
  })
})

describe("customVjp", () => {
  const clip = (limit: number) =>
    customVjp(
      (x: Vec) => x,
      (x) => [x, []],
      (_, ct) => [where(greater(abs(ct), limit), limit, ct)],
    )
  it("replaces the cotangent", () => {
    const g = grad(total((x) => mul(clip(1)(x), x3)))
    expect(valuesOf(g(x3))).toEqual([0.5, -1, 1])
  })
  it("hands residuals from fwd to bwd, for several arguments", () => {
    let saved: readonly RawTensor[] = []
    const f = customVjp(
      (a: Vec, b: Vec) => mul(sin(a), b),
      (a, b) => [mul(sin(a), b), [cos(a), sin(a), b]],
      ([c, s, b], ct) => {
        saved = [c, s, b].map((t) => raw(t as AnyTensor))
        return [mul(mul(ct, c), b), mul(ct, s)]
      },
    )
    const y = tensorOf([3, 4, 5], [3]) as AnyTensor as Vec
    const [value, pull] = vjp((a: Vec, b: Vec) => f(a, b), x3, y)
    const [da, db] = pull(ones([3]))
    expect(saved.every(isTensor)).toBe(true)
    expectClose(value, [3 * Math.sin(0.5), 4 * Math.sin(-1), 5 * Math.sin(2)])
    expectClose(da, [3 * Math.cos(0.5), 4 * Math.cos(-1), 5 * Math.cos(2)])
    expectClose(db, [Math.sin(0.5), Math.sin(-1), Math.sin(2)])
  })
  it("keeps the rule under vmap and in second derivatives", () => {
    const cube = customVjp(
      (x: One) => mul(x, mul(x, x)),
      (x) => [mul(x, mul(x, x)), [x]],
      ([x], ct) => [mul(ct, mul(mul(x as One, x as One), 30))], // ten times too much, to be recognised
    )
    const xs = tensorOf([1, 2, -1, 0.5], [4]) as AnyTensor as Tensor<[4]>
    expect(valuesOf(vmap(grad(cube))(xs))).toEqual([30, 120, 30, 7.5])
    expect(valuesOf(grad((y: Tensor<[4]>) => sum(raw(vmap(cube)(y))) as AnyTensor as One)(xs))).toEqual([30, 120, 30, 7.5])
    expect(valuesOf(vmap(grad(grad(cube)))(xs))).toEqual([60, 120, -60, 30])
    const shared = vmap((x: One, y: One) => mul(cube(x), y), [null, 0])
    const g = grad((x: One) => sum(raw(shared(x, xs))) as AnyTensor as One)(tensorOf([2], []) as AnyTensor as One)
    expect(valuesOf(g)).toEqual([120 * 2.5])
  })
  it("lets a null cotangent be zero", () => {
    const f = customVjp(
      (a: Vec, b: Vec) => add(a, b),
      (a, b) => [add(a, b), []],
      (_, ct) => [ct, null],
    )
    const [, pull] = vjp((a: Vec, b: Vec) => f(a, b), x3, x3)
    expect(pull(ones([3])).map(valuesOf)).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ])
  })
  it("refuses forward mode, wrong cotangents and lost derivatives", () => {
    const [, t] = jvp((x: Vec) => clip(1)(x), [x3], [ones([3])])
    expect(() => valuesOf(t)).toThrow(
      "customVjp: only the reverse rule is known; use grad or vjp, or give a forward rule with customJvp",
    )
    const wrong = customVjp(
      (x: Vec) => x,
      (x) => [x, []],
      () => [ones([2])],
    )
    expect(() => wrong(x3)).toThrow("customVjp: the rule gives the cotangent f32[2] where f32[3] is wanted")
    const outside = (w: Vec) =>
      customVjp(
        (x: Vec) => mul(x, w),
        (x) => [mul(x, w), []],
        (_, ct) => [ct],
      )
    expect(() => grad((w: Vec) => total((x) => outside(w)(x))(x3))(x3)).toThrow(
      "customVjp: the function uses a tensor from outside",
    )
  })
  it("works inside a function of broadcast arguments", () => {
    const g = grad((x: One) => sum(raw(clip(0.25)(broadcastTo(x, [3])))) as AnyTensor as One)
    expect(valuesOf(g(tensorOf([2], []) as AnyTensor as One))).toEqual([0.75])
  })
})
