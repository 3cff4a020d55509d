import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { AdaptivePool, Parts } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { adaptiveCalls, adaptivePooled, adaptivePooling, maxOfParts } from "./_adaptivePool.ts"

export type AdaptiveMaxPool3dRule<S extends Shape, T> = AdaptivePool<"adaptiveMaxPool3d", 3, S, T>

/** Parts of all axes together, by windows, or taken by index and masked; then one maximum. */
export const op = adaptivePooling("adaptiveMaxPool3d", 3, maxOfParts)
export const calls = (): Calls => adaptiveCalls(3)

/**
 * The largest element of each of `size` parts of depth, height and width: [..., depth, height, width, channels] of any size to the given one.
 *
 * Part i of m covers floor(i n / m) to ceil((i + 1) n / m) of an axis of n; floats. The size is a number for all axes, or a list; null keeps an axis. The derivative is shared
 * equally among equal elements. Refuses
 * sizes below 1, and images of no elements. He et al. 2014, Spatial pyramid pooling.
 * @example adaptiveMaxPool3d(zeros([2, 8, 30, 30, 4]), [null, 7, 7]) // [2, 8, 7, 7, 4]
 */
export function adaptiveMaxPool3d<S extends Shape, D extends DType, const T extends Parts<3>>(
  x: Or<FloatOnly<"adaptiveMaxPool3d", S, D>, Tensor<S, D>>,
  size: Or<AdaptiveMaxPool3dRule<S, T>, T>,
): Of<Also<FloatOnly<"adaptiveMaxPool3d", S, D>, AdaptiveMaxPool3dRule<S, T>>, D> {
  const t = tensorIn("adaptiveMaxPool3d", x)
  floatsOnly("adaptiveMaxPool3d")([t])
  return adaptivePooled(op, 3, t, size)
}
