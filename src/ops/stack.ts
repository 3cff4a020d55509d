import { type Calls, defineOp, emit, type OpDef, type RawTensor, raw, refuse, show, tensorsIn, text } from "../core/index.ts"
import { dtypesDiffer, ofNothing, ranksDiffer } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { ShowDim } from "../../typelevel/dim.ts"
import type {
  dtypesDiffer as DTypesDiffer,
  ofNothing as OfNothing,
  ranksDiffer as RanksDiffer,
} from "../../typelevel/messages.ts"
import type { Clash } from "../../typelevel/reshape.ts"
import type { OrList, TensorLike } from "../../typelevel/rule.ts"
import type { Axis, Insert, Rankless, SameSizes, Shape, Show } from "../../typelevel/shape.ts"
import { concat } from "./concat.ts"
import { expandDims } from "./expandDims.ts"

/** The list with the sentence in the place of the first tensor that differs from the first; what failed before (`never`) is passed over. */
export type Alike<Op extends string, L extends readonly TensorLike[]> = L extends readonly [
  infer H extends TensorLike,
  ...infer T,
]
  ? [H] extends [never]
    ? L
    : Rest<Op, H["shape"], H["dtype"], T, [H]>
  : L extends readonly []
    ? OfNothing<Op>
    : L
type Rest<Op extends string, S extends Shape, D, T, Seen extends readonly unknown[]> = T extends readonly [
  infer H extends TensorLike,
  ...infer R,
]
  ? [H] extends [never]
    ? Rest<Op, S, D, R, [...Seen, H]>
    : [D & H["dtype"]] extends [never]
      ? [...Seen, DTypesDiffer<Op, D & string, H["dtype"]>, ...R]
      : SameSizes<S, H["shape"]> extends true
        ? Rest<Op, S, D, R, [...Seen, H]>
        : [...Seen, Differ<Op, S, H["shape"]>, ...R]
  : Seen
type Differ<Op extends string, S extends Shape, T extends Shape> = S["length"] extends T["length"]
  ? Clash<S, T> extends [infer X, infer Y]
    ? shapesDiffer<Op, S, T, X, Y>
    : never
  : RanksDiffer<Op, S, T>
type shapesDiffer<
  Op extends string,
  S,
  T,
  X,
  Y,
> = `${Op}: shapes differ: ${Show<S>} and ${Show<T>}: ${ShowDim<X>} is not ${ShowDim<Y>}; pad or slice one of them`
const shapesDiffer = (op: string, s: readonly number[], t: readonly number[], x: number, y: number): string =>
  `${op}: shapes differ: ${show(s)} and ${show(t)}: ${x} is not ${y}; pad or slice one of them`
/** The shape of all, or the sentence. */
export const alike = (op: string, all: readonly RawTensor[]): readonly number[] => {
  const first = all[0] ?? refuse(ofNothing(op))
  for (const x of all) {
    if (x.dtype !== first.dtype) refuse(dtypesDiffer(op, first.dtype, x.dtype))
    if (x.shape.length !== first.shape.length) refuse(ranksDiffer(op, first.shape, x.shape))
    const at = first.shape.findIndex((n, k) => n !== x.shape[k])
    if (at >= 0) refuse(shapesDiffer(op, first.shape, x.shape, first.shape[at]!, x.shape[at]!))
  }
  return first.shape
}

/** The common shape with the number of tensors at axis X of the result, or the sentence. */
export type StackRule<L extends readonly TensorLike[], X extends number> =
  L extends Alike<"stack", L> ? Stacked<L[0]["shape"], X, L["length"]> : never
type Stacked<S extends Shape, X extends number, N extends number> =
  Rankless<S> extends true
    ? Shape
    : Axis<[...S, 1], X> extends infer A
      ? [A] extends [never]
        ? outside<S, X>
        : number extends A
          ? Shape
          : Insert<S, A & number, N>
      : never
type outside<
  S extends Shape,
  X extends number,
> = `stack: axis ${X} is outside the result, which has one axis more than ${Show<S>}; count axes from 0, or from the end with -1`
const outside = (s: readonly number[], axis: number): string =>
  `stack: axis ${text(axis)} is outside the result, which has one axis more than ${show(s)}; count axes from 0, or from the end with -1`

/** Attributes: the axis in the result, non-negative. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "stack",
  shape: (ins, { axis }) => ({ dtype: ins[0]!.dtype, shape: ins[0]!.shape.toSpliced(axis, 0, ins.length) }),
  expand: (ins, { axis }) =>
    raw(
      concat(
        ins.map((x) => raw(expandDims(x, axis))),
        axis,
      ),
    ),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const dtype = g.pick(["f32", "f32", "i32", "bool"])
    const all = Array.from({ length: g.int(1, 4) }, () => g.tensor(s, dtype))
    return g.bool() ? [all] : [all, g.int(-s.length - 1, s.length)]
  },
  refused: [
    (g) => [[], g.int(0, 2)],
    (g) => [[g.tensor([2, 3]), g.tensor([2, g.int(4, 9)])]],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3]), g.tensor([3])], 0],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3], g.pick(["i32", "bool"]))], 1],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3])], g.pick([3, -4])],
  ],
})

/**
 * Tensors of one shape as a tensor with one more axis, which becomes axis `axis` (by default 0) of the result.
 *
 * Every dtype. Refuses shapes or dtypes that differ. NumPy `stack`.
 * @example stack([zeros([2, 3]), ones([2, 3])], -1) // [2, 3, 2]
 */
export function stack<const L extends readonly TensorLike[], const X extends number = 0>(
  tensors: OrList<L, Alike<"stack", L>>,
  axis?: Or<StackRule<L, X>, X>,
): Of<StackRule<L, X>, L[number]["dtype"]> {
  const all = tensorsIn("stack", tensors)
  const shape = alike("stack", all)
  const rank = shape.length + 1
  const k = (axis ?? 0) as number
  if (!Number.isInteger(k) || k < -rank || k >= rank) refuse(outside(shape, k))
  return emit(op, all, { axis: k < 0 ? k + rank : k })
}
