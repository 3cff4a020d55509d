import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { mean } from "./mean.ts"

export type GlobalAvgPool1dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalAvgPool1d", S, D>,
  GlobalPool<"globalAvgPool1d", 1, S>
>

/** A reduction: derivative and batching are those of mean. */
export const op = globalPooling("globalAvgPool1d", 1, "GlobalAveragePool", (x, axes) => mean(x, axes))
export const calls = (): Calls => globalPoolCalls(1)

/**
 * The mean over length: [..., length, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 2, and images of no elements. Lin et al. 2013, Network in network.
 * @example globalAvgPool1d(zeros([8, 100, 32])) // [8, 32]
 */
export function globalAvgPool1d<S extends Shape, D extends DType>(
  x: Or<GlobalAvgPool1dRule<S, D>, Tensor<S, D>>,
): Of<GlobalAvgPool1dRule<S, D>, D> {
  const t = tensorIn("globalAvgPool1d", x)
  floatsOnly("globalAvgPool1d")([t])
  return globalPooled(op, 1, t)
}
