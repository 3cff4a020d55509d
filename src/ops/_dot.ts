// Sums of products over pairs of axes: what dotGeneral, tensordot and inner share. Axes in types are lists of literals; a list that is
// not literal is unknown (null), and passes.
import { axisOf, defineOp, emit, type OpDef, type RawTensor, refuse, show, upto, spelled } from "../core/index.ts"
import { axisTwice, dtypesDiffer } from "../core/messages.ts"
import type { Dim, Fits, Meet, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { axisOutside, axisTwice as AxisTwice, dtypesDiffer as DTypesDiffer } from "../../typelevel/messages.ts"
import type { Axis, Drop, Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { op as contract } from "./contract.ts"

// ---- types ---------------------------------------------------------------------------------------------------------
type List = readonly number[]
/** Shape, or the sentence where two tensors cannot be multiplied. */
export type Multiplied<Op extends string, D extends DType, E extends DType> = [D & E] extends [never]
  ? DTypesDiffer<Op, D, E>
  : NumberOnly<Op, Shape, D & E>
/** The non-negative axes that a list means on S, or the sentence. null: not known. */
export type Places<Op extends string, S extends Shape, X, Acc extends number[] = []> =
  Rankless<S> extends true
    ? null
    : X extends readonly [infer H extends number, ...infer T]
      ? Axis<S, H> extends infer A extends number
        ? [A] extends [never]
          ? axisOutside<Op, S, H>
          : number extends A
            ? null
            : A extends Acc[number]
              ? AxisTwice<Op, S, A>
              : Places<Op, S, T, [...Acc, A]>
        : never
      : X extends readonly []
        ? Acc
        : null
/** The two lists as tuples of equal length, or the sentence. null: not known. */
export type Paired<Op extends string, Kind extends string, X> = X extends readonly [infer P extends List, infer Q extends List]
  ? number extends P["length"] | Q["length"]
    ? null
    : P["length"] extends Q["length"]
      ? [P, Q]
      : unpaired<Op, Kind, P, Q>
  : null
/** The sizes of pairs of axes, or the sentence where two of them differ. */
export type Common<Op extends string, A extends Shape, B extends Shape, P, Q, Acc extends Shape = []> = P extends readonly [
  infer H extends number,
  ...infer T,
]
  ? Q extends readonly [infer G extends number, ...infer U]
    ? Fits<A[H], B[G]> extends true
      ? Common<Op, A, B, T, U, [...Acc, Meet<A[H], B[G]> & Dim]>
      : sizesDiffer<Op, A, B, H, G>
    : never
  : Acc
/** The product's shape: K axes shared, of the sizes given; then the others of A, then those of B. P and Q: the axes paired, as lists. */
export type Product<A extends Shape, B extends Shape, K extends Shape, P extends List, Q extends List> = [
  ...K,
  ...Drop<A, P[number]>,
  ...Drop<B, Q[number]>,
]

type unpaired<
  Op extends string,
  Kind extends string,
  P extends List,
  Q extends List,
> = `${Op}: ${Kind} pairs the axes ${Show<P>} and ${Show<Q>}, which are not equally many; give each a partner`
const unpaired = (op: string, kind: string, p: List, q: List): string =>
  `${op}: ${kind} pairs the axes ${show(p)} and ${show(q)}, which are not equally many; give each a partner`
type sizesDiffer<
  Op extends string,
  A extends Shape,
  B extends Shape,
  H extends number,
  G extends number,
> = `${Op}: ${Show<A>} x ${Show<B>}: axis ${H} is ${ShowDim<A[H]>}, axis ${G} is ${ShowDim<B[G]>}; axes that are paired have one size`
const sizesDiffer = (op: string, a: List, b: List, h: number, g: number): string =>
  `${op}: ${show(a)} x ${show(b)}: axis ${h} is ${a[h]}, axis ${g} is ${b[g]}; axes that are paired have one size`

// ---- run time ------------------------------------------------------------------------------------------------------
/** Pairs of axes of the two tensors, non-negative. */
export interface Dot {
  readonly batch: readonly [List, List]
  readonly contract: readonly [List, List]
}
/** Refuses dtypes that differ, and bools. */
export const multiplied = (op: string, a: RawTensor, b: RawTensor): void => {
  if (a.dtype !== b.dtype) refuse(dtypesDiffer(op, a.dtype, b.dtype))
  numbersOnly(op)([a])
}
/** Two lists of equal length, or the sentence. */
export const paired = (op: string, kind: string, lists: readonly [List, List]): readonly [List, List] => {
  const [p, q]: readonly unknown[] = Array.isArray(lists) ? lists : []
  if (!Array.isArray(p) || !Array.isArray(q)) return refuse(noLists(op, kind, lists))
  return p.length === q.length ? lists : refuse(unpaired(op, kind, p, q))
}
/** Only plain JavaScript gets here. */
const noLists = (op: string, kind: string, v: unknown): string =>
  `${op}: ${kind} is ${spelled(v)}; give two lists of axes, for instance [[1], [0]]`
/** Non-negative axes, in the order given, or the sentence. */
export const places = (op: string, s: List, axes: List): number[] => {
  const found: number[] = []
  for (const x of axes) {
    const a = axisOf(op, s, x)
    if (found.includes(a)) refuse(axisTwice(op, s, a))
    found.push(a)
  }
  return found
}
/** a times b along pairs of axes, or the sentence where two sizes differ. */
export const dot = (op: OpDef<Dot>, a: RawTensor, b: RawTensor, by: Dot): RawTensor => {
  for (const [p, q] of [by.batch, by.contract])
    p.forEach((h, k) => {
      if (a.shape[h] !== b.shape[q[k]!]) refuse(sizesDiffer(op.name, a.shape, b.shape, h, q[k]!))
    })
  return emit(op as OpDef<never>, [a, b], by)
}
/** One contraction; derivative and batching are the contraction's. */
export const dotOp = (name: string, rules: Pick<OpDef<Dot>, "spelling">): OpDef<Dot> =>
  defineOp<Dot>({
    name,
    ...rules,
    shape: ([a, b], { batch, contract }) => ({
      dtype: a!.dtype,
      shape: [
        ...batch[0].map((k) => a!.shape[k]!),
        ...a!.shape.filter((_, k) => !batch[0].includes(k) && !contract[0].includes(k)),
        ...b!.shape.filter((_, k) => !batch[1].includes(k) && !contract[1].includes(k)),
      ],
    }),
    expand: ([a, b], by) => {
      const left = upto(a!.shape.length).map((k) => `a${k}`)
      const [p, q] = [
        [...by.batch[0], ...by.contract[0]],
        [...by.batch[1], ...by.contract[1]],
      ]
      const right = upto(b!.shape.length).map((k) => (q.includes(k) ? left[p[q.indexOf(k)]!]! : `b${k}`))
      const shared = by.batch[0].map((k) => left[k]!)
      const free = [...left, ...right].filter((c) => left.includes(c) !== right.includes(c))
      return emit<RawTensor>(contract, [a!, b!], { a: left, b: right, out: [...shared, ...free] })
    },
  })
