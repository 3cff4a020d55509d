import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { AdaptivePool, Parts } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { adaptiveCalls, adaptivePooled, adaptivePooling, meanOfParts } from "./_adaptivePool.ts"

export type AdaptiveAvgPool2dRule<S extends Shape, T> = AdaptivePool<"adaptiveAvgPool2d", 2, S, T>

/** The mean is separable: one axis after the other, by windows or by a matrix of shares. */
export const op = adaptivePooling("adaptiveAvgPool2d", 2, meanOfParts)
export const calls = (): Calls => adaptiveCalls(2)

/**
 * The mean of each of `size` parts of height and width: [..., height, width, channels] of any size to the given one.
 *
 * Part i of m covers floor(i n / m) to ceil((i + 1) n / m) of an axis of n; floats. The size is a number for both axes, or a list; null keeps an axis. Refuses
 * sizes below 1, and images of no elements. He et al. 2014, Spatial pyramid pooling.
 * @example adaptiveAvgPool2d(zeros([8, 30, 30, 32]), 7) // [8, 7, 7, 32]
 */
export function adaptiveAvgPool2d<S extends Shape, D extends DType, const T extends Parts<2>>(
  x: Or<FloatOnly<"adaptiveAvgPool2d", S, D>, Tensor<S, D>>,
  size: Or<AdaptiveAvgPool2dRule<S, T>, T>,
): Of<Also<FloatOnly<"adaptiveAvgPool2d", S, D>, AdaptiveAvgPool2dRule<S, T>>, D> {
  const t = tensorIn("adaptiveAvgPool2d", x)
  floatsOnly("adaptiveAvgPool2d")([t])
  return adaptivePooled(op, 2, t, size)
}
