// Sizes that pooling gives, over one, two or three spatial axes with the channels last: windows that slide (with the ceiling of the
// division, if asked), parts of equal size, and all of an axis.
import type { Each, needsImage, Padded, Padding, PerAxis, Sliders, Sliding, Split, Windows } from "./conv.ts"
import type { Dim } from "./dim.ts"
import type { notPositive, windowTooLarge } from "./messages.ts"
import type { Add, AddD, Compare, DivD, Mul, NotASize, Num, Sub, SubD, Suspect } from "./nat.ts"
import type { Option } from "./rule.ts"
import type { Rankless, Shape, Show } from "./shape.ts"
import type { Minus, Over, Plus } from "./symbolic.ts"

export type allPadding<Op extends string, P extends number, K extends number> =
  `${Op}: a padding of ${P} leaves a window of ${K} nothing to see; pad by less`
export type nothingToPool<Op extends string, S> =
  `${Op}: ${Show<S>} has no elements to pool; every spatial axis needs at least one`

/** [leading axes, the N spatial axes, channels]; [] where S has too few. */
type Parted<N extends Sliders, S extends Shape> = [Split<N, S>] extends [never] ? [] : Split<N, S>
/** The rule for a shape that is no image: gradual where its rank is unknown. */
type NoImage<Op extends string, N extends Sliders, S extends Shape> = Rankless<S> extends true ? Shape : needsImage<Op, N, S>

// ---- windows -------------------------------------------------------------------------------------------------------

/** The leading axes, the numbers of windows and the channels; or the sentence. */
export type Pool<Op extends string, N extends Sliders, S extends Shape, K, O> =
  Parted<N, S> extends [infer B extends Shape, infer X extends Shape, infer C extends Dim]
    ? Walk<
        Op, N, X, K, Option<O, "stride", K, number>, Option<O, "padding", "valid", Padding>, Option<O, "ceilMode", false, boolean>
      > extends infer R
      ? R extends Shape ? [...B, ...R, C] : Sliding<Op, R, S, `window ${K extends number ? K : Show<K>}`>
      : never
    : NoImage<Op, N, S>
type Walk<Op extends string, N extends Sliders, X extends Shape, K, Stride, P, Ceil, Acc extends Shape = []> =
  X extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? Along<
        Op, H, PerAxis<K, Acc["length"] & Place> & number, PerAxis<Stride, Acc["length"] & Place> & number,
        P extends Each<Padding>[N] ? P[Acc["length"] & Place] : P, Ceil
      > extends infer M
      ? M extends `${Op}: ${string}` ? M : Walk<Op, N, R, K, Stride, P, Ceil, [...Acc, M & Dim]>
      : never
    : Acc
type Place = 0 | 1 | 2
type Along<Op extends string, N extends Dim, K extends number, Stride extends number, P, Ceil> =
  (Ceil extends true ? Ceiling<Op, N, K, Stride, P> : Stride extends K ? Apart<Op, N, K, P> : Windows<Op, N, K, Stride, P>) extends infer M
    ? M extends `${Op}: ${string}` ? M
      : boolean extends Ceil ? number
      : P extends string ? M
      : P extends number ? Covers<Op, N, P, K, M>
      : P extends readonly [infer L extends number, infer U extends number]
        ? Covers<Op, N, L, K, M> extends infer R ? (R extends `${Op}: ${string}` ? R : Covers<Op, N, U, K, M>) : never
        : M
    : never
/** Windows side by side, the commonest case, at half the cost: without padding there are floor(N / K). */
type Apart<Op extends string, N extends Dim, K extends number, P> =
  [P, `${K | (N & number)}` & (Suspect | "0")] extends ["valid", never]
    ? N extends number
      ? DivD<`${N}`, `${K}`> extends [infer Q extends string, unknown] ? (Q extends "0" ? windowTooLarge<Op, K, N> : Num<Q>) : never
      : Windows<Op, N, K, K, P>
    : Windows<Op, N, K, K, P>
type Covers<Op extends string, N extends Dim, P extends number, K extends number, M> =
  P extends 0 ? M : N extends 0 ? allPadding<Op, P, K> : Compare<P, K> extends infer C ? ("<" extends C ? M : allPadding<Op, P, K>) : never

