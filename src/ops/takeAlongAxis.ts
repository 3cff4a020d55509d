import { type Calls, axisOf, defineOp, emit, make, type OpDef, type RawTensor, raw, refuse, tensorIn } from "../core/index.ts"
import { noBroadcast, ranksDiffer } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { JoinDim } from "../../typelevel/broadcast.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { noBroadcast as NoBroadcast, ranksDiffer as RanksDiffer } from "../../typelevel/messages.ts"
import type { Axis, Shape } from "../../typelevel/shape.ts"
import { type AxisToTake, type IndicesRule, nothingToTake, someAlong } from "./_along.ts"
import { type IntegerOnly, integersOnly } from "./_dtypes.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { moveAxis } from "./moveAxis.ts"
import { op as take } from "./take.ts"

/** The common shape of S and the indices I outside axis X, and the indices' size on it, or the sentence. */
export type TakeAlongAxisRule<S extends Shape, I extends Shape, X extends number> = IndicesRule<
  "takeAlongAxis",
  S,
  I,
  X,
  Joined<S, I, Axis<S, X>, S, I>
>
type Joined<S extends Shape, I extends Shape, A, P, Q, Acc extends Shape = []> = P extends readonly [
  infer M extends Dim,
  ...infer PR,
]
  ? Q extends readonly [infer N extends Dim, ...infer QR]
    ? Acc["length"] extends A
      ? Joined<S, I, A, PR, QR, [...Acc, N]>
      : JoinDim<M, N> extends infer Z extends Dim
        ? [Z] extends [never]
          ? NoBroadcast<"takeAlongAxis", S, I, M, N>
          : Joined<S, I, A, PR, QR, [...Acc, Z]>
        : never
    : RanksDiffer<"takeAlongAxis", S, I>
  : Acc

const joined = (s: readonly number[], i: readonly number[], axis: number): number[] =>
  s.map((m, k) => {
    const n = i[k]!
    if (k === axis || m === n) return n
    return m === 1 ? n : n === 1 ? m : refuse(noBroadcast("takeAlongAxis", s, i, m, n))
  })

/** x and indices; attributes: the axis, non-negative. With that axis last all others are batches of `take`. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "takeAlongAxis",
  spelling: { onnx: "GatherElements", stablehlo: "gather" },
  shape: ([x, i], { axis }) => ({ dtype: x!.dtype, shape: joined(x!.shape, i!.shape, axis) }),
  expand: ([x, i], { axis }) => {
    const out = joined(x!.shape, i!.shape, axis)
    const last = out.length - 1
    const behind = (t: RawTensor, n: number): RawTensor => raw(moveAxis(broadcastTo(t, out.with(axis, n)), axis, last))
    const taken = make(take, [behind(x!, x!.shape[axis]!), behind(i!, out[axis]!)], { axis: last, batch: last })
    return moveAxis(taken, last, axis)
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [x, i, axis] = someAlong(g)
    const lone = (t: readonly number[]): number[] => t.map((n, k) => (k !== axis && g.int(0, 3) === 0 ? 1 : n))
    const table = g.tensor(lone(x), g.pick(["f32", "f32", "i32", "bool"]))
    return [table, g.tensor(lone(i), g.pick(["i32", "u32"]), { lo: 0, hi: x[axis]! }), g.bool() ? axis : axis - x.length]
  },
  refused: [
    (g) => [g.tensor([4, 3]), g.tensor([2, g.int(4, 9)], "i32"), 0],
    (g) => [g.tensor([4, 3]), g.tensor([g.pick([2, 3])], "i32"), 0],
    (g) => [g.tensor([3]), g.tensor([g.pick([2, 3]), 3], "i32"), 0],
    (g) => [g.tensor([4, 3]), g.tensor([2, 3], g.pick(["f32", "bool"])), 0],
    (g) => [g.tensor([4, 3]), g.tensor([2, 3], "i32"), g.pick([2, -3])],
    (g) => [g.tensor([4, 0]), g.tensor([4, g.int(1, 4)], "i32"), 1],
  ],
})

/**
 * Elements of x at the given positions of an axis, chosen for each place on the other axes: what `argmax` and its like give positions of.
 *
 * `y[p, i, s] = x[p, index[p, i, s], s]`: x and indices have one rank, broadcast outside the axis, and the result has the indices' size
 * on it. x of every dtype; indices i32 or u32; an index outside is moved to the nearest end, as in `take`. Refuses other ranks and sizes,
 * and an empty axis. NumPy `take_along_axis`.
 * @example takeAlongAxis(zeros([8, 10]), fromArray(new Int32Array(8), [8, 1]), 1) // [8, 1]
 */
export function takeAlongAxis<S extends Shape, D extends DType, I extends Shape, E extends DType, const X extends number>(
  x: Tensor<S, D>,
  indices: Or<
    AxisToTake<"takeAlongAxis", S, X> extends string ? I : IntegerOnly<"takeAlongAxis", TakeAlongAxisRule<S, I, X>, E>,
    Tensor<I, E>
  >,
  axis: Or<AxisToTake<"takeAlongAxis", S, X>, X>,
): Of<IntegerOnly<"takeAlongAxis", TakeAlongAxisRule<S, I, X>, E>, D> {
  const [t, i] = [tensorIn("takeAlongAxis", x), tensorIn("takeAlongAxis", indices, "indices")]
  const k = axisOf("takeAlongAxis", t.shape, axis as number)
  nothingToTake("takeAlongAxis", t.shape, k)
  integersOnly("takeAlongAxis")([i])
  if (i.shape.length !== t.shape.length) refuse(ranksDiffer("takeAlongAxis", t.shape, i.shape))
  return emit(op, [t, i], { axis: k })
}
