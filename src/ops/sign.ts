import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, mapOp, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { sign as scalar } from "../scalar/sign.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { ofDType, one, oneOf } from "./_examples.ts"

export type SignRule<S extends Shape, D extends DType> = NumberOnly<"sign", S, D>
/** Constant almost everywhere, so no tangent passes. */
export const op = mapOp(scalar, {
  name: "sign",
  accepts: numbersOnly("sign"),
  jvp: "none",
  spelling: { onnx: "Sign", stablehlo: "sign" },
})
export const calls = (): Calls => ({
  examples: oneOf(one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({}, ["u32"])),
  refused: ofDType("bool"),
})

/**
 * -1, 0 or 1 as x is below, at or above 0, element-wise: [...s] to [...s].
 *
 * NaN stays NaN. Its derivative is taken as 0.
 * Every dtype but bool: `sign: needs a tensor of numbers, got bool; cast it first`.
 * @example sign(zeros([2, 3])) // [2, 3]
 */
export function sign<S extends Shape, D extends DType>(x: Or<SignRule<S, D>, Tensor<S, D>>): Of<SignRule<S, D>, D> {
  return emit(op, [x])
}
