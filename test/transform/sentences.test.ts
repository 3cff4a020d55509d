// Plain JavaScript is told the same as the types tell (test/types/fixtures/transformsTrees.fx.ts), when the call is made.
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import * as T from "../../src/tensor.ts"
import { grad, jvp, valueAndGrad, vjp, vmap } from "../../src/transform/index.ts"

// any function at all: the point is what happens without types
type Plain = (...args: readonly unknown[]) => unknown
const [g, vg, fwd, rev, map] = [grad, valueAndGrad, jvp, vjp, vmap] as unknown as readonly ((...a: readonly unknown[]) => Plain)[]
const ops = T as unknown as Record<string, (...args: readonly unknown[]) => unknown>
const params = { stem: { kernel: T.ones([3, 4]), bias: T.ones([4]) }, scale: [T.ones([]), T.ones([])] }
const batched = { stem: { kernel: T.ones([5, 3, 4]), bias: T.ones([5, 4]) }, scale: [T.ones([5]), T.ones([5])] }
type P = typeof params
const forward = (p: P, x: unknown) => ops["mul"]!(ops["add"]!(ops["matmul"]!(x, p.stem.kernel), p.stem.bias), p.scale[0])
const loss = (p: P, x: unknown) => ops["sum"]!(forward(p, x))
const x3 = T.ones([3])
const x53 = T.ones([5, 3])
const i3 = T.zeros([3], "i32")
const id = (x: unknown) => x
const dot = (a: unknown, b: unknown) => ops["matmul"]!(a, b)
const first = (p: { w: unknown }) => ops["sum"]!(p.w)

