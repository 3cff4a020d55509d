import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { erf as scalar } from "../scalar/erf.ts"
import { notFloats, one } from "./_examples.ts"
import { exp } from "./exp.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"

export type ErfRule<S extends Shape, D extends DType> = FloatOnly<"erf", S, D>
/** dy = 2 / sqrt(pi) e^(-x^2) dx. */
export const op = mapOp(scalar, {
  name: "erf",
  accepts: floatsOnly("erf"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x!, x!))))),
  spelling: { onnx: "Erf" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -2, hi: 2 }),
  refused: notFloats,
})

/**
 * The error function 2 / sqrt(pi) * (integral of e^(-u^2) from 0 to x), element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `erf: needs a floating-point tensor, got i32; cast it first`.
 * Abramowitz & Stegun 7.1.1.
 * @example erf(zeros([2, 3])) // [2, 3]
 */
export function erf<S extends Shape, D extends DType>(x: Or<ErfRule<S, D>, Tensor<S, D>>): Of<ErfRule<S, D>, D> {
  return emit(op, [x])
}
