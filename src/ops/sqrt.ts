import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { sqrt as scalar } from "../scalar/sqrt.ts"
import { notFloats, one } from "./_examples.ts"
import { div } from "./div.ts"
import { mul } from "./mul.ts"

export type SqrtRule<S extends Shape, D extends DType> = FloatOnly<"sqrt", S, D>
/** dy = dx / (2 y). */
export const op = mapOp(scalar, {
  name: "sqrt",
  accepts: floatsOnly("sqrt"),
  jvp: ({ tans: [t], out: y }) => mul(t!, div(0.5, y)),
  spelling: { onnx: "Sqrt", stablehlo: "sqrt" },
})
export const calls = (): Calls => ({
  examples: one({ lo: 0.3, hi: 2 }),
  refused: notFloats,
})

/**
 * The square root of x, element-wise: [...s] to [...s].
 *
 * NaN below 0.
 * Floating-point dtypes; refuses others: `sqrt: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 5.4.1.
 * @example sqrt(full([2], 9)) // [2], every element 3
 */
export function sqrt<S extends Shape, D extends DType>(x: Or<SqrtRule<S, D>, Tensor<S, D>>): Of<SqrtRule<S, D>, D> {
  return emit(op, [x])
}
