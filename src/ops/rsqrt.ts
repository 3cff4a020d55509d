import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { rsqrt as scalar } from "../scalar/rsqrt.ts"
import { notFloats, one } from "./_examples.ts"
import { mul } from "./mul.ts"

export type RsqrtRule<S extends Shape, D extends DType> = FloatOnly<"rsqrt", S, D>
/** dy = -y^3 / 2 dx. */
export const op = mapOp(scalar, {
  name: "rsqrt",
  accepts: floatsOnly("rsqrt"),
  jvp: ({ tans: [t], out: y }) => mul(t!, mul(-0.5, mul(y, mul(y, y)))),
  spelling: { stablehlo: "rsqrt" },
})
export const calls = (): Calls => ({
  examples: one({ lo: 0.3, hi: 2 }),
  refused: notFloats,
})

/**
 * 1 / sqrt(x), element-wise: [...s] to [...s].
 *
 * Infinity at 0, NaN below.
 * Floating-point dtypes; refuses others: `rsqrt: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2 (`rSqrt`).
 * @example rsqrt(full([2], 4)) // [2], every element 0.5
 */
export function rsqrt<S extends Shape, D extends DType>(x: Or<RsqrtRule<S, D>, Tensor<S, D>>): Of<RsqrtRule<S, D>, D> {
  return emit(op, [x])
}
