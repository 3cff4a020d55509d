import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { floor as scalar } from "../scalar/floor.ts"
import { notFloats, one } from "./_examples.ts"

export type FloorRule<S extends Shape, D extends DType> = FloatOnly<"floor", S, D>
/** Constant almost everywhere, so no tangent passes. */
export const op = mapOp(scalar, {
  name: "floor",
  accepts: floatsOnly("floor"),
  jvp: "none",
  spelling: { onnx: "Floor", stablehlo: "floor" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -3, hi: 3, offInteger: 0.05 }),
  refused: notFloats,
})

/**
 * The largest integer not above x, element-wise: [...s] to [...s].
 *
 * Its derivative is taken as 0, at the integers too.
 * Floating-point dtypes; refuses others: `floor: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 5.9 (`roundToIntegralTowardNegative`).
 * @example floor(full([2], 1.5)) // [2], every element 1
 */
export function floor<S extends Shape, D extends DType>(x: Or<FloorRule<S, D>, Tensor<S, D>>): Of<FloorRule<S, D>, D> {
  return emit(op, [x])
}
