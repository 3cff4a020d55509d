import { type Calls, defineOp, emit, type OpDef, type RawTensor, raw, refuse, upto, tensorsIn, spelled } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type {
  countsDiffer,
  Labelled,
  Lists as Spelled,
  Merge,
  MergeRest,
  Parse,
  Pick,
  Placed,
  Quick,
  restLost,
} from "../../typelevel/einsum.ts"
import type { dtypesDiffer } from "../../typelevel/messages.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { NumberOnly } from "./_dtypes.ts"
import { bind, type Lists, sizesOf } from "./_einsum.ts"
import { drawn } from "./_einsumExamples.ts"
import { kept, orderOf, type Tree } from "./_einsumOrder.ts"
import { op as contract } from "./contract.ts"
import { diagonal } from "./diagonal.ts"
import { reshape } from "./reshape.ts"
import { sum } from "./sum.ts"
import { transpose } from "./transpose.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
/** The result's shape; a sentence about the subscripts; or `args`, the tensors with a sentence in the place of one. null: not known. */
type Plan<L extends string, T extends readonly TensorLike[]> = string extends L
  ? null
  : Parse<L> extends infer P
    ? P extends Spelled
      ? number extends T["length"]
        ? null
        : T["length"] extends P["ins"]["length"]
          ? Quick<Placed<P>, T> extends infer Q extends Shape
            ? Q
            : Bound<L, P, P["ins"], T, DType, {}, [], []>
          : countsDiffer<L, P["ins"]["length"], T["length"]>
      : P
    : never
type Bound<
  L extends string,
  P extends Spelled,
  Ins,
  T,
  D extends DType,
  F,
  E extends Shape,
  Seen extends readonly unknown[],
> = T extends readonly [infer H extends TensorLike, ...infer R]
  ? Ins extends [infer Q extends string[], ...infer Later]
    ? Operand<L, Q, H["shape"], D, H["dtype"], F, E> extends infer G
      ? G extends string
        ? { args: [...Seen, G, ...R] }
        : G extends readonly [infer B, infer M extends Shape]
          ? Bound<L, P, Later, R, D & H["dtype"], B, M, [...Seen, H]>
          : null
      : never
    : never
  : E extends readonly []
    ? Pick<P["out"], F, E>
    : "..." extends P["out"][number]
      ? Pick<P["out"], F, E>
      : restLost<L, E>
/** The labels and the ellipsis bound so far, with those of one more operand; or the sentence. */
type Operand<L extends string, Q extends string[], S extends Shape, D extends DType, K extends DType, F, E extends Shape> = [
  D & K,
] extends [never]
  ? dtypesDiffer<"einsum", D, K>
  : NumberOnly<"einsum", Labelled<L, Q, S>, K> extends infer G
    ? G extends readonly [infer G1, infer M extends Shape]
      ? Merge<L, Q, S, F, G1> extends infer B
        ? B extends string
          ? B
          : MergeRest<L, S, E, M> extends infer N
            ? N extends string
              ? N
              : [B, N]
            : never
        : never
      : G
    : never

/** The shape that the subscripts L give to the tensors T, or the sentence about L. */
export type EinsumRule<L extends string, T extends readonly TensorLike[]> =
  Plan<L, T> extends infer P ? (P extends null ? Shape : P extends { args: unknown } ? never : P) : never
/** The tensors, with a sentence in the place of the one that does not fit the subscripts or those before it. */
export type EinsumArgs<L extends string, T extends readonly TensorLike[]> =
  Plan<L, T> extends { args: infer C extends readonly unknown[] } ? C : T
type Checked<T extends readonly unknown[], C extends readonly unknown[]> = T extends C ? T : C
/** The dtype that all tensors have. */
export type EinsumDType<T extends readonly TensorLike[], D extends DType = DType> = T extends readonly [
  infer H extends TensorLike,
  ...infer R extends readonly TensorLike[],
]
  ? EinsumDType<R, D & H["dtype"]>
  : T extends readonly []
    ? D
    : D & T[number]["dtype"]

