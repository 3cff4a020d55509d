import { type Calls, defineOp, emit, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { diagonalExamples, diagonalRefused } from "./_diagonal.ts"
import { cast } from "./cast.ts"
import { type Along, along, diagonal, type DiagonalRule, type FirstRule, type OffsetRule, type TwoAxes } from "./diagonal.ts"
import { sum, type SumDType } from "./sum.ts"

/** S without the two axes, or the sentence about the second. */
export type TraceRule<S extends Shape, K extends number, P extends number, Q> =
  DiagonalRule<"trace", S, K, P, Q> extends infer R ? (R extends readonly [...infer T extends Shape, Dim] ? T : R) : never

export const op: OpDef<Along> = defineOp<Along>({
  name: "trace",
  shape: ([x], { from, to }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => k !== from && k !== to) }),
  expand: ([x], { offset, from, to }) => sum(diagonal(x!, offset, from, to), -1),
})
export const calls = (): Calls => ({
  examples: diagonalExamples(["f32", "f32", "i32", "bool"]),
  refused: diagonalRefused,
})

/**
 * The sum of a diagonal of x: on two axes (by default the first two), `offset` beside the main one; 0 beyond the matrix.
 *
 * `y[..] = sum over i of x[.., i, .., i + offset, ..]`. Every dtype; bool counts as i32; axes may be negative. Refuses what `diagonal`
 * refuses. NumPy `trace`.
 * @example trace(ones([3, 5, 4]), 0, 0, 2) // [5]
 */
export function trace<
  S extends Shape,
  D extends DType,
  const K extends number = 0,
  const P extends number = 0,
  const Q extends number | undefined = undefined,
>(
  x: Or<TwoAxes<"trace", S>, Tensor<S, D>>,
  offset?: Or<OffsetRule<"trace", S, K>, K>,
  axis1?: Or<FirstRule<"trace", S, K, P, Q>, P>,
  axis2?: Or<DiagonalRule<"trace", S, K, P, Q>, Q>,
): Of<TraceRule<S, K, P, Q>, SumDType<D>> {
  const t = tensorIn("trace", x)
  const by = along("trace", t.shape, offset, axis1, axis2)
  return emit(op, [t.dtype === "bool" ? cast(t, "i32") : t], by)
}
