import { type Calls, defineOp, emit, lift, make, type OpDef, raw, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
import { constantOf } from "./_constant.ts"
import { type IntegerOnly, type NumberOnly, numbersOnly } from "./_dtypes.ts"
import {
  checkScatter,
  misplaced,
  notNumbers,
  scatteredShape,
  type Scattering,
  type ScatterRule,
  someScatter,
  storeOf,
} from "./_scatter.ts"
import { mul } from "./mul.ts"
import { op as take } from "./take.ts"

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

/** i [B, I], u [B, P, I, S] and a base [B, P, n, S], if there is one, gives [B, P, n, S]. Adjoint: take. A node of it IS the row-sparse
 *  gradient of a table: nothing dense exists until it is read. A constant factor goes into its rows, a sum into its base, so that
 *  `table - rate * gradient` is a scatter into the table. */
export const op: OpDef<Scattering> = defineOp<Scattering>({
  name: "scatterAdd",
  spelling: { onnx: "ScatterND", stablehlo: "scatter" },
  shape: (ins, attrs) => ({ dtype: ins[1]!.dtype, shape: scatteredShape(ins, attrs) }),
  store: storeOf("add"),
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
    return ins.length === 2 && v !== undefined ? make(op, [ins[0]!, raw(mul(ins[1]!, v))], attrs as Scattering) : undefined
  },
  absorbAdd: ({ ins, attrs }, to) => (ins.length === 2 ? make(op, [...ins, to], attrs as Scattering) : undefined),
})
export const calls = (): Calls => ({
  examples: someScatter("f32", "f32", "i32"),
  refused: [...misplaced, ...notNumbers],
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
  const [t, i, u] = [
    tensorIn("scatterAdd", x),
    tensorIn("scatterAdd", indices, "indices"),
    tensorIn("scatterAdd", updates, "updates"),
  ]
  const k = checkScatter("scatterAdd", t, i, u, axis ?? 0)
  numbersOnly("scatterAdd")([t])
  return emit(op, [i, u, t], { axis: k, batch: 0, size: t.shape[k]! })
}
