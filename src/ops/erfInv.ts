import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { erfInv as scalar } from "../scalar/erfInv.ts"
import { notFloats, one } from "./_examples.ts"
import { exp } from "./exp.ts"
import { mul } from "./mul.ts"

export type ErfInvRule<S extends Shape, D extends DType> = FloatOnly<"erfInv", S, D>
/** dy = sqrt(pi) / 2 e^(y^2) dx. */
export const op = mapOp(scalar, {
  name: "erfInv",
  accepts: floatsOnly("erfInv"),
  ulp: 3, // measured over (-1, 1): 2.1
  jvp: ({ tans: [t], out: y }) => mul(t!, mul(Math.sqrt(Math.PI) / 2, exp(mul(y, y)))),
})
export const calls = (): Calls => ({
  examples: one({ lo: -0.9, hi: 0.9 }),
  refused: notFloats,
})

/**
 * The inverse of erf: the y with erf(y) = x, element-wise: [...s] to [...s].
 *
 * -Infinity and Infinity at -1 and 1, NaN outside.
 * Floating-point dtypes; refuses others: `erfInv: needs a floating-point tensor, got i32; cast it first`.
 * Giles 2010, Approximating the erfinv function (GPU Computing Gems).
 * @example erfInv(zeros([2, 3])) // [2, 3]
 */
export function erfInv<S extends Shape, D extends DType>(x: Or<ErfInvRule<S, D>, Tensor<S, D>>): Of<ErfInvRule<S, D>, D> {
  return emit(op, [x])
}
