import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { AdaptivePool, Parts } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { adaptiveCalls, adaptivePooled, adaptivePooling, maxOfParts } from "./_adaptivePool.ts"

export type AdaptiveMaxPool1dRule<S extends Shape, T> = AdaptivePool<"adaptiveMaxPool1d", 1, S, T>

/** Parts of all axes together, by windows, or taken by index and masked; then one maximum. */
export const op = adaptivePooling("adaptiveMaxPool1d", 1, maxOfParts)
export const calls = (): Calls => adaptiveCalls(1)

/**
 * The largest element of each of `size` parts of length: [..., length, channels] of any size to the given one.
 *
 * Part i of m covers floor(i n / m) to ceil((i + 1) n / m) of an axis of n; floats. The size is a number. The derivative is shared
 * equally among equal elements. Refuses
 * sizes below 1, and images of no elements. He et al. 2014, Spatial pyramid pooling.
 * @example adaptiveMaxPool1d(zeros([8, 100, 32]), 7) // [8, 7, 32]
 */
export function adaptiveMaxPool1d<S extends Shape, D extends DType, const T extends Parts<1>>(
  x: Or<FloatOnly<"adaptiveMaxPool1d", S, D>, Tensor<S, D>>,
  size: Or<AdaptiveMaxPool1dRule<S, T>, T>,
): Of<Also<FloatOnly<"adaptiveMaxPool1d", S, D>, AdaptiveMaxPool1dRule<S, T>>, D> {
  const t = tensorIn("adaptiveMaxPool1d", x)
  floatsOnly("adaptiveMaxPool1d")([t])
  return adaptivePooled(op, 1, t, size)
}
