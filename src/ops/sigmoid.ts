import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { sigmoid as scalar } from "../scalar/sigmoid.ts"
import { notFloats, one } from "./_examples.ts"
import { mul } from "./mul.ts"
import { sub } from "./sub.ts"

export type SigmoidRule<S extends Shape, D extends DType> = FloatOnly<"sigmoid", S, D>
/** dy = y (1 - y) dx, which is 0 at both ends; the derivative of the formula is inf / inf at -800. */
export const op = mapOp(scalar, {
  name: "sigmoid",
  accepts: floatsOnly("sigmoid"),
  jvp: ({ tans: [t], out: y }) => mul(t!, mul(y, sub(1, y))),
  spelling: { onnx: "Sigmoid", stablehlo: "logistic" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -3, hi: 3 }),
  refused: notFloats,
})

/**
 * The logistic function 1 / (1 + e^-x), element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `sigmoid: needs a floating-point tensor, got i32; cast it first`.
 * @example sigmoid(zeros([2])) // [2], every element 0.5
 */
export function sigmoid<S extends Shape, D extends DType>(x: Or<SigmoidRule<S, D>, Tensor<S, D>>): Of<SigmoidRule<S, D>, D> {
  return emit(op, [x])
}
