import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { expm1 as scalar } from "../scalar/expm1.ts"
import { notFloats, one } from "./_examples.ts"
import { add } from "./add.ts"
import { mul } from "./mul.ts"

export type Expm1Rule<S extends Shape, D extends DType> = FloatOnly<"expm1", S, D>
/** dy = (y + 1) dx. */
export const op = mapOp(scalar, {
  name: "expm1",
  accepts: floatsOnly("expm1"),
  jvp: ({ tans: [t], out: y }) => mul(t!, add(y, 1)),
  spelling: { stablehlo: "exponential_minus_one" },
})
export const calls = (): Calls => ({
  examples: one(),
  refused: notFloats,
})

/**
 * e^x - 1, accurate where x is small, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `expm1: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example expm1(zeros([2, 3])) // [2, 3]
 */
export function expm1<S extends Shape, D extends DType>(x: Or<Expm1Rule<S, D>, Tensor<S, D>>): Of<Expm1Rule<S, D>, D> {
  return emit(op, [x])
}
