import { type Calls, axisOf, defineOp, emit, type OpDef, raw, refuse, upto, tensorIn, text } from "../core/index.ts"
import { axisTwice, needsRank } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { axisOutside, axisTwice as AxisTwice, needsRank as NeedsRank } from "../../typelevel/messages.ts"
import type { Min, Sub } from "../../typelevel/nat.ts"
import type { Axis, Drop, Rankless, Shape } from "../../typelevel/shape.ts"
import { diagonalExamples, diagonalRefused } from "./_diagonal.ts"
import { reshape } from "./reshape.ts"
import { slice } from "./slice.ts"
import { transpose } from "./transpose.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
/** S, or the sentence where it has no two axes. */
export type TwoAxes<Op extends string, S extends Shape> =
  Rankless<S> extends true ? S : S extends readonly [Dim, Dim, ...Shape] ? S : NeedsRank<Op, "2 or more", S>
/** S, or the sentence where K is no offset. */
export type OffsetRule<Op extends string, S extends Shape, K extends number> = number extends K
  ? S
  : `${K}` extends `${bigint}`
    ? S
    : notWhole<Op, K>
/** The second axis: 1 where it was left out. */
type Second<Q> = Q extends number ? Q : 1
/** S, or the sentence where P is no axis of it, or the one that was left out; never where an earlier argument is wrong. */
export type FirstRule<Op extends string, S extends Shape, K extends number, P extends number, Q> = [
  TwoAxes<Op, S>,
  OffsetRule<Op, S, K>,
] extends [Shape, Shape]
  ? Rankless<S> extends true
    ? S
    : [Axis<S, P>] extends [never]
      ? axisOutside<Op, S, P>
      : [Q, Axis<S, P>] extends [undefined, 1]
        ? AxisTwice<Op, S, 1>
        : S
  : never
/** S without the axes P and Q, and with their diagonal, K beside the main one, at the end; or the sentence about Q. */
export type DiagonalRule<Op extends string, S extends Shape, K extends number, P extends number, Q> =
  FirstRule<Op, S, K, P, Q> extends infer F extends Shape
    ? [F] extends [never]
      ? never
      : Rankless<S> extends true
        ? Shape
        : Between<Op, S, K, Axis<S, P>, Axis<S, Second<Q>>, Second<Q>>
    : never
type Between<Op extends string, S extends Shape, K extends number, A extends number, B extends number, Q extends number> = [
  B,
] extends [never]
  ? axisOutside<Op, S, Q>
  : number extends A | B
    ? Shape
    : [A] extends [B]
      ? AxisTwice<Op, S, B>
      : [...Drop<S, A | B>, Count<S[A], S[B], K>]
/** The length of a diagonal of a matrix of N rows and M columns. */
type Count<N, M, K extends number> = number extends K
  ? number
  : `${K}` extends `-${infer J extends number}`
    ? Count<M, N, J>
    : [N, M, K] extends [M, N, 0]
      ? N & Dim
      : [N, M] extends [infer X extends number, infer Y extends number]
        ? Least<X, Sub<Y, K>>
        : number
type Least<X extends number, Y extends number> = [Y] extends [never] ? 0 : Min<X, Y>
type notWhole<Op extends string, K extends number> = `${Op}: the offset is ${K}; it must be a whole number`
const notWhole = (op: string, k: number): string => `${op}: the offset is ${text(k)}; it must be a whole number`

// ---- run time ------------------------------------------------------------------------------------------------------
/** Offset and axes, the axes non-negative. */
export interface Along {
  readonly offset: number
  readonly from: number
  readonly to: number
}
/** The diagonal that the arguments mean, or the sentence. */
export const along = (op: string, s: readonly number[], offset: unknown, axis1: unknown, axis2: unknown): Along => {
  if (s.length < 2) refuse(needsRank(op, "2 or more", s))
  const k = (offset ?? 0) as number
  if (!Number.isInteger(k)) refuse(notWhole(op, k))
  const [from, to] = [axisOf(op, s, (axis1 ?? 0) as number), axisOf(op, s, (axis2 ?? 1) as number)]
  if (from === to) refuse(axisTwice(op, s, to))
  return { offset: k, from, to }
}
const lengthOf = (n: number, m: number, k: number): number => Math.max(0, k < 0 ? Math.min(n + k, m) : Math.min(n, m - k))

/** The diagonal of rows and columns that lie one behind the other is every m+1-th element: an index map, whose adjoint is a pad. */
export const op: OpDef<Along> = defineOp<Along>({
  name: "diagonal",
  shape: ([x], { offset, from, to }) => ({
    dtype: x!.dtype,
    shape: [...x!.shape.filter((_, k) => k !== from && k !== to), lengthOf(x!.shape[from]!, x!.shape[to]!, offset)],
  }),
  expand: ([x], { offset, from, to }) => {
    const others = upto(x!.shape.length).filter((k) => k !== from && k !== to)
    const [n, m] = [x!.shape[from]!, x!.shape[to]!]
    const head = others.map((k) => x!.shape[k]!)
    const count = lengthOf(n, m, offset)
    const line = raw(reshape(transpose(x!, [...others, from, to]), [...head, n * m]))
    const first = count === 0 ? 0 : offset < 0 ? -offset * m : offset
    const end = count === 0 ? 0 : first + (count - 1) * (m + 1) + 1
    return slice(line, [...head.map(() => null), [first, end, m + 1]])
  },
})
export const calls = (): Calls => ({
  examples: diagonalExamples(["f32", "f32", "i32", "bool"]),
  refused: diagonalRefused,
})

/**
 * The elements of x whose indices on two axes (by default the first two) are equal, or differ by `offset`; they become the last axis.
 *
 * `y[.., i] = x[.., i, .., i + offset, ..]`; below the main diagonal for a negative offset, of size 0 beyond the matrix. Every dtype;
 * axes may be negative. Refuses tensors of rank below 2, and axes that are one. NumPy `diagonal`.
 * @example diagonal(zeros([3, 5, 4]), 1, 0, 2) // [5, 3]
 */
export function diagonal<
  S extends Shape,
  D extends DType,
  const K extends number = 0,
  const P extends number = 0,
  const Q extends number | undefined = undefined,
>(
  x: Or<TwoAxes<"diagonal", S>, Tensor<S, D>>,
  offset?: Or<OffsetRule<"diagonal", S, K>, K>,
  axis1?: Or<FirstRule<"diagonal", S, K, P, Q>, P>,
  axis2?: Or<DiagonalRule<"diagonal", S, K, P, Q>, Q>,
): Of<DiagonalRule<"diagonal", S, K, P, Q>, D> {
  const t = tensorIn("diagonal", x)
  return emit(op, [t], along("diagonal", t.shape, offset, axis1, axis2))
}
