// What scatter and scatterAdd ask of their arguments: updates of the shape that `take` would give for these indices.
import { axisOf, type RawTensor, refuse, same, show } from "../core/index.ts"
import { dtypesDiffer } from "../core/messages.ts"
import type { Fits } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer } from "../../typelevel/messages.ts"
import type { Axis, Rankless, SameShape, Shape, Show } from "../../typelevel/shape.ts"
import { integersOnly } from "./_dtypes.ts"
import type { Put } from "./take.ts"

/** S, or the sentence where updates U are not as many as the indices I name places on axis X. */
export type ScatterRule<
  Op extends string,
  S extends Shape,
  D extends DType,
  I extends Shape,
  U extends Shape,
  E extends DType,
  X extends number,
> = [D & E] extends [never]
  ? DTypesDiffer<Op, D, E>
  : SameShape<Op, S, X> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? Shape
      : Rankless<I> extends true
        ? S
        : number extends Axis<S, X>
          ? S
          : S[Axis<S, X>] extends 0
            ? nowhere<Op, S, Axis<S, X>>
            : Put<S, Axis<S, X>, I> extends infer W extends Shape
              ? Alike<U, W> extends true
                ? S
                : misfit<Op, S, I, U, W>
              : never
type Alike<U extends Shape, W extends Shape> = U extends readonly [infer H, ...infer P extends Shape]
  ? W extends readonly [infer G, ...infer Q extends Shape]
    ? Fits<H, G> extends true
      ? Alike<P, Q>
      : false
    : false
  : U extends readonly []
    ? W extends readonly []
      ? true
      : false
    : true
type misfit<
  Op extends string,
  S,
  I,
  U,
  W,
> = `${Op}: updates ${Show<U>} do not fit: indices ${Show<I>} into ${Show<S>} need ${Show<W>}`
const misfit = (op: string, s: readonly number[], i: readonly number[], u: readonly number[], w: readonly number[]): string =>
  `${op}: updates ${show(u)} do not fit: indices ${show(i)} into ${show(s)} need ${show(w)}`
type nowhere<
  Op extends string,
  S extends Shape,
  X extends number,
> = `${Op}: axis ${X} of ${Show<S>} is empty; there is no place for updates`
const nowhere = (op: string, s: readonly number[], axis: number): string =>
  `${op}: axis ${axis} of ${show(s)} is empty; there is no place for updates`

/** The axis, non-negative, or the sentence. */
export const checkScatter = (op: string, x: RawTensor, i: RawTensor, u: RawTensor, axis: unknown): number => {
  integersOnly(op)([i])
  if (x.dtype !== u.dtype) refuse(dtypesDiffer(op, x.dtype, u.dtype))
  const k = axisOf(op, x.shape, axis as number)
  if (x.shape[k] === 0) refuse(nowhere(op, x.shape, k))
  const wanted = x.shape.toSpliced(k, 1, ...i.shape)
  if (!same(u.shape, wanted)) refuse(misfit(op, x.shape, i.shape, u.shape, wanted))
  return k
}
