import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { max } from "./max.ts"

export type GlobalMaxPool2dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalMaxPool2d", S, D>,
  GlobalPool<"globalMaxPool2d", 2, S>
>

/** A reduction: derivative and batching are those of max. */
export const op = globalPooling("globalMaxPool2d", 2, "GlobalMaxPool", (x, axes) => max(x, axes))
export const calls = (): Calls => globalPoolCalls(2)

/**
 * The largest element over height and width: [..., height, width, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 3, and images of no elements. The derivative is
 * shared equally among equal elements. Oquab et al. 2015.
 * @example globalMaxPool2d(zeros([8, 7, 7, 32])) // [8, 32]
 */
export function globalMaxPool2d<S extends Shape, D extends DType>(
  x: Or<GlobalMaxPool2dRule<S, D>, Tensor<S, D>>,
): Of<GlobalMaxPool2dRule<S, D>, D> {
  const t = tensorIn("globalMaxPool2d", x)
  floatsOnly("globalMaxPool2d")([t])
  return globalPooled(op, 2, t)
}