/**
 * ceil((N + padding - K) / Stride) + 1 windows, without the last where it would begin beyond the input. A name that is a multiple
 * of the stride has as many more or less than its multiple as K strides have.
 */
type Ceiling<Op extends string, N extends Dim, K extends number, Stride extends number, P> =
  Stride extends 1 ? Windows<Op, N, K, 1, P>
    : P extends "same" ? Windows<Op, N, K, Stride, P>
    : Windows<Op, K, K, Stride, P> extends infer M extends `${Op}: ${string}` ? M // what is wrong with the options alone
    : number extends N | K | Stride ? number
    : N extends number ? Ceil<Op, N, K, Stride, P>
    : Over<N, Stride> extends infer Q extends Dim
      ? [Q] extends [never] ? Windows<Op, N, K, Stride, P>
        : Ceil<Op, Mul<K, Stride>, K, Stride, P> extends infer C extends number ? Plus<Minus<Q, K>, C> : number
      : never
type Ceil<Op extends string, N extends number, K extends number, Stride extends number, P> =
  P extends "valid" ? Lay<Op, K, Stride, N, N, 0>
    : P extends number ? Lay<Op, K, Stride, Add<N, P>, Add<N, Add<P, P>>, P>
    : P extends readonly [infer L extends number, infer U extends number] 
      ? Lay<Op, K, Stride, Add<N, L>, Add<N, Add<L, U>>, L | U>
    : number
/** The windows begin before End; padded, there are All elements. */
type Lay<Op extends string, K extends number, Stride extends number, End extends number, All extends number, P extends number> =
  number extends End | All ? number
    : SubD<AddD<`${All}`, `${Sub<Stride, 1>}`>, `${K}`> extends infer Room extends string
      ? Room extends "negative" ? windowTooLarge<Op, K, [P] extends [0] ? All : Padded<All, 1>>
        : DivD<Room, `${Stride}`> extends [infer Q extends string, infer R extends string]
          ? SubD<SubD<Room, R>, `${End}`> extends "negative" ? Num<AddD<Q, "1">> : Num<Q>
          : never
      : never

// ---- all of an axis ------------------------------------------------------------------------------------------------

/** Is one of the sizes known to be 0? */
type Hollow<X extends Shape> = X extends readonly [infer H, ...infer R extends Shape] ? (H extends 0 ? true : Hollow<R>) : false
/** The leading axes and the channels, or the sentence. */
export type GlobalPool<Op extends string, N extends Sliders, S extends Shape> =
  Parted<N, S> extends [infer B extends Shape, infer X extends Shape, infer C extends Dim]
    ? Hollow<X> extends true ? nothingToPool<Op, S> : [...B, C]
    : NoImage<Op, N, S>

// ---- parts of equal size -------------------------------------------------------------------------------------------

/** How many parts: one number for all axes or one for each; null keeps an axis. */
export type Parts<N extends Sliders> = number | Each<number | null>[N]
/** The leading axes, the numbers of parts and the channels; or the sentence. */
export type AdaptivePool<Op extends string, N extends Sliders, S extends Shape, T> =
  Parted<N, S> extends [infer B extends Shape, infer X extends Shape, infer C extends Dim]
    ? PartsValid<Op, T> extends infer M extends string ? M
      : Hollow<X> extends true ? nothingToPool<Op, S>
      : [...B, ...Part<X, T>, C]
    : NoImage<Op, N, S>
type Part<X extends Shape, T, Acc extends Shape = []> =
  X extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? Part<R, T, [...Acc, PerAxis<T, Acc["length"] & Place> extends infer M ? (M extends number ? M : H) : never]>
    : Acc
/** `[]`, or the sentence where a number of parts is no whole number of 1 or more. */
export type PartsValid<Op extends string, T> =
  T extends readonly [infer H, ...infer R]
    ? PartsValid<Op, H> extends infer M extends string ? M : PartsValid<Op, R>
    : T extends number
      ? [`${T}` & (Suspect | "0")] extends [never] ? []
        : T extends 0 ? notPositive<Op, "size", 0>
        : [NotASize<T>] extends [never] ? [] : notPositive<Op, "size", NotASize<T>>
      : []
