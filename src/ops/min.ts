import { type Calls, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type AtTensor, type AxisArg, type KeepDims, type NonEmptyRule, nonEmptyAxes, reduced } from "./_axes.ts"
import { extremeJvp } from "./_extreme.ts"
import { oneOf } from "./_examples.ts"
import { farExamples, type Over, reduction, reductionExamples, reductionRefused } from "./_reduction.ts"

export type MinRule<S extends Shape, X, O> = NonEmptyRule<"min", S, X, O>

/** Attributes: axes, non-negative and sorted. dy = mean of dx over the places where x = y. */
export const op: OpDef<Over> = reduction("min", "min", {
  jvp: (a) => extremeJvp(a),
  spelling: { onnx: "ReduceMin", stablehlo: "reduce" },
})
export const calls = (): Calls => ({
  examples: oneOf(reductionExamples(1, ["f32", "f32", "i32"]), farExamples),
  refused: [
    ...reductionRefused,
    (g) => [g.tensor([0, g.int(1, 3)])],
    (g) => [g.tensor([g.int(1, 3), 0]), -1, { keepDims: true }],
  ],
})

/**
 * The smallest element over axes (all of them where none is given).
 *
 * `y = min x[.., i, ..]`. Axes may be negative; `keepDims` keeps them with size 1. Every dtype. Its derivative is shared equally among
 * equal elements. Refuses axes that x does not have, and the minimum of no elements. NumPy `amin`. For two tensors: `minimum`.
 * @example min(ones([2, 3, 4]), -1) // [2, 3]
 */
export function min<S extends Shape, D extends DType, const X extends AxisArg = undefined, const O extends KeepDims = {}>(
  x: Or<AtTensor<X, undefined, MinRule<S, X, {}>, S>, Tensor<S, D>>,
  axes?: Or<MinRule<S, X, {}>, X>,
  options?: O,
): Of<MinRule<S, X, O>, D> {
  const t = tensorIn("min", x)
  return reduced(op, t, nonEmptyAxes("min", t, axes), options)
}
