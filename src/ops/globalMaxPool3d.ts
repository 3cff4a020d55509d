import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { max } from "./max.ts"

export type GlobalMaxPool3dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalMaxPool3d", S, D>,
  GlobalPool<"globalMaxPool3d", 3, S>
>

/** A reduction: derivative and batching are those of max. */
export const op = globalPooling("globalMaxPool3d", 3, "GlobalMaxPool", (x, axes) => max(x, axes))
export const calls = (): Calls => globalPoolCalls(3)

/**
 * The largest element over depth, height and width: [..., depth, height, width, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 4, and images of no elements. The derivative is
 * shared equally among equal elements. Oquab et al. 2015.
 * @example globalMaxPool3d(zeros([8, 4, 7, 7, 32])) // [8, 32]
 */
export function globalMaxPool3d<S extends Shape, D extends DType>(
  x: Or<GlobalMaxPool3dRule<S, D>, Tensor<S, D>>,
): Of<GlobalMaxPool3dRule<S, D>, D> {
  const t = tensorIn("globalMaxPool3d", x)
  floatsOnly("globalMaxPool3d")([t])
  return globalPooled(op, 3, t)
}
