import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { sin as scalar } from "../scalar/sin.ts"
import { notFloats, one } from "./_examples.ts"
import { cos } from "./cos.ts"
import { mul } from "./mul.ts"

export type SinRule<S extends Shape, D extends DType> = FloatOnly<"sin", S, D>
/** dy = cos x dx. */
export const op = mapOp(scalar, {
  name: "sin",
  accepts: floatsOnly("sin"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, cos(x!)),
  spelling: { onnx: "Sin", stablehlo: "sine" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -4, hi: 4 }),
  refused: notFloats,
})

/**
 * The sine of x radians, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `sin: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example sin(zeros([2, 3])) // [2, 3]
 */
export function sin<S extends Shape, D extends DType>(x: Or<SinRule<S, D>, Tensor<S, D>>): Of<SinRule<S, D>, D> {
  return emit(op, [x])
}
