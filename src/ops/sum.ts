import { type Calls, linearIn, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { axesFor, type AxisArg, type KeepDims, reduced, type ReduceRule, spread } from "./_axes.ts"
import { type Over, reduction, reductionExamples, reductionRefused } from "./_reduction.ts"
import { cast } from "./cast.ts"

export type SumRule<S extends Shape, X, O> = ReduceRule<"sum", S, X, O>
/** Booleans are counted. */
export type SumDType<D extends DType> = D extends "bool" ? "i32" : D

/** Attributes: axes, non-negative and sorted. Linear; adjoint: repeat along the axes. */
export const op: OpDef<Over> = reduction("sum", "add", {
  jvp: linearIn(() => op),
  transpose: ({ ct, ins, attrs }) => [spread(ct, ins[0]!.shape, attrs.axes)],
  spelling: { onnx: "ReduceSum", stablehlo: "reduce" },
})
export const calls = (): Calls => ({
  examples: reductionExamples(0, ["f32", "f32", "i32", "bool"]),
  refused: reductionRefused,
})

/**
 * Sum over axes (all of them where none is given); 0 over no elements.
 *
 * `y = sum x[.., i, ..]`. Axes may be negative; `keepDims` keeps them with size 1. Every dtype, accumulated in it; bool counts as i32.
 * Refuses axes that x does not have, or twice the same. NumPy `sum`.
 * @example sum(ones([2, 3, 4]), [0, -1]) // [3]
 */
export function sum<S extends Shape, D extends DType, const X extends AxisArg = undefined, const O extends KeepDims = {}>(
  x: Tensor<S, D>,
  axes?: Or<SumRule<S, X, {}>, X>,
  options?: O,
): Of<SumRule<S, X, O>, SumDType<D>> {
  const t = tensorIn("sum", x)
  return reduced(op, t.dtype === "bool" ? cast(t, "i32") : t, axesFor("sum", t, axes), options)
}
