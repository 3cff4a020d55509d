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

export type MaxPool2dRule<S extends Shape, K, O> = Pool<"maxPool2d", 2, S, K, O>

/** Its gradient is the overlap-add of mask times cotangent over ties: a pull, no select-and-scatter. */
export const op = pooling("maxPool2d", 2, "MaxPool", (x, { axes }) =>
  raw(max(poolWindows(x, axes, -Infinity), last(axes.length))),
)
export const calls = (): Calls => poolCalls(2, false)

/**
 * The largest element of each window over height and width.
 *
 * x is `[..., height, width, channels]`, floats; size and stride for both axes or each. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside; padding never wins. The derivative is shared equally among equal
 * elements. Refuses windows that do not fit, or see only padding. Ranzato et al. 2007.
 * @example maxPool2d(zeros([8, 28, 28, 32]), 2) // [8, 14, 14, 32]
 */
export function maxPool2d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<2, number>,
  const O extends PoolOptions<2> = {},
>(
  x: Or<FloatOnly<"maxPool2d", S, D>, Tensor<S, D>>,
  size: Or<MaxPool2dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"maxPool2d", S, D>, MaxPool2dRule<S, K, O>>, D> {
  const t = tensorIn("maxPool2d", x)
  floatsOnly("maxPool2d")([t])
  return pooled(op, 2, t, size, options)
}
