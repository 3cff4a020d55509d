import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { ForAxes } from "../../typelevel/conv.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Pool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { poolCalls, type AvgPoolOptions, meanOfWindows, pooled, pooling } from "./_pool.ts"

export type AvgPool1dRule<S extends Shape, K, O> = Pool<"avgPool1d", 1, S, K, O>

/** The mean over windows: sums, divided by how many elements each window sees. */
export const op = pooling("avgPool1d", 1, "AveragePool", meanOfWindows)
export const calls = (): Calls => poolCalls(1, true)

/**
 * The mean of each window over length. Padding is not counted, unless `countPadding` says so.
 *
 * x is `[..., length, channels]`, floats. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside. Refuses windows that do not fit, or see only padding. LeCun et
 * al. 1989.
 * @example avgPool1d(zeros([8, 100, 32]), 2) // [8, 50, 32]
 */
export function avgPool1d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<1, number>,
  const O extends AvgPoolOptions<1> = {},
>(
  x: Or<FloatOnly<"avgPool1d", S, D>, Tensor<S, D>>,
  size: Or<AvgPool1dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"avgPool1d", S, D>, AvgPool1dRule<S, K, O>>, D> {
  const t = tensorIn("avgPool1d", x)
  floatsOnly("avgPool1d")([t])
  return pooled(op, 1, t, size, options)
}
