import { type Calls, floatsOnly, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { globalPoolCalls, globalPooled, globalPooling } from "./_globalPool.ts"
import { max } from "./max.ts"

export type GlobalMaxPool1dRule<S extends Shape, D extends DType> = Also<
  FloatOnly<"globalMaxPool1d", S, D>,
  GlobalPool<"globalMaxPool1d", 1, S>
>

/** A reduction: derivative and batching are those of max. */
export const op = globalPooling("globalMaxPool1d", 1, "GlobalMaxPool", (x, axes) => max(x, axes))
export const calls = (): Calls => globalPoolCalls(1)

/**
 * The largest element over length: [..., length, channels] to [..., channels].
 *
 * Floats. Refuses integers, ranks below 2, and images of no elements. The derivative is
 * shared equally among equal elements. Oquab et al. 2015.
 * @example globalMaxPool1d(zeros([8, 100, 32])) // [8, 32]
 */
export function globalMaxPool1d<S extends Shape, D extends DType>(
  x: Or<GlobalMaxPool1dRule<S, D>, Tensor<S, D>>,
): Of<GlobalMaxPool1dRule<S, D>, D> {
  const t = tensorIn("globalMaxPool1d", x)
  floatsOnly("globalMaxPool1d")([t])
  return globalPooled(op, 1, t)
}