// ---- run time ------------------------------------------------------------------------------------------------------
interface Part {
  readonly x: RawTensor
  readonly labels: readonly string[]
}
const without = <T>(list: readonly T[], ...places: readonly number[]): T[] => list.filter((_, k) => !places.includes(k))
/** Axes of size 1 whose label is larger elsewhere: not repeated, but left out. */
const unrepeated = ({ x, labels }: Part, sizes: ReadonlyMap<string, number>): Part => {
  const ones = upto(labels.length).filter((k) => x.shape[k] !== sizes.get(labels[k]!))
  return ones.length === 0 ? { x, labels } : { x: raw(reshape(x, without(x.shape, ...ones))), labels: without(labels, ...ones) }
}
/** One axis for each label. */
const diagonals = ({ x, labels }: Part): Part => {
  const q = labels.findIndex((c, k) => labels.indexOf(c) < k)
  if (q < 0) return { x, labels }
  const p = labels.indexOf(labels[q]!)
  return diagonals({ x: raw(diagonal(x, 0, p, q)), labels: [...without(labels, p, q), labels[q]!] })
}
/** Summed over the labels that nobody asks for. */
const summed = ({ x, labels }: Part, wanted: readonly string[]): Part => {
  const gone = upto(labels.length).filter((k) => !wanted.includes(labels[k]!))
  return gone.length === 0 ? { x, labels } : { x: raw(sum(x, gone)), labels: without(labels, ...gone) }
}
const lowered = (xs: readonly RawTensor[], { ins, out }: Lists): RawTensor => {
  const sizes = sizesOf(xs, ins)
  const narrow = xs.map((x, k) => diagonals(unrepeated({ x, labels: ins[k]! }, sizes)))
  const parts = narrow.map((p, k) => {
    const others = without(narrow, k).map((o) => o.labels)
    return summed(p, kept([p.labels], others, out))
  })
  const product = (tree: Tree): { readonly part: Part; readonly leaves: readonly number[] } => {
    if (typeof tree === "number") return { part: parts[tree]!, leaves: [tree] }
    const [a, b] = [product(tree[0]), product(tree[1])]
    const leaves = [...a.leaves, ...b.leaves]
    const last = leaves.length === parts.length
    const others = without(parts, ...leaves).map((p) => p.labels)
    const labels = last ? out : kept([a.part.labels, b.part.labels], others, out)
    const attrs = { a: a.part.labels, b: b.part.labels, out: labels }
    return { part: { x: emit<RawTensor>(contract, [a.part.x, b.part.x], attrs), labels }, leaves }
  }
  const order = orderOf(
    parts.map((p) => p.labels),
    out,
    sizes,
  )
  const { x, labels } = product(order).part
  return raw(
    transpose(
      x,
      out.map((c) => labels.indexOf(c)),
    ),
  )
}

/** Attributes: a label for each axis, no ellipsis. Diagonals, sums over labels of one tensor alone, then contractions, two at a time. */
export const op: OpDef<Lists> = defineOp<Lists>({
  name: "einsum",
  spelling: { onnx: "Einsum" },
  shape: (xs, { ins, out }) => {
    const sizes = sizesOf(xs, ins)
    return { dtype: xs[0]!.dtype, shape: out.map((c) => sizes.get(c)!) }
  },
  expand: (xs, lists) => lowered(xs, lists),
})
export const calls = (): Calls => ({
  examples: drawn,
  refused: [
    (g) => [
      g.pick(["ik;kj->ij", "i1,kj", "ik,kj->i,j", "ik,kj-ij", "i.k,kj", "ik,kj->ij->"]),
      g.tensor([2, 3]),
      g.tensor([3, 4]),
    ],
    (g) => [g.pick(["......", "...i...", "...i->......"]), g.tensor([2, g.int(1, 4)])],
    (g) => [g.pick(["ik,kj->iji", "ik,kj->ii"]), g.tensor([2, 3]), g.tensor([3, g.int(1, 4)])],
    (g) => [g.pick(["ik,kj->iz", "ik,kj->I"]), g.tensor([2, 3]), g.tensor([3, g.int(1, 4)])],
    (g) => [g.pick(["ik", "ik,kj,jl->il", ""]), g.tensor([2, 3]), g.tensor([3, g.int(1, 4)])],
    (g) => [g.pick(["i,kj", "ikl,kj->", ",kj", "i,...kj", "ikl...,kj", "i...kl,kj"]), g.tensor([2, 3]), g.tensor([3, 4])],
    (g) => [g.pick(["ik,kj->ij", "...k, kj", "Xk,k..."]), g.tensor([2, g.int(2, 5)]), g.tensor([6, 5])],
    (g) => [g.pick(["ii", "ii->i", "i...i", "i...i->..."]), g.tensor([g.pick([1, 3]), g.pick([2, 4])])],
    (g) => [g.pick(["...i,...j", "i...,j...->..."]), g.tensor([3, g.int(4, 5), 3]), g.tensor([2, 3, 2])],
    (g) => [g.pick(["...i->i", "...k->", "i...->i"]), g.tensor([2, g.int(1, 4)])],
    (g) => ["ik,kj->ij", g.tensor([2, 3]), g.tensor([3, 4], g.pick(["i32", "f64", "bool"]))],
    (g) => [g.pick(["ij->ji", "ij"]), g.tensor([2, 3], "bool")],
  ],
})

/**
 * Sums of products in Einstein's notation: a list of labels for each tensor, and one for the result.
 *
 * `y[out] = sum over the other labels of the product of x[list]`. Labels are letters; one that stands twice on a tensor takes its
 * diagonal; `...` stands for any axes, which broadcast, as sizes of 1 do; without `->` the result has the labels that occur once, in
 * alphabetical order. Any number of tensors of one dtype, of numbers; contracted two at a time, in the order that multiplies least.
 * Refuses subscripts that are malformed or do not fit the tensors, and sizes that differ. NumPy `einsum`.
 * @example einsum("bqhd,bkhd->bhqk", ones([2, 5, 4, 8]), ones([2, 6, 4, 8])) // [2, 4, 5, 6]
 */
export function einsum<const L extends string, T extends readonly TensorLike[]>(
  subscripts: Or<EinsumRule<L, T>, L>,
  ...tensors: Checked<T, EinsumArgs<L, T>>
): Of<EinsumRule<L, T>, EinsumDType<T>> {
  const l: unknown = subscripts
  if (typeof l !== "string") return refuse(noText(l))
  const xs = tensorsIn("einsum", tensors)
  return emit(op, xs, bind(l, xs))
}
const noText = (l: unknown): string =>
  `einsum: the subscripts come first, as a string, for instance "ik,kj->ij"; got ${spelled(l)}`
