// The rule of attention: what is wrong, and with which argument.
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType, FloatDType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer, needsFloat, notPositive } from "../../typelevel/messages.ts"
import type { NotASize } from "../../typelevel/nat.ts"
import type { Fault, Option, TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, SameSizes, Shape, Show } from "../../typelevel/shape.ts"
import type { Over, Times } from "../../typelevel/symbolic.ts"
import { show } from "../core/shape.ts"

// ---- sentences -----------------------------------------------------------------------------------------------------
type Dims = readonly Dim[]
type Axes<H> = `[..., time, ${H extends undefined ? "heads, size" : "heads * size"}]`
const axes = (merged: boolean): string => `[..., time, ${merged ? "heads * size" : "heads, size"}]`
type axesWanted<S extends Shape, H> = `attention: needs ${Axes<H>}, got ${Show<S>}; reshape it first`
export const axesWanted = (s: Dims, merged: boolean): string =>
  `attention: needs ${axes(merged)}, got ${show(s)}; reshape it first`
export type notDivisible<Op extends string, W, H> = `${Op}: ${ShowDim<W>} is not divisible by ${ShowDim<H>} heads`
export const notDivisible = (op: string, w: Dim, h: Dim): string => `${op}: ${w} is not divisible by ${h} heads`
type notMultiple<S, C> =
  `attention: the last axis of ${Show<S>} is not a multiple of ${ShowDim<C>}, the size of a head; project it first`
export const notMultiple = (s: Dims, c: number): string =>
  `attention: the last axis of ${show(s)} is not a multiple of ${c}, the size of a head; project it first`
export type leadingDiffer<Op extends string, S, T> = `${Op}: leading axes differ: ${Show<S>} and ${Show<T>}; batch them alike`
export const leadingDiffer = (op: string, s: Dims, t: Dims): string =>
  `${op}: leading axes differ: ${show(s)} and ${show(t)}; batch them alike`
type sizesDiffer<S, T, X, Y> =
  `attention: heads of ${Show<S>} have size ${ShowDim<X>}, those of ${Show<T>} ${ShowDim<Y>}; project one of them`
export const sizesDiffer = (s: Dims, t: Dims, x: number, y: number): string =>
  `attention: heads of ${show(s)} have size ${x}, those of ${show(t)} ${y}; project one of them`
export type notAmong<
  Op extends string,
  N,
  G,
> = `${Op}: ${ShowDim<N>} heads of the query do not divide among ${ShowDim<G>} of the key`
export const notAmong = (op: string, n: number, g: number): string =>
  `${op}: ${n} heads of the query do not divide among ${g} of the key`
type groupsMisfit<
  S extends Shape,
  K extends Shape,
  N,
  G,
  H,
> = `attention: query ${Show<S>} has ${ShowDim<N>} heads, key ${Show<K>} has ${ShowDim<G>}, which does not divide them; axes are ${Axes<H>}`
export const groupsMisfit = (s: Dims, k: Dims, n: number, g: number, merged: boolean): string =>
  `attention: query ${show(s)} has ${n} heads, key ${show(k)} has ${g}, which does not divide them; axes are ${axes(merged)}`
type lengthsDiffer<S, T, X, Y> =
  `attention: key ${Show<S>} and value ${Show<T>}: length ${ShowDim<X>} is not ${ShowDim<Y>}; give a value for each key`
export const lengthsDiffer = (s: Dims, t: Dims, x: number, y: number): string =>
  `attention: key ${show(s)} and value ${show(t)}: length ${x} is not ${y}; give a value for each key`
type headsDiffer<S, T, G> = `attention: value ${Show<T>} does not have the ${ShowDim<G>} heads of key ${Show<S>}; give it as many`
export const headsDiffer = (s: Dims, t: Dims, g: number): string =>
  `attention: value ${show(t)} does not have the ${g} heads of key ${show(s)}; give it as many`
type maskDType<
  M extends string,
  D extends string,
> = `attention: the mask is ${M}; it must be bool, or ${D}, which is added to the scores`
export const maskDType = (m: string, d: string): string =>
  `attention: the mask is ${m}; it must be bool, or ${d}, which is added to the scores`
export type maskMisfit<
  Op extends string,
  M,
  W,
