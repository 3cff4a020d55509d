import { type Calls, axisOf, defineOp, emit, ir, lift, make, type OpDef, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Axis, Rankless, Shape, Splice } from "../../typelevel/shape.ts"
import { type AxisToTake, nothingToTake } from "./_along.ts"
import type { AtTensor } from "./_axes.ts"
import { type IntegerOnly, integersOnly } from "./_dtypes.ts"
import { someIndices } from "./_examples.ts"
import { moveAxis } from "./moveAxis.ts"
import { op as scatter } from "./scatterAdd.ts"

/** S with axis X replaced by the shape of the indices, or the sentence. */
export type TakeRule<S extends Shape, I extends Shape, X extends number> =
  AxisToTake<"take", S, X> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? Shape
      : Rankless<I> extends true
        ? Shape
        : number extends Axis<S, X>
          ? Shape
          : Splice<S, Axis<S, X>, I>

export interface Lookup {
  /** Axis of x, the batch axes counted. */
  readonly axis: number
  /** Leading axes that x and the indices share. */
  readonly batch: number
}
/** x [B, P, n, S], i [B, I] gives [B, P, I, S]. Backends clamp the index. Adjoint: scatterAdd. */
export const op: OpDef<Lookup> = defineOp<Lookup>({
  name: "take",
  spelling: { onnx: "Gather", stablehlo: "gather" },
  shape: ([x, j], { axis, batch }) => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(axis, 1, ...j!.shape.slice(batch)) }),
  body: ([x, j], { i, attrs: { axis, batch }, ins }) => {
    const rank = ins[1]!.shape.length - batch
    const at = ir.dyn(j!([...i.slice(0, batch), ...i.slice(axis, axis + rank)]), ins[0]!.shape[axis]!)
    return x!(i.toSpliced(axis, rank, at))
  },
  jvp: ({ ins, tans, attrs }) => tans[0]! && make(op, [tans[0]!, ins[1]!], attrs),
  transpose: ({ ct, ins, attrs }) => [make(scatter, [ins[1]!, ct], { ...attrs, size: ins[0]!.shape[attrs.axis]! }), null],
  batch: (a) => {
    const { axis, batch } = a.attrs
    // one table, many lookups; or many tables, one lookup: nothing is repeated
    if (batch === 0 && !a.on[0]) return moveAxis(make(op, a.ins, a.attrs), axis, 0)
    if (batch === 0 && !a.on[1]) return make(op, a.ins, { axis: axis + 1, batch })
    return make(op, lift(a), { axis: axis + 1, batch: batch + 1 })
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const x = g.tensor(s.with(axis, Math.max(1, s[axis]!)), g.pick(["f32", "f32", "i32"]))
    const i = someIndices(g, x.shape[axis]!)
    return axis === 0 && g.bool() ? [x, i] : [x, i, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([4], "i32"), g.pick([2, -3])],
    (g) => [g.tensor([2, 3]), g.tensor([g.int(1, 4)], g.pick(["f32", "bool"]))],
    (g) => [g.tensor([0, 3]), g.tensor([g.int(1, 4)], "i32")],
    (g) => [g.tensor([]), g.tensor([g.int(1, 4)], "i32")],
  ],
})

/**
 * Slices of x at the given positions of an axis (by default the first).
 *
 * `y[p, i.., s] = x[p, index[i..], s]`: the axis is replaced by the axes of the indices. x of every dtype; indices i32 or u32. An index
 * outside is moved to the nearest end (JAX's `mode="clip"`). Refuses indices that are no integers, and an empty axis. NumPy `take`.
 * @example take(zeros([100, 16]), fromArray(Int32Array.of(3, 5, 3), [3])) // [3, 16]
 */
export function take<S extends Shape, D extends DType, I extends Shape, E extends DType, const X extends number = 0>(
  x: Or<AtTensor<X, 0, TakeRule<S, I, X>, S>, Tensor<S, D>>,
  indices: Or<IntegerOnly<"take", I, E>, Tensor<I, E>>,
  axis?: Or<TakeRule<S, I, X>, X>,
): Of<IntegerOnly<"take", TakeRule<S, I, X>, E>, D> {
  const [t, i] = [tensorIn("take", x), tensorIn("take", indices, "indices")]
  const along = (): number => {
    const k = axisOf("take", t.shape, (axis ?? 0) as number)
    nothingToTake("take", t.shape, k)
    return k
  }
  // the order of the arguments: what is wrong with the first axis stands at the tensor
  if ((axis ?? 0) === 0) along()
  integersOnly("take")([i])
  const k = along()
  return emit(op, [t, i], { axis: k, batch: 0 })
}
