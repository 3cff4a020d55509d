// Of several leaves that are wrong the first is named: the sentences of test/types/fixtures/firstLeaf.fx.ts.
import { expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import * as T from "../../src/tensor.ts"
import { grad, jvp, shaped, vjp, vmap } from "../../src/transform/index.ts"

type Plain = (...args: readonly unknown[]) => unknown
const plain = (f: unknown): Plain => f as Plain
const mixed = { w: T.zeros([3]), step: T.zeros([], "i32"), at: { place: T.zeros([], "i32"), first: T.zeros([], "bool") } }
const sum = (p: unknown): unknown => T.sum((p as typeof mixed).w)
const both = (p: unknown): unknown => plain(T.add)((p as Record<string, unknown>)["a"], (p as Record<string, unknown>)["b"])
const affine = shaped([{ kernel: ["n", "m"], bias: ["m"] }, ["b", "n"]], ({ kernel, bias }, x) =>
  T.add(T.matmul(x, kernel), bias),
) // prettier-ignore
const three = T.zeros([3])
const parts = { b: T.zeros([4]), a: T.zeros([3, 3]) }
const pair = (p: typeof parts, x: typeof three): unknown => ({ y: p.b, x: [T.matmul(p.a, x), x] })
const pull = (ct: unknown): unknown => plain((plain(vjp)(pair, parts, three) as readonly unknown[])[1])(ct)

const told: readonly (readonly [sentence: string, call: () => unknown])[] = [
  [
    "grad: argument 0, leaf at/first is bool; only floating-point tensors have gradients; pass it as another argument",
    () => plain(plain(grad)(sum))(mixed),
  ],
  [
    "vjp: argument 0, leaf at/first is bool; only floating-point tensors have gradients; pass it as another argument",
    () => plain(vjp)(sum, mixed),
  ],
  [
    "jvp: the tangent at 0/a is f32[3], its argument is f32[3, 3]; they must agree",
    () => plain(jvp)(pair, [parts, three], [{ b: three, a: three }, T.ones([5])]),
  ],
  [
    "jvp: tangents have another structure than the arguments; give one tensor for each tensor",
    () => plain(jvp)(pair, [parts, three], [{ b: three, a: three }, { a: three }]),
  ],
  [
    "vjp: the cotangent at x/0 is f32[4], the result is f32[3]; they must agree",
    () => pull({ y: three, x: [T.ones([4]), T.ones([5])] }),
  ],
  [
    "vjp: the cotangent has another structure than the function's result; give one tensor for each tensor of the result",
    () => pull({ y: three, x: [three, three], more: three }),
  ],
  [
    "vmap: batch sizes differ: 6 and 7 (axis 0 of [7, 3]); batched arguments must agree",
    () => plain(plain(vmap)(both))({ b: T.zeros([7, 3]), a: T.zeros([6, 3]) }),
  ],
  [
    "vmap: an argument of shape [] has no axis to map over; give null as its axis",
    () => plain(plain(vmap)(both, [1]))({ b: T.zeros([7]), a: T.zeros([]) }),
  ],
  ["vmap: axis 5 is outside the batched argument, which has one axis more than [m]", () => plain(vmap)(affine, 5)],
  [
    "shaped: bias: [] does not fit [m]: the rank is too small",
    () => plain(affine)({ kernel: T.zeros([3]), bias: T.zeros([]) }, T.zeros([2, 3])),
  ],
]
test.each(told)("%s", (sentence, call) => {
  expect(call).toThrow(ShapeError)
  expect(call).toThrow(sentence)
})