> = `${Op}: a mask ${Show<M>} does not broadcast to the scores ${Show<W>}; give it their sizes, or 1`
export const maskMisfit = (op: string, m: Dims, w: Dims): string =>
  `${op}: a mask ${show(m)} does not broadcast to the scores ${show(w)}; give it their sizes, or 1`

// ---- where a sentence stands ---------------------------------------------------------------------------------------
/** T, or the sentence that stands at this argument. */
export type At<Place extends string, R, T> = [R] extends [never] ? T : R extends Fault<Place, infer M> ? M : T
/** The options, or where they are wrong the sentence at the option. */
export type InOptions<R, O> = [R] extends [never]
  ? O
  : R extends Fault<infer P, infer M>
    ? P extends "query" | "key" | "value"
      ? O
      : { readonly [_ in P]: M } & { readonly [name: string]: unknown }
    : O

// ---- the rule ------------------------------------------------------------------------------------------------------
/** What the shape of a query says: leading axes, time, heads and their size. */
interface Query {
  readonly lead: Shape
  readonly time: Dim
  readonly heads: Dim
  readonly size: Dim
  /** All heads together, where they are one axis. */
  readonly width: Dim
}
type QueryOf<S extends Shape, H> = H extends undefined
  ? S extends readonly [...infer L extends Shape, infer T extends Dim, infer N extends Dim, infer C extends Dim]
    ? { lead: L; time: T; heads: N; size: C; width: number }
    : NoAxes<"query", S, H>
  : S extends readonly [...infer L extends Shape, infer T extends Dim, infer W extends Dim]
    ? Counted<H & Dim> extends infer M extends string
      ? Fault<"heads", M>
      : Over<W, H & Dim> extends infer C extends Dim
        ? [C] extends [never]
          ? Fault<"heads", notDivisible<"attention", W, H>>
          : { lead: L; time: T; heads: H; size: C; width: W }
        : never
    : NoAxes<"query", S, H>
type NoAxes<P extends string, S extends Shape, H> = Rankless<S> extends true ? Shape : Fault<P, axesWanted<S, H>>
/** `[]` where H can be a number of heads, or the sentence. */
type Counted<H extends Dim> = H extends 0
  ? notPositive<"attention", "heads", 0>
  : H extends number
    ? NotASize<H> extends infer T extends string
      ? [T] extends [never]
        ? []
        : notPositive<"attention", "heads", T>
      : never
    : []

/** W / D, which is Q if W is what Q was computed from: the common case, without a division. */
type Ratio<W extends Dim, From extends Dim, Q extends Dim, D extends Dim> = number extends W
  ? number
  : [W, From] extends [From, W]
    ? Q
    : Over<W, D>

/** What the shape of a key adds: its length and its heads. */
type KeyOf<Q extends Query, S extends Shape, K extends Shape, H> = H extends undefined
  ? K extends readonly [...infer L extends Shape, infer T extends Dim, infer G extends Dim, infer C extends Dim]
    ? SameSizes<L, Q["lead"]> extends false
      ? Fault<"key", leadingDiffer<"attention", S, K>>
      : Fits<C, Q["size"]> extends true
        ? Grouped<Q, T, G, S, K, H>
        : Fault<"key", sizesDiffer<S, K, Q["size"], C>>
    : NoAxes<"key", K, H>
  : K extends readonly [...infer L extends Shape, infer T extends Dim, infer W extends Dim]
    ? SameSizes<L, Q["lead"]> extends false
      ? Fault<"key", leadingDiffer<"attention", S, K>>
      : Ratio<W, Q["width"], Q["heads"], Q["size"]> extends infer G extends Dim
        ? [G] extends [never]
          ? Fault<"key", notMultiple<K, Q["size"]>>
          : Grouped<Q, T, G, S, K, H>
        : never
    : NoAxes<"key", K, H>
interface Key {
  readonly length: Dim
  readonly groups: Dim
}
type Grouped<Q extends Query, T extends Dim, G extends Dim, S extends Shape, K extends Shape, H> = [G, Q["heads"]] extends [
  Q["heads"],
  G,
]
  ? { length: T; groups: G }
  : [Over<Q["heads"], G>] extends [never]
    ? Fault<"key", groupsMisfit<S, K, Q["heads"], G, H>>
    : { length: T; groups: G }

