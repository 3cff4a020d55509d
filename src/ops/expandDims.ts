import { type Calls, defineOp, emit, type OpDef, refuse, show, tensorIn, text } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Axis, Insert, Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { reshape } from "./reshape.ts"

/** S with a dimension of 1 at axis X of the result, or the sentence. */
export type ExpandDimsRule<S extends Shape, X extends number> =
  Rankless<S> extends true
    ? Shape
    : Axis<[...S, 1], X> extends infer A
      ? [A] extends [never]
        ? outside<S, X>
        : number extends A
          ? Shape
          : Insert<S, A & number, 1>
      : never
type outside<
  S extends Shape,
  X extends number,
> = `expandDims: axis ${X} is outside the result, which has one axis more than ${Show<S>}; count axes from 0, or from the end with -1`
const outside = (s: readonly number[], axis: number): string =>
  `expandDims: axis ${text(axis)} is outside the result, which has one axis more than ${show(s)}; count axes from 0, or from the end with -1`

/** Attributes: the axis in the result, non-negative. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "expandDims",
  spelling: { onnx: "Unsqueeze", stablehlo: "reshape" },
  shape: ([x], { axis }) => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(axis, 0, 1) }),
  expand: ([x], { axis }) => reshape(x!, x!.shape.toSpliced(axis, 0, 1)),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    return [g.tensor(s), g.int(-s.length - 1, s.length)]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(3, 9)],
    (g) => [g.tensor([2, 3]), g.int(-9, -4)],
    (g) => [g.tensor([]), g.pick([1, 2, -2])],
  ],
})

/**
 * x with one more axis, of size 1, which becomes axis `axis` of the result.
 *
 * Every shape and dtype; a negative axis counts from the end of the result. NumPy `expand_dims`.
 * @example expandDims(zeros([2, 3]), -1) // [2, 3, 1]
 */
export function expandDims<S extends Shape, D extends DType, const X extends number>(
  x: Tensor<S, D>,
  axis: Or<ExpandDimsRule<S, X>, X>,
): Of<ExpandDimsRule<S, X>, D> {
  const s = tensorIn("expandDims", x).shape
  const k = axis as number
  const rank = s.length + 1
  if (!Number.isInteger(k) || k < -rank || k >= rank) refuse(outside(s, k))
  return emit(op, [x], { axis: k < 0 ? k + rank : k })
}
