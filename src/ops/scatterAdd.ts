import { defineOp, emit, ir, lift, make, type OpDef, type RawTensor, raw } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
import { constantOf } from "./_constant.ts"
import { type IntegerOnly, type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { someIndices } from "./_examples.ts"
import { checkScatter, type ScatterRule } from "./_scatter.ts"
import { mul } from "./mul.ts"
import { type Lookup, op as take } from "./take.ts"

/** S, or the sentence where updates U are not as many as the indices I take from axis X. */
export type ScatterAddRule<
  S extends Shape,
  D extends DType,
  I extends Shape,
  U extends Shape,
  E extends DType,
  X extends number,
> = ScatterRule<"scatterAdd", S, D, I, U, E, X> extends infer R ? (R extends string ? R : NumberOnly<"scatterAdd", R, D>) : never
type AxisRule<S extends Shape, X extends number> = SameShape<"scatterAdd", S, X>

interface Attrs extends Lookup {
  readonly size: number
}
/** i [B, I], u [B, P, I, S] and a base [B, P, n, S], if there is one, gives [B, P, n, S]. Adjoint: take. A node of it IS the row-sparse
 *  gradient of a table: nothing dense exists until it is read. A constant factor goes into its rows, a sum into its base, so that
 *  `table - rate * gradient` is a scatter into the table. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "scatterAdd",
  spelling: { onnx: "ScatterND", stablehlo: "scatter" },
  shape: ([j, u], { axis, batch, size }) => ({ dtype: u!.dtype, shape: u!.shape.toSpliced(axis, j!.shape.length - batch, size) }),
  store: ([j, u, base], { attrs: { axis, batch, size }, ins, i: o }) => {
    const axes = ins[1]!.shape.map(ir.axis)
    const i = axes.map(ir.ix)
    const rank = ins[0]!.shape.length - batch
    const row = ir.dyn(j!([...i.slice(0, batch), ...i.slice(axis, axis + rank)]), size)
    return {
      init: base ? base(o) : ir.num(0, ins[1]!.dtype),
      axes,
      at: i.toSpliced(axis, rank, row),
      value: u!(i),
      accumulate: "add",
    }
  },
  jvp: ({ ins, tans: [, u, base], attrs }) => (u ? make(op, base ? [ins[0]!, u, base] : [ins[0]!, u], attrs) : (base ?? null)),
  transpose: ({ ct, ins, lin, attrs: { axis, batch } }) => [
    null,
    lin[1] ? make(take, [ct, ins[0]!], { axis, batch }) : null,
    lin[2] ? ct : null,
  ],
  batch: (a) => make(op, lift(a), { ...a.attrs, axis: a.attrs.axis + 1, batch: a.attrs.batch + 1 }),
  rewrite: ([j, u, base], attrs) => (base && constantOf(base) === 0 ? make(op, [j!, u!], attrs) : undefined),
  absorbScale: ({ ins, attrs }, by) => {
    const v = constantOf(by)
    return ins.length === 2 && v !== undefined ? make(op, [ins[0]!, raw(mul(ins[1]!, v))], attrs as Attrs) : undefined
  },
  absorbAdd: ({ ins, attrs }, to) => (ins.length === 2 ? make(op, [...ins, to], attrs as Attrs) : undefined),
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const shape = s.with(axis, Math.max(1, s[axis]!))
    const i = someIndices(g, shape[axis]!)
    const dtype = g.pick(["f32", "f32", "i32"])
    const updates = g.tensor(shape.toSpliced(axis, 1, ...i.shape), dtype)
    const args = [g.tensor(shape, dtype), i, updates]
    return axis === 0 && g.bool() ? args : [...args, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([g.int(5, 9), 3])],
    (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([4])],
    (g) => [g.tensor([5, 3]), g.tensor([4], g.pick(["f32", "bool"])), g.tensor([4, 3])],
    (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([4, 3], g.pick(["i32", "u32"]))],
    (g) => [g.tensor([5, 3]), g.tensor([4], "i32"), g.tensor([5, 4]), g.pick([2, -3])],
    (g) => [g.tensor([0, 3]), g.tensor([g.int(1, 4)], "i32"), g.tensor([4, 3])],
    (g) => [g.tensor([5, 3], "bool"), g.tensor([g.pick([4])], "i32"), g.tensor([4, 3], "bool")],
  ],
})

/**
 * x with updates added at positions of an axis (by default the first); updates of one position add up.
 *
 * `y = x`, then `y[p, index[i..], s] += updates[p, i.., s]`. x and updates of one dtype, of numbers; indices i32 or u32; an index outside
 * is moved to the nearest end, as in `take`, whose adjoint this is. Refuses updates of another shape than `take` would give.
 * JAX `x.at[index].add(updates)`.
 * @example scatterAdd(zeros([5, 2]), fromArray(Int32Array.of(1, 3, 1), [3]), ones([3, 2])) // row 1 is 2, row 3 is 1
 */
export function scatterAdd<
  S extends Shape,
  D extends DType,
  I extends Shape,
  F extends DType,
  U extends Shape,
  E extends DType,
  const X extends number = 0,
>(
  x: Or<AtTensor<X, 0, AxisRule<S, X>, S>, Tensor<S, D>>,
  indices: Or<IntegerOnly<"scatterAdd", I, F>, Tensor<I, F>>,
  updates: Or<AxisRule<S, X> extends string ? U : ScatterAddRule<S, D, I, U, E, X>, Tensor<U, E>>,
  axis?: Or<AxisRule<S, X>, X>,
): Of<IntegerOnly<"scatterAdd", ScatterAddRule<S, D, I, U, E, X>, F>, D & E> {
  const [t, i, u] = [x as unknown as RawTensor, indices as unknown as RawTensor, updates as unknown as RawTensor]
  const k = checkScatter("scatterAdd", t, i, u, axis ?? 0)
  numbersOnly("scatterAdd")([t])
  return emit(op, [i, u, t], { axis: k, batch: 0, size: t.shape[k]! })
}
