// Patterns: shapes with names, matched against an actual shape. A leading "..." stands for any number of axes, taken as one.
import type { Dim } from "./dim.ts"
import type { doesNotFit, wrongDType } from "./messages.ts"
import type { TensorLike } from "./rule.ts"
import type { Rankless, Shape } from "./shape.ts"
import type { Replaced, Unify } from "./unify.ts"

/** What each name of the pattern P is in the shape A, or the sentence. */
export type Match<Op extends string, P extends Shape, A extends Shape> =
  Rankless<A> extends true ? Unmatched
    : P extends readonly ["...", ...infer Q extends Shape]
      ? A extends readonly [...infer Lead extends Shape, ...Blank<Q>]
        ? A extends readonly [...Lead, ...infer T extends Shape] ? Unify<Op, P, A, { readonly "...": Lead }, {}, Q, T> : never
        : doesNotFit<Op, A, P, "the rank is too small">
      : Unify<Op, P, A, {}>
type Blank<Q extends Shape> = { [K in keyof Q]: Dim }
/** Nothing is known, of a shape of unknown rank. */
interface Unmatched {
  readonly "...": Shape
}

/** The same for a tensor, or for a list of tensors, whose names are learnt from one after the other (no "..." there). */
export type MatchAll<Op extends string, I, X> =
  I extends TensorLike
    ? X extends TensorLike
      ? [I["dtype"] & X["dtype"]] extends [never] ? wrongDType<Op, X["dtype"], I["dtype"]> : Match<Op, I["shape"], X["shape"]>
      : needsTensors<Op, 1, X>
    : I extends readonly unknown[]
      ? X extends readonly unknown[]
        ? I["length"] extends X["length"] ? MatchList<Op, I, X> : needsTensors<Op, I["length"], X>
        : needsTensors<Op, I["length"], X>
      : never
type MatchList<Op extends string, I, X, E = {}> =
  I extends readonly [infer P extends TensorLike, ...infer PR]
    ? X extends readonly [infer A extends TensorLike, ...infer AR]
      ? [P["dtype"] & A["dtype"]] extends [never] ? wrongDType<Op, A["dtype"], P["dtype"]>
        : Unify<Op, P["shape"], A["shape"], E> extends infer R ? (R extends string ? R : MatchList<Op, PR, AR, R>) : never
      : never
    : E
type Given<X> = X extends readonly unknown[] ? X["length"] : X extends TensorLike ? 1 : "something else"
export type needsTensors<Op extends string, N extends number, X> =
  N extends 1 ? `${Op}: needs 1 tensor, got ${Given<X>}; give one; Net.select takes it out of a list`
  : `${Op}: needs ${N} tensors, got ${Given<X>}; give a list of ${N}`

/** The pattern O with its names replaced by what they are in E; a name that E does not know is an unknown size. */
export type Fill<O extends Shape, E, Acc extends Shape = []> =
  O extends readonly [infer H extends Dim, ...infer T extends Shape]
    ? H extends keyof E
      ? E[H] extends infer D ? D extends Dim ? Fill<T, E, [...Acc, D]> : D extends Shape ? Fill<T, E, [...Acc, ...D]> : never : never
      : Fill<T, E, [...Acc, Replaced<H, E> & Dim]>
    : O extends readonly [] ? Acc : Shape
/** Names become unknown sizes. */
export type Opened<S extends Shape> = { -readonly [K in keyof S]: S[K] extends string ? number : S[K] }
