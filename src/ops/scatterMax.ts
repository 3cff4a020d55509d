import {
  type Calls,
  type AnyTensor,
  defineOp,
  emit,
  lift,
  make,
  type Maybe,
  type OpDef,
  type RawTensor,
  raw,
  tensorIn,
} from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
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
import { add } from "./add.ts"
import { cast } from "./cast.ts"
import { div } from "./div.ts"
import { equal } from "./equal.ts"
import { mul } from "./mul.ts"
import { op as scatterAdd } from "./scatterAdd.ts"
import { op as take } from "./take.ts"

/** S, or the sentence where updates U are not as many as the indices I take from axis X. */
export type ScatterMaxRule<
  S extends Shape,
  D extends DType,
  I extends Shape,
  U extends Shape,
  E extends DType,
  X extends number,
> = ScatterRule<"scatterMax", S, D, I, U, E, X> extends infer R ? (R extends string ? R : NumberOnly<"scatterMax", R, D>) : never
type AxisRule<S extends Shape, X extends number> = SameShape<"scatterMax", S, X>

/** i [B, I], u [B, P, I, S] and a base [B, P, n, S] gives [B, P, n, S]. A maximum does not depend on the order, so no backend needs one.
 *  dy is the mean of the tangents of what is as large as y. */
export const op: OpDef<Scattering> = defineOp<Scattering>({
  name: "scatterMax",
  spelling: { onnx: "ScatterND", stablehlo: "scatter" },
  shape: (ins, attrs) => ({ dtype: ins[1]!.dtype, shape: scatteredShape(ins, attrs) }),
  store: storeOf("max"),
  jvp: ({ ins: [i, u, x], tans: [, du, dx], out: y, attrs }) => {
    if (!du && !dx) return null
    const at = (t: RawTensor, largest: RawTensor): RawTensor => raw(cast(equal(t, largest), y.dtype))
    const [fromX, fromU] = [at(x!, y), at(u!, make(take, [y, i!], { axis: attrs.axis, batch: attrs.batch }))]
    const onto = (t: RawTensor, base?: AnyTensor): RawTensor => make(scatterAdd, base ? [i!, t, raw(base)] : [i!, t], attrs)
    const tangent: Maybe = dx ? raw(mul(fromX, dx)) : null
    const moved = du ? onto(raw(mul(fromU, du))) : null
    return div(tangent && moved ? add(tangent, moved) : (tangent ?? moved!), onto(fromU, fromX))
  },
  batch: (a) => make(op, lift(a), { ...a.attrs, axis: a.attrs.axis + 1, batch: a.attrs.batch + 1 }),
})
export const calls = (): Calls => ({
  examples: someScatter("f32", "f32", "i32"),
  refused: [...misplaced, ...notNumbers],
})

/**
 * x, at positions of an axis (by default the first) as large as the updates for them at least.
 *
 * `y = x`, then `y[p, index[i..], s] = max(y[p, index[i..], s], updates[p, i.., s])`. x and updates of one dtype, of numbers; indices i32
 * or u32; an index outside is moved to the nearest end, as in `take`. Equal values share the derivative. Refuses updates of another
 * shape than `take` would give. JAX `x.at[index].max(updates)`.
 * @example scatterMax(zeros([3]), fromArray(Int32Array.of(1, 1), [2]), fromArray(Float32Array.of(5, 4), [2])) // 0, 5, 0
 */
export function scatterMax<
  S extends Shape,
  D extends DType,
  I extends Shape,
  F extends DType,
  U extends Shape,
  E extends DType,
  const X extends number = 0,
>(
  x: Or<AtTensor<X, 0, AxisRule<S, X>, S>, Tensor<S, D>>,
  indices: Or<IntegerOnly<"scatterMax", I, F>, Tensor<I, F>>,
  updates: Or<AxisRule<S, X> extends string ? U : ScatterMaxRule<S, D, I, U, E, X>, Tensor<U, E>>,
  axis?: Or<AxisRule<S, X>, X>,
): Of<IntegerOnly<"scatterMax", ScatterMaxRule<S, D, I, U, E, X>, F>, D & E> {
  const [t, i, u] = [
    tensorIn("scatterMax", x),
    tensorIn("scatterMax", indices, "indices"),
    tensorIn("scatterMax", updates, "updates"),
  ]
  const k = checkScatter("scatterMax", t, i, u, axis ?? 0)
  numbersOnly("scatterMax")([t])
  return emit(op, [i, u, t], { axis: k, batch: 0, size: t.shape[k]! })
}
