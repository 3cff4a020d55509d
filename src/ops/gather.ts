import { type Calls, axisOf, defineOp, emit, make, type OpDef, raw, refuse, show, tensorIn } from "../core/index.ts"
import { ranksDiffer } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { ranksDiffer as RanksDiffer } from "../../typelevel/messages.ts"
import type { Compare } from "../../typelevel/nat.ts"
import type { Axis, Shape, Show } from "../../typelevel/shape.ts"
import { type AxisToTake, type IndicesRule, nothingToTake, someAlong } from "./_along.ts"
import { type IntegerOnly, integersOnly } from "./_dtypes.ts"
import { slice } from "./slice.ts"
import { op as takeAlongAxis } from "./takeAlongAxis.ts"

/** The shape of the indices I, or the sentence where they are more than S outside axis X. */
export type GatherRule<S extends Shape, I extends Shape, X extends number> = IndicesRule<
  "gather",
  S,
  I,
  X,
  Within<S, I, Axis<S, X>, S, I>
>
type Within<S extends Shape, I extends Shape, A, P, Q, Seen extends 0[] = []> = P extends readonly [
  infer M extends Dim,
  ...infer PR,
]
  ? Q extends readonly [infer N extends Dim, ...infer QR]
    ? Seen["length"] extends A
      ? Within<S, I, A, PR, QR, [...Seen, 0]>
      : [M, N] extends [infer R extends number, infer T extends number]
        ? ">" extends Compare<T, R>
          ? number extends R | T
            ? Within<S, I, A, PR, QR, [...Seen, 0]>
            : beyond<S, I, T, R>
          : Within<S, I, A, PR, QR, [...Seen, 0]>
        : Within<S, I, A, PR, QR, [...Seen, 0]>
    : RanksDiffer<"gather", S, I>
  : [...I]
type beyond<
  S,
  I,
  N extends number,
  M extends number,
> = `gather: indices ${Show<I>} are more than ${Show<S>} outside the axis: ${N} is more than ${M}; slice the indices`
const beyond = (s: readonly number[], i: readonly number[], n: number, m: number): string =>
  `gather: indices ${show(i)} are more than ${show(s)} outside the axis: ${n} is more than ${m}; slice the indices`

/** x and indices; attributes: the axis, non-negative. takeAlongAxis of the part of x that the indices speak about. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "gather",
  spelling: { onnx: "GatherElements", stablehlo: "gather" },
  shape: ([x, i]) => ({ dtype: x!.dtype, shape: i!.shape }),
  expand: ([x, i], { axis }) => {
    const part = slice(
      x!,
      i!.shape.map((n, k) => (k === axis ? null : ([0, n] as const))),
    )
    return make(takeAlongAxis, [raw(part), i!], { axis })
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [x, i, axis] = someAlong(g)
    const fewer = i.map((n, k) => (k !== axis && g.int(0, 2) === 0 ? g.int(0, n) : n))
    const table = g.tensor(x, g.pick(["f32", "f32", "i32", "bool"]))
    return [table, g.tensor(fewer, g.pick(["i32", "u32"]), { lo: 0, hi: x[axis]! }), g.bool() ? axis : axis - x.length]
  },
  refused: [
    (g) => [g.tensor([4, 3]), g.tensor([2, g.int(4, 9)], "i32"), 0],
    (g) => [g.tensor([4, 3]), g.tensor([g.pick([2, 3])], "i32"), 0],
    (g) => [g.tensor([4, 3]), g.tensor([2, 3], g.pick(["f32", "bool"])), 0],
    (g) => [g.tensor([4, 3]), g.tensor([2, 3], "i32"), g.pick([2, -3])],
    (g) => [g.tensor([4, 0]), g.tensor([4, g.int(1, 4)], "i32"), 1],
  ],
})

/**
 * Elements of x at the given positions of an axis, one for each index: the result has the shape of the indices.
 *
 * `y[p, i, s] = x[p, index[p, i, s], s]`, as `takeAlongAxis`, but nothing broadcasts: outside the axis the indices may be fewer than x, and
 * then speak about its beginning. x of every dtype; indices i32 or u32; an index outside is moved to the nearest end. Refuses other
 * ranks, more indices than x has, and an empty axis. PyTorch `gather`.
 * @example gather(zeros([8, 10]), fromArray(new Int32Array(6), [3, 2]), 1) // [3, 2]
 */
export function gather<S extends Shape, D extends DType, I extends Shape, E extends DType, const X extends number>(
  x: Tensor<S, D>,
  indices: Or<AxisToTake<"gather", S, X> extends string ? I : IntegerOnly<"gather", GatherRule<S, I, X>, E>, Tensor<I, E>>,
  axis: Or<AxisToTake<"gather", S, X>, X>,
): Of<IntegerOnly<"gather", GatherRule<S, I, X>, E>, D> {
  const [t, i] = [tensorIn("gather", x), tensorIn("gather", indices, "indices")]
  const k = axisOf("gather", t.shape, axis as number)
  nothingToTake("gather", t.shape, k)
  integersOnly("gather")([i])
  if (i.shape.length !== t.shape.length) refuse(ranksDiffer("gather", t.shape, i.shape))
  t.shape.forEach((m, j) => j !== k && i.shape[j]! > m && refuse(beyond(t.shape, i.shape, i.shape[j]!, m)))
  return emit(op, [t, i], { axis: k })
}
