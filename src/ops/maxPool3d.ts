import { type Calls, floatsOnly, raw, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { ForAxes } from "../../typelevel/conv.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Pool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { poolCalls, last, pooled, type PoolOptions, pooling, poolWindows } from "./_pool.ts"
import { max } from "./max.ts"

export type MaxPool3dRule<S extends Shape, K, O> = Pool<"maxPool3d", 3, S, K, O>

/** Its gradient is the overlap-add of mask times cotangent over ties: a pull, no select-and-scatter. */
export const op = pooling("maxPool3d", 3, "MaxPool", (x, { axes }) =>
  raw(max(poolWindows(x, axes, -Infinity), last(axes.length))),
)
export const calls = (): Calls => poolCalls(3, false)

/**
 * The largest element of each window over depth, height and width.
 *
 * x is `[..., depth, height, width, channels]`, floats; size and stride for all axes or each. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside; padding never wins. The derivative is shared equally among equal
 * elements. Refuses windows that do not fit, or see only padding. Ranzato et al. 2007.
 * @example maxPool3d(zeros([2, 16, 28, 28, 8]), 2) // [2, 8, 14, 14, 8]
 */
export function maxPool3d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<3, number>,
  const O extends PoolOptions<3> = {},
>(
  x: Or<FloatOnly<"maxPool3d", S, D>, Tensor<S, D>>,
  size: Or<MaxPool3dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"maxPool3d", S, D>, MaxPool3dRule<S, K, O>>, D> {
  const t = tensorIn("maxPool3d", x)
  floatsOnly("maxPool3d")([t])
  return pooled(op, 3, t, size, options)
}
