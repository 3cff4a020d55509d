import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { ForAxes } from "../../typelevel/conv.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Pool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { poolCalls, type AvgPoolOptions, meanOfWindows, pooled, pooling } from "./_pool.ts"

export type AvgPool2dRule<S extends Shape, K, O> = Pool<"avgPool2d", 2, S, K, O>

/** The mean over windows: sums, divided by how many elements each window sees. */
export const op = pooling("avgPool2d", 2, "AveragePool", meanOfWindows)
export const calls = (): Calls => poolCalls(2, true)

/**
 * The mean of each window over height and width. Padding is not counted, unless `countPadding` says so.
 *
 * x is `[..., height, width, channels]`, floats; size and stride for both axes or each. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside. Refuses windows that do not fit, or see only padding. LeCun et
 * al. 1989.
 * @example avgPool2d(zeros([8, 28, 28, 32]), 2) // [8, 14, 14, 32]
 */
export function avgPool2d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<2, number>,
  const O extends AvgPoolOptions<2> = {},
>(
  x: Or<FloatOnly<"avgPool2d", S, D>, Tensor<S, D>>,
  size: Or<AvgPool2dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"avgPool2d", S, D>, AvgPool2dRule<S, K, O>>, D> {
  const t = tensorIn("avgPool2d", x)
  floatsOnly("avgPool2d")([t])
  return pooled(op, 2, t, size, options)
}
