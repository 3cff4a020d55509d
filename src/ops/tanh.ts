import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { tanh as scalar } from "../scalar/tanh.ts"
import { notFloats, one } from "./_examples.ts"
import { mul } from "./mul.ts"
import { sub } from "./sub.ts"

export type TanhRule<S extends Shape, D extends DType> = FloatOnly<"tanh", S, D>
/** dy = (1 - y^2) dx. */
export const op = mapOp(scalar, {
  name: "tanh",
  accepts: floatsOnly("tanh"),
  jvp: ({ tans: [t], out: y }) => mul(t!, sub(1, mul(y, y))),
  spelling: { onnx: "Tanh", stablehlo: "tanh" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -2, hi: 2 }),
  refused: notFloats,
})

/**
 * The hyperbolic tangent of x, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `tanh: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example tanh(zeros([2, 3])) // [2, 3]
 */
export function tanh<S extends Shape, D extends DType>(x: Or<TanhRule<S, D>, Tensor<S, D>>): Of<TanhRule<S, D>, D> {
  return emit(op, [x])
}
