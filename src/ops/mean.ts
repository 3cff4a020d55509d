import { type Calls, defineOp, floatsOnly, make, type OpDef, type RawTensor, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type AtTensor, type AxisArg, type KeepDims, type NonEmptyRule, nonEmptyAxes, reduced } from "./_axes.ts"
import { type Over, reductionExamples, reductionRefused } from "./_reduction.ts"
import { div } from "./div.ts"
import { sum } from "./sum.ts"

export type MeanRule<S extends Shape, X, O> = NonEmptyRule<"mean", S, X, O>

/** Attributes: axes, non-negative and sorted. */
export const op: OpDef<Over> = defineOp<Over>({
  name: "mean",
  spelling: { onnx: "ReduceMean" },
  shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes }) =>
    div(
      sum(x!, axes),
      axes.reduce((n, k) => n * x!.shape[k]!, 1),
    ),
  batch: ({ ins, attrs }): RawTensor => make(op, ins, { axes: attrs.axes.map((k) => k + 1) }),
})
export const calls = (): Calls => ({
  examples: reductionExamples(1),
  refused: [
    ...reductionRefused,
    (g) => [g.tensor([2, g.int(1, 3)], g.pick(["i32", "bool"]))],
    (g) => [g.tensor([0, g.int(1, 3)])],
  ],
})

/**
 * Arithmetic mean over axes (all of them where none is given).
 *
 * `y = (1/n) sum x[.., i, ..]`. Floats; axes may be negative; `keepDims` keeps them with size 1. Refuses integers, axes that x does not
 * have, and the mean of no elements. NumPy `mean`.
 * @example mean(ones([2, 3, 4]), 0) // [3, 4]
 */
export function mean<S extends Shape, D extends DType, const X extends AxisArg = undefined, const O extends KeepDims = {}>(
  x: Or<FloatOnly<"mean", AtTensor<X, undefined, MeanRule<S, X, {}>, S>, D>, Tensor<S, D>>,
  axes?: Or<MeanRule<S, X, {}>, X>,
  options?: O,
): Of<Also<FloatOnly<"mean", S, D>, MeanRule<S, X, O>>, D> {
  const t = tensorIn("mean", x)
  floatsOnly("mean")([t])
  return reduced(op, t, nonEmptyAxes("mean", t, axes), options)
}
