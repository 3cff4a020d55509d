import { defineOp, emit, floatsOnly, type OpDef, type RawTensor, raw } from "../core/index.ts"
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
import { div } from "./div.ts"
import { full } from "./full.ts"
import { sum } from "./sum.ts"

export type AvgPool2dRule<S extends Shape, K, O> = PoolRule<"avgPool2d", S, K, O>

/** Attributes: how windows lie on each axis. */
export const op: OpDef<Pooled> = defineOp<Pooled>({
  name: "avgPool2d",
  spelling: { onnx: "AveragePool", stablehlo: "reduce_window" },
  shape: ([x], a) => ({ dtype: x!.dtype, shape: pooledShape(x!.shape, a) }),
  expand: ([x], a) => {
    const total = sum(poolWindows(x!, a, 0), [-2, -1])
    const { h, w } = a
    if (h.low + h.high + w.low + w.high === 0) return div(total, h.size * w.size)
    const inside = raw(full([x!.shape.at(-3)!, x!.shape.at(-2)!, 1], 1, x!.dtype))
    return div(total, sum(poolWindows(inside, a, 0), [-2, -1]))
  },
  examples: poolExamples,
  refused: poolRefused,
})

/**
 * The mean of each window over height and width. Padding is not counted.
 *
 * x is `[..., height, width, channels]`, floats; size and stride for both axes or each. Sizes: floor((n + padding - size) / stride) + 1.
 * Refuses windows that do not fit, or see only padding. LeCun et al. 1989.
 * @example avgPool2d(zeros([8, 28, 28, 32]), 2) // [8, 14, 14, 32]
 */
export function avgPool2d<S extends Shape, D extends DType, const K extends Pair, const O extends PoolOptions = {}>(
  x: Or<FloatOnly<"avgPool2d", S, D>, Tensor<S, D>>,
  size: Or<AvgPool2dRule<S, K, O>, K>,
  options?: O,
): Of<Also<FloatOnly<"avgPool2d", S, D>, AvgPool2dRule<S, K, O>>, D> {
  const t = x as unknown as RawTensor
  floatsOnly("avgPool2d")([t])
  return emit(op, [t], pooled("avgPool2d", t.shape, size as Pair, options ?? {}))
}
