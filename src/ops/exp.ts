import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { exp as scalar } from "../scalar/exp.ts"
import { notFloats, one } from "./_examples.ts"
import { mul } from "./mul.ts"

export type ExpRule<S extends Shape, D extends DType> = FloatOnly<"exp", S, D>
/** dy = y dx. */
export const op = mapOp(scalar, {
  name: "exp",
  accepts: floatsOnly("exp"),
  jvp: ({ tans: [t], out: y }) => mul(t!, y),
  spelling: { onnx: "Exp", stablehlo: "exponential" },
})
export const calls = (): Calls => ({
  examples: one(),
  refused: notFloats,
})

/**
 * e^x, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `exp: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example exp(zeros([2, 3])) // [2, 3], every element 1
 */
export function exp<S extends Shape, D extends DType>(x: Or<ExpRule<S, D>, Tensor<S, D>>): Of<ExpRule<S, D>, D> {
  return emit(op, [x])
}
