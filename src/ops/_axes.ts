// Public arguments of reductions: which axes, and whether they stay with size 1.
import { axesOf, type Aval, flagIn, make, type OpDef, optionsIn, type RawTensor, raw, refuse, show } from "../core/index.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Reduce, Shape, Show } from "../../typelevel/shape.ts"
import type { Over } from "./_reduction.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { reshape } from "./reshape.ts"

export type AxisArg = number | readonly number[] | undefined
export interface KeepDims {
  /** The axes stay, with size 1. Default false. */
  readonly keepDims?: boolean
}
/** S reduced over the axes X (all of them where X is undefined), or the sentence. */
export type ReduceRule<Op extends string, S extends Shape, X, O> = Reduce<Op, S, X, Option<O, "keepDims", false, boolean>>

/** The same, for what has no meaning over no elements. */
export type NonEmptyRule<Op extends string, S extends Shape, X, O> =
  ReduceRule<Op, S, X, O> extends infer R
    ? R extends string
      ? R
      : Empty<Op, S, X> extends infer M
        ? M extends string
          ? M
          : R
        : never
    : never
/** The sentence where one of the axes has size 0. */
type Empty<Op extends string, S extends Shape, X> = 0 extends S[number]
  ? number extends S["length"]
    ? false
    : Reduce<Op, ZerosOnly<S>, X> extends infer T
      ? ZerosOnly<S> extends T
        ? false
        : Zeros<Op, S, ZerosOnly<S>, T>
      : false
  : false
type ZerosOnly<S extends Shape> = { -readonly [K in keyof S]: S[K] extends 0 ? 0 : 1 }
/** How many zeros the reduction takes away. */
type Zeros<Op extends string, S extends Shape, A, B> = Count<A> extends Count<B> ? false : noElements<Op, S>
type Count<S, Acc extends 0[] = []> = S extends readonly [infer H, ...infer T]
  ? Count<T, H extends 0 ? [...Acc, 0] : Acc>
  : Acc["length"]
export type noElements<
  Op extends string,
  S extends Shape,
> = `${Op}: of no elements; an axis of ${Show<S>} that it folds has size 0`
export const noElements = (op: string, s: readonly number[]): string =>
  `${op}: of no elements; an axis of ${show(s)} that it folds has size 0`

/** Where a rule's sentence stands: at the tensor (this type) if the axis was left out, or is what it would be if it were. */
export type AtTensor<X, Default, R, S> = [X] extends [Default] ? R : S

/** Sorted non-negative axes, or the sentence. */
export const axesFor = (op: string, x: Aval, axes: unknown): number[] => axesOf(op, x.shape, axes as AxisArg)
export const nonEmptyAxes = (op: string, x: Aval, axes: unknown): number[] => {
  const list = axesFor(op, x, axes)
  if (list.some((k) => x.shape[k] === 0)) refuse(noElements(op, x.shape))
  return list
}
export const onesAt = (s: readonly number[], axes: readonly number[]): number[] => s.map((n, k) => (axes.includes(k) ? 1 : n))
/** The reduced tensor repeated along the axes it was reduced over: the shape s again. */
export const spread = (y: RawTensor, s: readonly number[], axes: readonly number[]): RawTensor =>
  raw(broadcastTo(reshape(y, onesAt(s, axes)), s))
/** Do the axes stay? */
export const keepsDims = (op: string, options: unknown): boolean =>
  flagIn(op, "keepDims", optionsIn<KeepDims>(op, options, ["keepDims"]).keepDims)
/** op over the axes; they stay with size 1 if asked. */
export const reduced = <R>(op: OpDef<Over>, x: unknown, axes: readonly number[], options: KeepDims | undefined): R => {
  const t = x as RawTensor
  const y = make(op, [t], { axes })
  return (keepsDims(op.name, options) ? reshape(y, onesAt(t.shape, axes)) : y) as R & RawTensor
}
