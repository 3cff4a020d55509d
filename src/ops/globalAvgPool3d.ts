import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { mean } from "./mean.ts"

export type GlobalAvgPool3dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalAvgPool3d", S, D>,
  GlobalPool<"globalAvgPool3d", 3, S>
>

/** A reduction: derivative and batching are those of mean. */
export const op = globalPooling("globalAvgPool3d", 3, "GlobalAveragePool", (x, axes) => mean(x, axes))
export const calls = (): Calls => globalPoolCalls(3)

/**
 * The mean over depth, height and width: [..., depth, height, width, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 4, and images of no elements. Lin et al. 2013, Network in network.
 * @example globalAvgPool3d(zeros([8, 4, 7, 7, 32])) // [8, 32]
 */
export function globalAvgPool3d<S extends Shape, D extends DType>(
  x: Or<GlobalAvgPool3dRule<S, D>, Tensor<S, D>>,
): Of<GlobalAvgPool3dRule<S, D>, D> {
  const t = tensorIn("globalAvgPool3d", x)
  floatsOnly("globalAvgPool3d")([t])
  return globalPooled(op, 3, t)
}
