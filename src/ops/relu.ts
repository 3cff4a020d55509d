import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, mapOp, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { relu as scalar } from "../scalar/relu.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { ofDType, one, oneOf } from "./_examples.ts"
import { greater } from "./greater.ts"
import { where } from "./where.ts"
import { zeros } from "./zeros.ts"

export type ReluRule<S extends Shape, D extends DType> = NumberOnly<"relu", S, D>
/** dy = dx where y > 0, else 0. In terms of y: with x in it the layer before would be kept, or computed again inside the mask. */
export const op = mapOp(scalar, {
  name: "relu",
  accepts: numbersOnly("relu"),
  jvp: ({ tans: [t], out: y }) => where(greater(y, 0), t!, zeros(y.shape, y.dtype)),
  spelling: { onnx: "Relu" },
})
export const calls = (): Calls => ({
  examples: oneOf(one({}, ["f32", "f32", "i32"]), one({}, ["f32", "f32", "i32"]), one({}, ["u32"])),
  refused: ofDType("bool"),
})

/**
 * max(x, 0), element-wise: [...s] to [...s].
 *
 * NaN stays NaN. The derivative at 0 is 0.
 * Every dtype but bool: `relu: needs a tensor of numbers, got bool; cast it first`.
 * Nair & Hinton 2010, Rectified linear units improve restricted Boltzmann machines.
 * @example relu(zeros([2, 3])) // [2, 3]
 */
export function relu<S extends Shape, D extends DType>(x: Or<ReluRule<S, D>, Tensor<S, D>>): Of<ReluRule<S, D>, D> {
  return emit(op, [x])
}
