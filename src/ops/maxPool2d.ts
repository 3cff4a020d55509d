import { defineOp, emit, floatsOnly, type OpDef, type RawTensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { Pair } from "./_windows.ts"
import {
  type Pooled,
  pooled,
  pooledShape,
  poolExamples,
  type PoolOptions,
  poolRefused,
  type PoolRule,
  poolWindows,
} from "./_pool.ts"
import { max } from "./max.ts"

export type MaxPool2dRule<S extends Shape, K, O> = PoolRule<"maxPool2d", S, K, O>

/** Attributes: how windows lie on each axis. Its gradient is the overlap-add of mask times cotangent over ties: a pull, no select-and-scatter. */
export const op: OpDef<Pooled> = defineOp<Pooled>({
  name: "maxPool2d",
  spelling: { onnx: "MaxPool", stablehlo: "reduce_window" },
  shape: ([x], a) => ({ dtype: x!.dtype, shape: pooledShape(x!.shape, a) }),
  expand: ([x], a) => max(poolWindows(x!, a, -Infinity), [-2, -1]),
  examples: poolExamples,
  refused: poolRefused,
})

/**
 * The largest element of each window over height and width.
 *
 * x is `[..., height, width, channels]`, floats; size and stride for both axes or each. Sizes: floor((n + padding - size) / stride) + 1;
 * padding never wins. The derivative is shared equally among equal elements. Refuses windows that do not fit, or see only padding.
 * Ranzato et al. 2007.
 * @example maxPool2d(zeros([8, 28, 28, 32]), 2) // [8, 14, 14, 32]
 */
export function maxPool2d<S extends Shape, D extends DType, const K extends Pair, const O extends PoolOptions = {}>(
  x: Or<FloatOnly<"maxPool2d", S, D>, Tensor<S, D>>,
  size: Or<MaxPool2dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"maxPool2d", S, D>, MaxPool2dRule<S, K, O>>, D> {
  const t = x as unknown as RawTensor
  floatsOnly("maxPool2d")([t])
  return emit(op, [t], pooled("maxPool2d", t.shape, size as Pair, options ?? {}))
}