/** The last axis of the result. */
type ValueOf<Q extends Query, P extends Key, K extends Shape, V extends Shape, H> = H extends undefined
  ? [K, V] extends [
      readonly [...infer M extends Shape, Dim, Dim, Dim],
      readonly [...infer L extends Shape, infer T extends Dim, infer G extends Dim, infer E extends Dim],
    ]
    ? SameSizes<L, M> extends false
      ? Fault<"value", leadingDiffer<"attention", K, V>>
      : Fits<T, P["length"]> extends true
        ? Fits<G, P["groups"]> extends true
          ? { last: E }
          : Fault<"value", headsDiffer<K, V, P["groups"]>>
        : Fault<"value", lengthsDiffer<K, V, P["length"], T>>
    : NoAxes<"value", V, H>
  : [K, V] extends [
        readonly [...infer M extends Shape, Dim, infer U extends Dim],
        readonly [...infer L extends Shape, infer T extends Dim, infer W extends Dim],
      ]
    ? SameSizes<L, M> extends false
      ? Fault<"value", leadingDiffer<"attention", K, V>>
      : Fits<T, P["length"]> extends true
        ? Ratio<W, U, Q["size"], P["groups"]> extends infer E extends Dim
          ? [E] extends [never]
            ? Fault<"value", headsDiffer<K, V, P["groups"]>>
            : { last: Merged<Q, U, W, E> }
          : never
        : Fault<"value", lengthsDiffer<K, V, P["length"], T>>
    : NoAxes<"value", V, H>

/** All heads of the result together: as many as in the query, if key and value have as many as that. */
type Merged<Q extends Query, U extends Dim, W extends Dim, E extends Dim> = number extends W
  ? Times<Q["heads"], E>
  : [U, Q["width"]] extends [W, W]
    ? [W, W] extends [U, Q["width"]]
      ? W
      : Times<Q["heads"], E>
    : Times<Q["heads"], E>

type MaskFault<M, D extends DType, W extends Shape> = M extends TensorLike
  ? [M["dtype"] & (D | "bool")] extends [never]
    ? Fault<"mask", maskDType<M["dtype"], D>>
    : Broadcasts<M["shape"], W> extends false
      ? Fault<"mask", maskMisfit<"attention", M["shape"], W>>
      : []
  : []
/** Does M broadcast to W? */
export type Broadcasts<M extends Shape, W extends Shape> = M extends readonly [...infer P extends Shape, infer X extends Dim]
  ? W extends readonly [...infer Q extends Shape, infer Y extends Dim]
    ? X extends 1
      ? Broadcasts<P, Q>
      : Fits<X, Y> extends true
        ? Broadcasts<P, Q>
        : false
    : false
  : true

/** The result's shape; a Fault with the sentence and its place; or `never` over an earlier failure. */
export type AttentionRule<
  S extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  V extends Shape,
  F extends DType,
  O,
> = [D & FloatDType] extends [never]
  ? Fault<"query", needsFloat<"attention", D>>
  : [D & E] extends [never]
    ? Fault<"key", dtypesDiffer<"attention", D, E>>
    : [D & F] extends [never]
      ? Fault<"value", dtypesDiffer<"attention", D, F>>
      : Shaped<S, D, K, V, O, Option<O, "heads", undefined, null>>
type Shaped<S extends Shape, D extends DType, K extends Shape, V extends Shape, O, H> = H extends null
  ? Shape
  : QueryOf<S, H> extends infer Q
    ? Q extends Query
      ? KeyOf<Q, S, K, H> extends infer P
        ? P extends Key
          ? ValueOf<Q, P, K, V, H> extends infer R
            ? R extends { last: infer C extends Dim }
              ? MaskFault<
                  Option<O, "mask", undefined, unknown>,
                  D,
                  [...Q["lead"], Q["heads"], Q["time"], P["length"]]
                > extends infer M
                ? M extends Fault<string, unknown>
                  ? M
                  : H extends undefined
                    ? [...Q["lead"], Q["time"], Q["heads"], C]
                    : [...Q["lead"], Q["time"], C]
                : never
              : R
            : never
          : P
        : never
      : Q
    : never