const told: readonly (readonly [what: string, call: () => unknown, sentence: string])[] = [
  [
    "a leaf",
    () => g!(first)({ w: x3, step: T.zeros([], "i32") }),
    "grad: argument 0, leaf step is i32; only floating-point tensors have gradients; pass it as another argument",
  ],
  [
    "a deep leaf",
    () => vg!((p: { stem: { mask: unknown[] } }) => p.stem.mask[0])({ stem: { mask: [x3, T.greater(x3, 0)] } }),
    "valueAndGrad: argument 0, leaf stem/mask/1 is bool; only floating-point tensors have gradients; pass it as another argument",
  ],
  [
    "the second of argnums",
    () => g!((p: unknown, k: unknown) => [p, k], { argnums: [0, 1] })({ w: x3 }, i3),
    "grad: argument 1 is i32; only floating-point tensors have gradients; pass it as another argument",
  ],
  ["a number", () => g!(id)(2), "grad: argument 0 is a number; only tensors have gradients; full([], x) makes one of a number"],
  ["no argument", () => g!(loss, { argnums: 2 })(params, x3), "grad: argnums 2 is no argument of a call with 2; count from 0"],
  [
    "a negative one",
    () => vg!(loss, { argnums: [0, -1] })(params, x3),
    "valueAndGrad: argnums -1 is no argument of a call with 2; count from 0",
  ],
  [
    "one twice",
    () => g!((a: unknown, b: unknown, c: unknown) => [a, b, c], { argnums: [1, 0, 1] })(x3, x3, x3),
    "grad: argnums [1, 0, 1] names an argument twice; list each once",
  ],
  [
    "no scalar",
    () => g!(forward)(params, x3),
    "grad: the function must return a scalar (shape []), it returns [4]; use vjp, or sum it",
  ],
  [
    "more than a scalar",
    () => g!((p: P, x: unknown) => [loss(p, x), 1])(params, x3),
    "grad: the function must return a scalar tensor (shape []); with further results, return [scalar, more] and say { aux: true }",
  ],
  [
    "no scalar beside more",
    () => vg!((p: P) => [p.stem.bias, "more"], { aux: true })(params),
    "valueAndGrad: the function must return a scalar (shape []), it returns [4]; use vjp, or sum it",
  ],
  [
    "a tangent of another shape",
    () => fwd!(forward, [params, x3], [params, x53]),
    "jvp: the tangent at 1 is f32[5, 3], its argument is f32[3]; they must agree",
  ],
  [
    "in a tree",
    () => fwd!(forward, [params, x3], [{ ...params, stem: { kernel: params.stem.kernel, bias: x3 } }, x3]),
    "jvp: the tangent at 0/stem/bias is f32[3], its argument is f32[4]; they must agree",
  ],
  [
    "of another dtype",
    () => fwd!(forward, [params, x3], [params, i3]),
    "jvp: the tangent at 1 is i32[3], its argument is f32[3]; they must agree",
  ],
  [
    "of too many rows",
    () => fwd!(id, [x53], [T.ones([4, 3])]),
    "jvp: the tangent at 0 is f32[4, 3], its argument is f32[5, 3]; they must agree",
  ],
  [
    "too few tangents",
    () => fwd!(forward, [params, x3], [params]),
    "jvp: tangents have another structure than the arguments; give one tensor for each tensor",
  ],
  [
    "another tree of tangents",
    () => fwd!(forward, [params, x3], [{ stem: params.stem }, x3]),
    "jvp: tangents have another structure than the arguments; give one tensor for each tensor",
  ],
  [
    "a cotangent of another shape",
    () => (rev!(forward, params, x3) as unknown as [unknown, Plain])[1](x3),
    "vjp: the cotangent is f32[3], the result is f32[4]; they must agree",
  ],
  [
    "a cotangent of another structure",
    () => (rev!((p: P) => [p.stem], params) as unknown as [unknown, Plain])[1](T.ones([])),
    "vjp: the cotangent has another structure than the function's result; give one tensor for each tensor of the result",
  ],
  [
    "an integer argument",
    () => rev!((p: { w: unknown }) => p.w, { w: x3 }, i3),
    "vjp: argument 1 is i32; only floating-point tensors have gradients; pass it as another argument",
  ],
  [
    "batch sizes",
    () => map!(dot)(T.ones([4, 3]), x53),
    "vmap: batch sizes differ: 4 and 5 (axis 0 of [5, 3]); batched arguments must agree",
  ],
  [
    "batch sizes of trees",
    () => map!(forward)(batched, T.ones([7, 3])),
    "vmap: batch sizes differ: 5 and 7 (axis 0 of [7, 3]); batched arguments must agree",
  ],
  [
    "on another axis",
    () => map!(dot, [0, -1])(x53, T.ones([3, 4])),
    "vmap: batch sizes differ: 5 and 4 (axis -1 of [3, 4]); batched arguments must agree",
  ],
  [
    "an axis outside",
    () => map!(id, 2)(x53),
    "vmap: axis 2 is outside [5, 3], which has rank 2; count axes from 0, or from the end with -1",
  ],
  ["no axis", () => map!(dot)(T.ones([]), x53), "vmap: an argument of shape [] has no axis to map over; give null as its axis"],
  [
    "axes for other arguments",
    () => map!(forward, [0])(params, x3),
    "vmap: 1 axes for 2 arguments; give one axis, or null, for each argument",
  ],
  ["nothing batched", () => map!(forward, [null, null])(params, x3), "vmap: no argument is batched; give at least one axis"],
  [
    "an axis outside the result",
    () => map!(forward, 0, 2)(batched, x53),
    "vmap: axis 2 is outside [5, 4], which has rank 2; count axes from 0, or from the end with -1",
  ],
]
test.each(told)("%s", (_, call, sentence) => {
  expect(call).toThrow(new ShapeError(sentence))
})
test("each of these sentences is one of the types', too", () => {
  const fixture = readFileSync(new URL("../types/fixtures/transformsTrees.fx.ts", import.meta.url), "utf8")
  // the size of a batch is not known where the result's axis is chosen
  const missing = told.filter(([, , sentence]) => !fixture.includes(`: ${sentence.replace("[5, 4], which", "[?, 4], which")}\n`))
  expect(missing.map(([what]) => what)).toEqual([])
})
