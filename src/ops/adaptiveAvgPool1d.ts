import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { AdaptivePool, Parts } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { adaptiveCalls, adaptivePooled, adaptivePooling, meanOfParts } from "./_adaptivePool.ts"

export type AdaptiveAvgPool1dRule<S extends Shape, T> = AdaptivePool<"adaptiveAvgPool1d", 1, S, T>

/** The mean is separable: one axis after the other, by windows or by a matrix of shares. */
export const op = adaptivePooling("adaptiveAvgPool1d", 1, meanOfParts)
export const calls = (): Calls => adaptiveCalls(1)

/**
 * The mean of each of `size` parts of length: [..., length, channels] of any size to the given one.
 *
 * Part i of m covers floor(i n / m) to ceil((i + 1) n / m) of an axis of n; floats. The size is a number. Refuses
 * sizes below 1, and images of no elements. He et al. 2014, Spatial pyramid pooling.
 * @example adaptiveAvgPool1d(zeros([8, 100, 32]), 7) // [8, 7, 32]
 */
export function adaptiveAvgPool1d<S extends Shape, D extends DType, const T extends Parts<1>>(
  x: Or<FloatOnly<"adaptiveAvgPool1d", S, D>, Tensor<S, D>>,
  size: Or<AdaptiveAvgPool1dRule<S, T>, T>,
): Of<Also<FloatOnly<"adaptiveAvgPool1d", S, D>, AdaptiveAvgPool1dRule<S, T>>, D> {
  const t = tensorIn("adaptiveAvgPool1d", x)
  floatsOnly("adaptiveAvgPool1d")([t])
  return adaptivePooled(op, 1, t, size)
}
