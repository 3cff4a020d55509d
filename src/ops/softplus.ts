import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { softplus as scalar } from "../scalar/softplus.ts"
import { notFloats, one } from "./_examples.ts"
import { expm1 } from "./expm1.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"

export type SoftplusRule<S extends Shape, D extends DType> = FloatOnly<"softplus", S, D>
/** dy = sigmoid(x) dx = (1 - e^-y) dx. */
export const op = mapOp(scalar, {
  name: "softplus",
  accepts: floatsOnly("softplus"),
  jvp: ({ tans: [t], out: y }) => mul(t!, neg(expm1(neg(y)))),
  spelling: { onnx: "Softplus" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -3, hi: 3 }),
  refused: notFloats,
})

/**
 * ln(1 + e^x), a smooth relu, element-wise: [...s] to [...s].
 *
 * Computed as max(x, 0) + log1p(e^-|x|), which does not overflow.
 * Floating-point dtypes; refuses others: `softplus: needs a floating-point tensor, got i32; cast it first`.
 * Dugas et al. 2001, Incorporating second-order functional knowledge for better option pricing.
 * @example softplus(zeros([2, 3])) // [2, 3]
 */
export function softplus<S extends Shape, D extends DType>(x: Or<SoftplusRule<S, D>, Tensor<S, D>>): Of<SoftplusRule<S, D>, D> {
  return emit(op, [x])
}
