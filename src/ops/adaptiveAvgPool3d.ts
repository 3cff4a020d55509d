import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { AdaptivePool, Parts } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { adaptiveCalls, adaptivePooled, adaptivePooling, meanOfParts } from "./_adaptivePool.ts"

export type AdaptiveAvgPool3dRule<S extends Shape, T> = AdaptivePool<"adaptiveAvgPool3d", 3, S, T>

/** The mean is separable: one axis after the other, by windows or by a matrix of shares. */
export const op = adaptivePooling("adaptiveAvgPool3d", 3, meanOfParts)
export const calls = (): Calls => adaptiveCalls(3)

/**
 * The mean of each of `size` parts of depth, height and width: [..., depth, height, width, channels] of any size to the given one.
 *
 * Part i of m covers floor(i n / m) to ceil((i + 1) n / m) of an axis of n; floats. The size is a number for all axes, or a list; null keeps an axis. Refuses
 * sizes below 1, and images of no elements. He et al. 2014, Spatial pyramid pooling.
 * @example adaptiveAvgPool3d(zeros([2, 8, 30, 30, 4]), [null, 7, 7]) // [2, 8, 7, 7, 4]
 */
export function adaptiveAvgPool3d<S extends Shape, D extends DType, const T extends Parts<3>>(
  x: Or<FloatOnly<"adaptiveAvgPool3d", S, D>, Tensor<S, D>>,
  size: Or<AdaptiveAvgPool3dRule<S, T>, T>,
): Of<Also<FloatOnly<"adaptiveAvgPool3d", S, D>, AdaptiveAvgPool3dRule<S, T>>, D> {
  const t = tensorIn("adaptiveAvgPool3d", x)
  floatsOnly("adaptiveAvgPool3d")([t])
  return adaptivePooled(op, 3, t, size)
}
