import { type Calls, defineOp, emit, type OpDef, type RawTensor, raw, refuse, same, show, tensorIn } from "../core/index.ts"
import { dtypesDiffer, needsRank } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Broadcast } from "../../typelevel/broadcast.ts"
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer, needsRank as NeedsRank } from "../../typelevel/messages.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { op as contract } from "./contract.ts"
import { reshape } from "./reshape.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
export type MatmulRule<A extends Shape, D extends DType, B extends Shape, E extends DType> = [D & E] extends [never]
  ? DTypesDiffer<"matmul", D, E>
  : NumberOnly<"matmul", Product<A, B>, D>
type Product<A extends Shape, B extends Shape> = A extends readonly [
  ...infer P extends Shape,
  infer M extends Dim,
  infer K extends Dim,
]
  ? B extends readonly [...infer Q extends Shape, infer L extends Dim, infer N extends Dim]
    ? Fits<K, L> extends true
      ? [P, Q] extends [[], []]
        ? [M, N]
        : Batched<A, B, P, Q, [M, N]>
      : innerDiffer<A, B, K, L>
    : B extends readonly [infer L extends Dim]
      ? Fits<K, L> extends true
        ? [...P, M]
        : innerDiffer<A, B, K, L>
      : NoMatrix<B>
  : A extends readonly [infer K extends Dim]
    ? B extends readonly [...infer Q extends Shape, infer L extends Dim, infer N extends Dim]
      ? Fits<K, L> extends true
        ? [...Q, N]
        : innerDiffer<A, B, K, L>
      : B extends readonly [infer L extends Dim]
        ? Fits<K, L> extends true
          ? []
          : innerDiffer<A, B, K, L>
        : NoMatrix<B>
    : NoMatrix<A>
type Batched<A extends Shape, B extends Shape, P extends Shape, Q extends Shape, MN extends Shape> =
  Broadcast<"matmul", P, Q> extends infer R ? (R extends Shape ? [...R, ...MN] : batchesDiffer<A, B, R>) : never
type NoMatrix<S extends Shape> = Rankless<S> extends true ? Shape : NeedsRank<"matmul", "1 or more", S>
type innerDiffer<A, B, K, L> =
  `matmul: inner dimensions differ: ${Show<A>} x ${Show<B>}: ${ShowDim<K>} is not ${ShowDim<L>}; transpose one of them, or make them equal`
const innerDiffer = (a: readonly number[], b: readonly number[], k: number, l: number): string =>
  `matmul: inner dimensions differ: ${show(a)} x ${show(b)}: ${k} is not ${l}; transpose one of them, or make them equal`
/** R: the sentence about the batch dimensions alone. */
type batchesDiffer<A, B, R> = R extends `${string} x ${string}: ${infer Why}`
  ? `matmul: batch dimensions do not broadcast: ${Show<A>} x ${Show<B>}: ${Why}`
  : never
const batchesDiffer = (a: readonly number[], b: readonly number[], m: number, n: number): string =>
  `matmul: batch dimensions do not broadcast: ${show(a)} x ${show(b)}: ${m} is not ${n}; make them equal, or one of them 1`

// ---- run time ------------------------------------------------------------------------------------------------------
/** Batch dimensions of the product, aligned at the last. */
const batchOf = (a: readonly number[], b: readonly number[]): number[] => {
  const [p, q] = [a.slice(0, -2), b.slice(0, -2)]
  const out: number[] = []
  for (let k = 1; k <= Math.max(p.length, q.length); k++) {
    const [m, n] = [p.at(-k) ?? 1, q.at(-k) ?? 1]
    if (m !== n && m !== 1 && n !== 1) refuse(batchesDiffer(a, b, m, n))
    out.unshift(m === 1 ? n : m)
  }
  return out
}
const productShape = (a: readonly number[], b: readonly number[]): number[] => {
  if (a.length === 0) refuse(needsRank("matmul", "1 or more", a))
  if (b.length === 0) refuse(needsRank("matmul", "1 or more", b))
  const [k, l] = [a.at(-1)!, b.length === 1 ? b[0]! : b.at(-2)!]
  if (k !== l) refuse(innerDiffer(a, b, k, l))
  return [...batchOf(a, b), ...a.slice(0, -1).slice(-1), ...(b.length === 1 ? [] : b.slice(-1))]
}
/** Letters for the batch dimensions: those that are not repeated, the others are reshaped away. */
const labelled = (x: RawTensor, batch: readonly number[]): { readonly x: RawTensor; readonly letters: string[] } => {
  const own = x.shape.slice(0, -2)
  const from = batch.length - own.length
  const kept = own.flatMap((n, k) => (n === batch[from + k] ? [k] : []))
  const shape = [...kept.map((k) => own[k]!), ...x.shape.slice(-2)]
  return { x: same(shape, x.shape) ? x : raw(reshape(x, shape)), letters: kept.map((k) => String.fromCodePoint(65 + from + k)) }
}

