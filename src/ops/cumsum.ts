import { type Calls, axisOf, defineOp, emit, ir, linearIn, type OpDef, tensorIn, flagIn, optionsIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
import { cast } from "./cast.ts"
import type { SumDType } from "./sum.ts"

export type CumsumRule<S extends Shape, X extends number> = SameShape<"cumsum", S, X>
interface Attrs {
  readonly axis: number
  readonly reverse: boolean
}

/** Attributes: axis, non-negative. A reduction with a triangular bound, by which backends know a running sum. Adjoint: the other direction. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "cumsum",
  spelling: { onnx: "CumSum" },
  shape: ([x]) => x!,
  body: ([x], { i, attrs: { axis, reverse }, out }) => {
    const n = out.shape[axis]!
    const place = (e: ir.IxLike): ir.Ix => (reverse ? ir.plus(ir.times(e, -1), n - 1) : ir.ix(e))
    return ir.reduce("add", [n], ([j]) => x!(i.map((e, k) => (k === axis ? place(j!) : e))), place(i[axis]!))
  },
  jvp: linearIn(() => op),
  transpose: ({ ct, attrs: { axis, reverse } }) => [cumsum(ct, axis, { reverse: !reverse })],
  batch: ({ ins, attrs: { axis, reverse } }) => cumsum(ins[0]!, axis + 1, { reverse }),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 4)
    const x = g.tensor(s, g.pick(["f32", "f32", "i32", "bool"]))
    return g.pick([[x], [x, g.int(-s.length, s.length - 1)], [x, g.int(0, s.length - 1), { reverse: true }]])
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 9)],
    (g) => [g.tensor([2, 3]), g.int(-9, -3), { reverse: true }],
    (g) => [g.tensor([]), g.pick([0, -1])],
  ],
})

/**
 * Running sum along an axis (by default the last); with `reverse`: of what is left.
 *
 * `y[i] = sum over j <= i of x[j]` (reverse: j >= i). Every dtype; bool counts as i32. Refuses an axis that x does not have.
 * NumPy `cumsum` (which flattens where no axis is given).
 * @example cumsum(ones([3])) // 1, 2, 3
 */
export function cumsum<S extends Shape, D extends DType, const X extends number = -1>(
  x: Or<AtTensor<X, -1, CumsumRule<S, X>, S>, Tensor<S, D>>,
  axis?: Or<CumsumRule<S, X>, X>,
  options?: { readonly reverse?: boolean },
): Of<CumsumRule<S, X>, SumDType<D>> {
  const t = tensorIn("cumsum", x)
  const { reverse } = optionsIn<{ readonly reverse?: boolean }>("cumsum", options, ["reverse"])
  const attrs = { axis: axisOf("cumsum", t.shape, (axis ?? -1) as number), reverse: flagIn("cumsum", "reverse", reverse) }
  return emit(op, [t.dtype === "bool" ? cast(t, "i32") : t], attrs)
}
