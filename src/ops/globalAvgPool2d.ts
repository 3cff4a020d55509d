import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { mean } from "./mean.ts"

export type GlobalAvgPool2dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalAvgPool2d", S, D>,
  GlobalPool<"globalAvgPool2d", 2, S>
>

/** A reduction: derivative and batching are those of mean. */
export const op = globalPooling("globalAvgPool2d", 2, "GlobalAveragePool", (x, axes) => mean(x, axes))
export const calls = (): Calls => globalPoolCalls(2)

/**
 * The mean over height and width: [..., height, width, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 3, and images of no elements. Lin et al. 2013, Network in network.
 * @example globalAvgPool2d(zeros([8, 7, 7, 32])) // [8, 32]
 */
export function globalAvgPool2d<S extends Shape, D extends DType>(
  x: Or<GlobalAvgPool2dRule<S, D>, Tensor<S, D>>,
): Of<GlobalAvgPool2dRule<S, D>, D> {
  const t = tensorIn("globalAvgPool2d", x)
  floatsOnly("globalAvgPool2d")([t])
  return globalPooled(op, 2, t)
}
