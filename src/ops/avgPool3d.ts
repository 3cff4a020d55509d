import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { ForAxes } from "../../typelevel/conv.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Pool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { poolCalls, type AvgPoolOptions, meanOfWindows, pooled, pooling } from "./_pool.ts"

export type AvgPool3dRule<S extends Shape, K, O> = Pool<"avgPool3d", 3, S, K, O>

/** The mean over windows: sums, divided by how many elements each window sees. */
export const op = pooling("avgPool3d", 3, "AveragePool", meanOfWindows)
export const calls = (): Calls => poolCalls(3, true)

/**
 * The mean of each window over depth, height and width. Padding is not counted, unless `countPadding` says so.
 *
 * x is `[..., depth, height, width, channels]`, floats; size and stride for all axes or each. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside. Refuses windows that do not fit, or see only padding. LeCun et
 * al. 1989.
 * @example avgPool3d(zeros([2, 16, 28, 28, 8]), 2) // [2, 8, 14, 14, 8]
 */
export function avgPool3d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<3, number>,
  const O extends AvgPoolOptions<3> = {},
>(
  x: Or<FloatOnly<"avgPool3d", S, D>, Tensor<S, D>>,
  size: Or<AvgPool3dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"avgPool3d", S, D>, AvgPool3dRule<S, K, O>>, D> {
  const t = tensorIn("avgPool3d", x)
  floatsOnly("avgPool3d")([t])
  return pooled(op, 3, t, size, options)
}
