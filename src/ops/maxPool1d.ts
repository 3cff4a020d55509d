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

export type MaxPool1dRule<S extends Shape, K, O> = Pool<"maxPool1d", 1, S, K, O>

/** Its gradient is the overlap-add of mask times cotangent over ties: a pull, no select-and-scatter. */
export const op = pooling("maxPool1d", 1, "MaxPool", (x, { axes }) =>
  raw(max(poolWindows(x, axes, -Infinity), last(axes.length))),
)
export const calls = (): Calls => poolCalls(1, false)

/**
 * The largest element of each window over length.
 *
 * x is `[..., length, channels]`, floats. Sizes: floor((n + padding - size) / stride) + 1, with
 * `ceilMode` the ceiling, as long as the last window begins inside; padding never wins. The derivative is shared equally among equal
 * elements. Refuses windows that do not fit, or see only padding. Ranzato et al. 2007.
 * @example maxPool1d(zeros([8, 100, 32]), 2) // [8, 50, 32]
 */
export function maxPool1d<
  S extends Shape,
  D extends DType,
  const K extends ForAxes<1, number>,
  const O extends PoolOptions<1> = {},
>(
  x: Or<FloatOnly<"maxPool1d", S, D>, Tensor<S, D>>,
  size: Or<MaxPool1dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"maxPool1d", S, D>, MaxPool1dRule<S, K, O>>, D> {
  const t = tensorIn("maxPool1d", x)
  floatsOnly("maxPool1d")([t])
  return pooled(op, 1, t, size, options)
}
