import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { cos as scalar } from "../scalar/cos.ts"
import { notFloats, one } from "./_examples.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"
import { sin } from "./sin.ts"

export type CosRule<S extends Shape, D extends DType> = FloatOnly<"cos", S, D>
/** dy = -sin x dx. */
export const op = mapOp(scalar, {
  name: "cos",
  accepts: floatsOnly("cos"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, neg(sin(x!))),
  spelling: { onnx: "Cos", stablehlo: "cosine" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -4, hi: 4 }),
  refused: notFloats,
})

/**
 * The cosine of x radians, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `cos: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example cos(zeros([2])) // [2], every element 1
 */
export function cos<S extends Shape, D extends DType>(x: Or<CosRule<S, D>, Tensor<S, D>>): Of<CosRule<S, D>, D> {
  return emit(op, [x])
}