/** A contraction with sentences of its own. Batch dimensions of 1 are left out rather than repeated. */
export const op: OpDef<null> = defineOp<null>({
  name: "matmul",
  spelling: { onnx: "MatMul", stablehlo: "dot_general" },
  shape: ([a, b]) => ({ dtype: a!.dtype, shape: productShape(a!.shape, b!.shape) }),
  expand: ([a, b]) => {
    const batch = batchOf(a!.shape, b!.shape)
    const [p, q] = [labelled(a!, batch), labelled(b!, batch)]
    const left = a!.shape.length === 1 ? ["k"] : ["i", "k"]
    const right = b!.shape.length === 1 ? ["k"] : ["k", "j"]
    // a dimension of 1 on both sides is a label of both; its size follows from either
    const all = batch.map((_, k) => String.fromCodePoint(65 + k)).filter((c) => p.letters.includes(c) || q.letters.includes(c))
    const labels = {
      a: [...p.letters, ...left],
      b: [...q.letters, ...right],
      out: [...all, ...left.slice(0, -1), ...right.slice(1)],
    }
    return emit<RawTensor>(contract, [p.x, q.x], labels)
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const [b, m, k, n] = [...g.shape(4, 4)] as [number, number, number, number]
    const dtype = g.pick(["f32", "f32", "f32", "i32"])
    const x = (...s: number[]): RawTensor => g.tensor(s, dtype)
    return g.pick([
      [x(m, k), x(k, n)],
      [x(b, m, k), x(k, n)],
      [x(b, m, k), x(b, k, n)],
      [x(m, k), x(b, k, n)],
      [x(2, 1, m, k), x(b, k, n)],
      [x(1, 2, 1, m, k), x(2, b, k, n)],
      [x(k), x(k, n)],
      [x(b, m, k), x(k)],
      [x(k), x(b, k, n)],
      [x(k), x(k)],
    ])
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9), 5])],
    (g) => [g.tensor([3]), g.tensor([2, g.int(4, 9), 5])],
    (g) => [g.tensor([2, g.int(2, 5), 3]), g.tensor([3, 3, 4])],
    (g) => [g.tensor([]), g.tensor([3, g.int(1, 5)])],
    (g) => [g.tensor([2, g.int(1, 5)]), g.tensor([])],
    (g) => [g.tensor([2, 3]), g.tensor([3, 4], g.pick(["i32", "f64"]))],
    (g) => [g.tensor([2, 3], "bool"), g.tensor([3, 4], "bool")],
  ],
})

/**
 * Product of matrices: `y[.., i, j] = sum over k of a[.., i, k] b[.., k, j]`.
 *
 * Leading axes are batches and broadcast; a vector is a row on the left, a column on the right, and that axis disappears. Two tensors of
 * one dtype, of numbers; accumulated in that dtype. Refuses inner dimensions that differ. NumPy `matmul`.
 * @example matmul(ones([8, 2, 3]), ones([3, 5])) // [8, 2, 5]
 */
export function matmul<A extends Shape, D extends DType, B extends Shape, E extends DType>(
  a: Tensor<A, D>,
  b: Or<MatmulRule<A, D, B, E>, Tensor<B, E>>,
): Of<MatmulRule<A, D, B, E>, D & E> {
  const [x, y] = [tensorIn("matmul", a, "a"), tensorIn("matmul", b, "b")]
  if (x.dtype !== y.dtype) refuse(dtypesDiffer("matmul", x.dtype, y.dtype))
  numbersOnly("matmul")([x])
  return emit(op, [x, y])
}
