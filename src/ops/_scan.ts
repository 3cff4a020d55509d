// What a loop over rows asks of its carry and its xs, and what it gives: types over trees, and the sentences.
import type { DType } from "../core/dtype.ts"
import { text } from "../core/shape.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim, Fits } from "../../typelevel/dim.ts"
import type { Compare, NotASize } from "../../typelevel/nat.ts"
import type { Nothing, TensorLike } from "../../typelevel/rule.ts"
import type { SameSizes, Shape, Show } from "../../typelevel/shape.ts"
import type { Below } from "../../typelevel/tree.ts"

/** A tree of tensors without their first axis. */
export type Row<X> =
  X extends TensorLike<infer S, infer D>
    ? number extends S["length"]
      ? Tensor<Shape, D>
      : S extends readonly [Dim, ...infer T extends Shape]
        ? Tensor<T, D>
        : never
    : X extends object
      ? { readonly [K in keyof X]: Row<X[K]> }
      : X
/** A tree of tensors with one more axis, of size N, in front. */
type Stacked<Y, N extends Dim> =
  Y extends TensorLike<infer S, infer D>
    ? number extends S["length"]
      ? Tensor<Shape, D>
      : Tensor<[N, ...S], D>
    : Y extends object
      ? { -readonly [K in keyof Y]: Stacked<Y[K], N> }
      : Y
/** The carry as a step sees it, and as the loop gives it. */
export type Given<C> =
  C extends TensorLike<infer S, infer D>
    ? Tensor<number extends S["length"] ? Shape : S, D>
    : C extends object
      ? { readonly [K in keyof C]: Given<C[K]> }
      : C

// ---- the carry -----------------------------------------------------------------------------------------------------
type Text<T extends TensorLike> = `${T["dtype"]}${Show<T["shape"]>}`
type Named<P extends string> = P extends "" ? "" : `${P} `
type changed<
  P extends string,
  S extends TensorLike,
  T extends TensorLike,
> = `scan: the carry ${Named<P>}is ${Text<S>} before a step and ${Text<T>} after it; it must not change`
export const changed = (path: string, before: string, after: string): string =>
  `scan: the carry ${path ? `${path} ` : ""}is ${before} before a step and ${after} after it; it must not change`
type otherTree = "scan: the carry has another structure after a step than before it; return the same tree"
export const otherTree: otherTree = "scan: the carry has another structure after a step than before it; return the same tree"

/** R where it is a tree like C; a sentence stands in the place of a leaf that is not. */
type Kept<C, R, P extends string = ""> = [R] extends [never]
  ? R
  : C extends TensorLike
    ? R extends TensorLike
      ? [C["dtype"] & R["dtype"]] extends [never]
        ? changed<P, C, R>
        : SameSizes<C["shape"], R["shape"]> extends true
          ? R
          : changed<P, C, R>
      : otherTree
    : C extends object
      ? R extends TensorLike
        ? otherTree
        : [keyof C, keyof R] extends [keyof R, keyof C]
          ? { readonly [K in keyof R]: K extends keyof C ? Kept<C[K], R[K], Below<P, K>> : R[K] }
          : otherTree
      : R
/** What a step must give as its carry, where it gives R (which is unknown while another argument is wrong). */
export type CarryOut<C, R> = unknown extends R ? R : Kept<C, R> extends infer K ? ([R] extends [K] ? R : K) : never

// ---- the xs --------------------------------------------------------------------------------------------------------
type noRows = "scan: an x of shape [] has no axis to step along"
export const noRows: noRows = "scan: an x of shape [] has no axis to step along"
type noLength = "scan: without xs nothing says how many steps; give { length }"
export const noLength: noLength = "scan: without xs nothing says how many steps; give { length }"
type sizesDiffer<A extends Dim, B extends Dim> = `scan: the first axes of the xs differ: ${A} and ${B}; give all one length`
export const sizesDiffer = (least: number, greatest: number): string =>
  `scan: the first axes of the xs differ: ${least} and ${greatest}; give all one length`
type otherLength<N extends Dim, M extends number> = `scan: the xs have ${N} rows, and the length is ${M}; leave the length out`
export const otherLength = (n: number, length: number): string =>
  `scan: the xs have ${n} rows, and the length is ${length}; leave the length out`
type noSize<N extends string | number> = `scan: the length ${N} is not a whole number of 0 or more`
export const noSize = (n: number): string => `scan: the length ${text(n)} is not a whole number of 0 or more`

/** The sizes of the first axes of the leaves; "" for a leaf that has none. */
type Leading<X> =
  X extends TensorLike<infer S, DType>
    ? number extends S["length"]
      ? number
      : S extends readonly [infer N, ...Shape]
        ? N
        : ""
    : X extends object
      ? { [K in keyof X]: Leading<X[K]> }[X extends readonly unknown[] ? number & keyof X : keyof X]
      : never
type Least<N, M = N> = N extends number ? ((M extends number ? Compare<N, M> : never) & ">" extends never ? N : never) : never
type Greatest<N, M = N> = N extends number ? ((M extends number ? Compare<N, M> : never) & "<" extends never ? N : never) : never
/** One name and one of the others, where names are among the sizes. */
type Pairs<N, All = N> = N extends string ? sizesDiffer<N, Exclude<All, N> & Dim> : never
type Length<O> = O extends { readonly length: infer N extends number } ? N : never
/** How many steps: the size of the first axis of the xs, or the option. */
type Steps<X, O> = ([Leading<X>] extends [never] ? ([Length<O>] extends [never] ? number : Length<O>) : Leading<X>) & Dim

/** `[]`, or the sentence about the xs. */
export type XsRule<X, O> =
  Leading<X> extends infer L
    ? [L] extends [never]
      ? O extends { readonly length: number }
        ? []
        : noLength
      : "" extends L
        ? noRows
        : number extends L
          ? []
          : [L] extends [number]
            ? Least<L> extends infer A extends number
              ? [L] extends [A]
                ? []
                : sizesDiffer<A, Greatest<L>>
              : never
            : [Pairs<L>] extends [never]
              ? []
              : Pairs<L>
    : never
/** `[]`, or the sentence about the length. */
export type LengthRule<X, O> = [Length<O>] extends [never]
  ? []
  : [Leading<X>] extends [never]
    ? [NotASize<Length<O>>] extends [never]
      ? []
      : noSize<NotASize<Length<O>>>
    : Leading<X> extends infer L
      ? Fits<L, Length<O>> extends true
        ? []
        : XsRule<X, O> extends string
          ? []
          : otherLength<L & Dim, Length<O>>
      : never

/** What the loop gives: the last carry, and all y stacked; nothing of what was refused. */
export type Scanned<C, X, R, Y, O> = [XsRule<X, O>, LengthRule<X, O>] extends [Shape, Shape]
  ? [R] extends [CarryOut<C, R>]
    ? [Given<C>, unknown extends Y ? never : Stacked<Y, Steps<X, O>>]
    : Nothing
  : Nothing
