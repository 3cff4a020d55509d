import { type Calls, defineOp, emit, make, type OpDef, raw, size, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { SameShape, Shape } from "../../typelevel/shape.ts"
import { type AtTensor, onesAt } from "./_axes.ts"
import type { IntegerOnly } from "./_dtypes.ts"
import { checkScatter, misplaced, type ScatterRule as Rule, someScatter } from "./_scatter.ts"
import { add } from "./add.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { greater } from "./greater.ts"
import { iota } from "./iota.ts"
import { reshape } from "./reshape.ts"
import { op as largest } from "./scatterMax.ts"
import { sub } from "./sub.ts"
import { op as take } from "./take.ts"
import { where } from "./where.ts"
import { zeros } from "./zeros.ts"

/** S, or the sentence where updates U are not as many as the indices I take from axis X. */
export type ScatterRule<
  S extends Shape,
  D extends DType,
  I extends Shape,
  U extends Shape,
  E extends DType,
  X extends number,
> = Rule<"scatter", S, D, I, U, E, X>
type AxisRule<S extends Shape, X extends number> = SameShape<"scatter", S, X>

/** x, i, u; attributes: the axis, non-negative. The largest number of an update of a place says which is the last, on every backend; it
 *  is looked up, and where there is none x stays. The derivative follows, by the rules of `take` and `where`. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "scatter",
  spelling: { onnx: "ScatterND", stablehlo: "scatter" },
  shape: ([x]) => x!,
  expand: ([x, i, u], { axis }) => {
    const s = x!.shape
    const count = size(i!.shape)
    if (count === 0) return x!
    const numbers = raw(reshape(raw(add(iota([count], 0), 1)), i!.shape))
    const none = raw(zeros([s[axis]!], "i32"))
    const which = make(largest, [i!, numbers, none], { axis: 0, batch: 0, size: s[axis]! })
    const others = s.map((_, k) => k).filter((k) => k !== axis)
    const named = broadcastTo(reshape(raw(greater(which, 0)), onesAt(s, others)), s)
    // where there is no update the index is -1, which `take` moves to 0; what is taken there is not used
    const rows = make(take, [raw(reshape(u!, s.with(axis, count))), raw(sub(which, 1))], { axis, batch: 0 })
    return where(raw(named), rows, x!)
  },
})
export const calls = (): Calls => ({
  examples: someScatter("f32", "f32", "i32", "bool"),
  refused: misplaced,
})

/**
 * x with updates in the place of what was at positions of an axis (by default the first).
 *
 * `y = x`, then `y[p, index[i..], s] = updates[p, i.., s]`. Where several updates go to one place the last (in row-major order of the
 * indices) stays, on every backend; the others get no gradient. x and updates of one dtype, any; indices i32 or u32; an index outside is
 * moved to the nearest end, as in `take`. Refuses updates of another shape than `take` would give. JAX `x.at[index].set(updates)`.
 * @example scatter(zeros([5, 2]), fromArray(Int32Array.of(1, 3), [2]), ones([2, 2])) // rows 1 and 3 are 1
 */
export function scatter<
  S extends Shape,
  D extends DType,
  I extends Shape,
  F extends DType,
  U extends Shape,
  E extends DType,
  const X extends number = 0,
>(
  x: Or<AtTensor<X, 0, AxisRule<S, X>, S>, Tensor<S, D>>,
  indices: Or<IntegerOnly<"scatter", I, F>, Tensor<I, F>>,
  updates: Or<AxisRule<S, X> extends string ? U : ScatterRule<S, D, I, U, E, X>, Tensor<U, E>>,
  axis?: Or<AxisRule<S, X>, X>,
): Of<IntegerOnly<"scatter", ScatterRule<S, D, I, U, E, X>, F>, D & E> {
  const [t, i, u] = [tensorIn("scatter", x), tensorIn("scatter", indices, "indices"), tensorIn("scatter", updates, "updates")]
  return emit(op, [t, i, u], { axis: checkScatter("scatter", t, i, u, axis ?? 0) })
}
