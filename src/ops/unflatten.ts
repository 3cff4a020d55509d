import type { DType } from "../../typelevel/dtype.ts"
import type { UnflattenAxis } from "../../typelevel/flatten.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, axisOf, defineOp, emit, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import { reshape, reshaped } from "./reshape.ts"
import { sizesIn } from "./_sizes.ts"

export type UnflattenRule<S extends Shape, X extends number, T extends Shape> = UnflattenAxis<"unflatten", S, X, T>
/** The same for the axis alone. */
type AtAxis<S extends Shape, X extends number> = UnflattenRule<S, X, [-1]>

interface Attrs {
  readonly axis: number
  readonly sizes: readonly number[]
}
/** Attributes: the axis, non-negative, and sizes without -1. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "unflatten",
  spelling: { onnx: "Reshape", stablehlo: "reshape" },
  shape: ([x], { axis, sizes }) => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(axis, 1, ...sizes) }),
  expand: ([x], { axis, sizes }) => reshape(x!, x!.shape.toSpliced(axis, 1, ...sizes)),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const [a, b] = [g.int(1, 3), g.int(1, 2)]
    const n = s[axis]!
    const sizes = g.pick([[a, n, b], [a * b, -1], [-1, b], [n * a, b], [-1]])
    const all = sizes.includes(-1) ? n * a * b : sizes.reduce((p, q) => p * q, 1)
    return [g.tensor(s.with(axis, all)), g.bool() ? axis : axis - s.length, sizes]
  },
  refused: [
    (g) => [g.tensor([2, 6]), g.int(2, 5), [2, 3]],
    (g) => [g.tensor([2, 6]), -1, [2, g.int(4, 9)]],
    (g) => [g.tensor([2, 6]), 1, [-1, g.pick([4, 5, 7])]],
    (g) => [g.tensor([2, 6]), g.pick([1, -1]), [-1, -1]],
    (g) => [g.tensor([2, 6]), 1, [g.int(-9, -2), 3]],
    (g) => [g.tensor([2, g.int(2, 5)]), 1, [0, -1]],
  ],
})

/**
 * One axis as several, of the given sizes, of which one may be -1 and is inferred.
 *
 * The elements stay in row-major order. Every dtype; the axis may be negative. Refuses an axis that x does not have, and sizes whose product
 * is not its size. PyTorch `unflatten`.
 * @example unflatten(zeros([2, 12, 5]), 1, [3, -1]) // [2, 3, 4, 5]
 */
export function unflatten<S extends Shape, D extends DType, const X extends number, const T extends Shape>(
  x: Tensor<S, D>,
  axis: Or<AtAxis<S, X>, X>,
  sizes: Or<UnflattenRule<S, X, T>, readonly [...T]>,
): Of<UnflattenRule<S, X, [...T]>, D> {
  const s = tensorIn("unflatten", x).shape
  const k = axisOf("unflatten", s, axis as number)
  return emit(op, [x], { axis: k, sizes: reshaped("unflatten", [s[k]!], sizesIn("unflatten", sizes)) })
}
