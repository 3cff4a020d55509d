// Sizes of sliding windows: convolution, its transpose, and pooling. n' = floor((n + low + high - (dilation (k - 1) + 1)) / stride)
// + 1, and ceil(n / stride) for "same" padding. A named size goes through the same formulas as far as typelevel/symbolic.ts
// knows them, and is unknown elsewhere.
import type { Dim } from "./dim.ts"
import type { notASize, notPositive, windowTooLarge } from "./messages.ts"
import type { Add, AddD, CeilDiv, Compare, DivD, FloorDiv, Mul, NotASize, Num, Sub, SubD, Suspect } from "./nat.ts"
import type { Shape, Show } from "./shape.ts"
import type { Minus, Over, Plus, Times } from "./symbolic.ts"

/** Padding of one axis: none, enough for ceil(n / stride), or explicit (both sides, or [low, high]). */
export type Padding = "valid" | "same" | number | readonly [number, number]
/** The same for a convolution, which may also see every window that touches the input: all but one element of it on each side. */
export type ConvPadding = Padding | "full"

/** How many axes windows slide along. */
export type Sliders = 1 | 2 | 3
/** One value for all N spatial axes, or a list with one for each. */
export type ForAxes<N extends Sliders, V> = V | Each<V>[N]
/** Lists with an entry for each of N axes. */
export interface Each<V> {
  readonly 1: readonly [V]
  readonly 2: readonly [V, V]
  readonly 3: readonly [V, V, V]
}
/** What N spatial axes are called in sentences. */
export interface AxisNames {
  readonly 1: "length"
  readonly 2: "height, width"
  readonly 3: "depth, height, width"
}

/** [batch axes, the N spatial axes, channels]; `false` where X has too few. */
export type Split<N extends Sliders, X extends Shape> =
  N extends 2
    ? X extends readonly [...infer B extends Shape, infer H extends Dim, infer W extends Dim, infer C extends Dim]
      ? [B, [H, W], C] : false
  : N extends 1
    ? X extends readonly [...infer B extends Shape, infer L extends Dim, infer C extends Dim] ? [B, [L], C] : false
  : X extends readonly [...infer B extends Shape, infer L extends Dim, infer H extends Dim, infer W extends Dim, infer C extends Dim]
    ? [B, [L, H, W], C] : false
export type needsImage<Op extends string, N extends Sliders, X> = `${Op}: needs [..., ${AxisNames[N]}, channels], got ${Show<X>}`

/** What a window of K spreads over: dilation (K - 1) + 1. */
export type Covered<K extends number, Dilation extends number> =
  Dilation extends 1 ? K : number extends K | Dilation ? number : Add<Mul<Dilation, Sub<K, 1>>, 1>
/** Elements added on both sides together, for windows that cover C; `number` for "same". */
type Added<P, C extends number> =
  P extends "valid" ? 0
    : P extends "full" ? Add<Sub<C, 1>, Sub<C, 1>>
    : P extends number ? Add<P, P>
    : P extends readonly [infer Low extends number, infer High extends number] ? Add<Low, High> : number

// ---- options that no size fits -------------------------------------------------------------------------------------

/** R, or the sentence where stride, dilation or window is a literal that is no whole number of 1 or more. */
type Counted<Op extends string, Stride extends number, Dilation extends number, K extends Dim, R> =
  [`${Stride | Dilation | (K & number)}` & (Suspect | "0")] extends [never] ? R
    : [Zero<Stride>] extends [never]
      ? [Zero<Dilation>] extends [never]
        ? [Zero<K>] extends [never] ? R : notPositive<Op, "window", Zero<K>>
        : notPositive<Op, "dilation", Zero<Dilation>>
      : notPositive<Op, "stride", Zero<Stride>>
type Zero<N> = N extends number ? (N extends 0 ? 0 : NotASize<N>) : never
/** R, or the sentence where a padding is a literal that is no size. */
type Widths<Op extends string, P, R> =
  P extends string ? R
    : P extends number ? Width<Op, P, R>
    : P extends readonly [infer Low extends number, infer High extends number] ? Width<Op, Low, Width<Op, High, R>> : R
type Width<Op extends string, N extends number, R> =
  [`${N}` & Suspect] extends [never] ? R : [NotASize<N>] extends [never] ? R : notASize<Op, NotASize<N>>

// ---- windows -------------------------------------------------------------------------------------------------------

/** The number of windows along an axis of size N, or the sentence. */
export type Windows<
  Op extends string, N extends Dim, K extends Dim, Stride extends number = 1, P = "valid", Dilation extends number = 1
> = Counted<Op, Stride, Dilation, K, Widths<Op, P, Counts<Op, N, K, Stride, P, Dilation>>>
type Counts<Op extends string, N extends Dim, K extends Dim, Stride extends number, P, Dilation extends number> =
  P extends "same" ? (Stride extends 1 ? N : N extends number ? CeilDiv<N, Stride> : Known<Over<N, Stride>>)
    : K extends number ? Slide<Op, N, Covered<K, Dilation>, Stride, P> : number
type Slide<Op extends string, N extends Dim, C extends number, Stride extends number, P> =
  N extends number
    ? Add<N, Added<P, C>> extends infer M extends number
      ? number extends M | C | Stride ? number
        : SubD<`${M}`, `${C}`> extends infer Room extends string
          ? Room extends "negative" ? windowTooLarge<Op, C, M>
            : Stride extends 1 ? Num<AddD<Room, "1">>
            : DivD<Room, `${Stride}`> extends [infer Q extends string, unknown] ? Num<AddD<Q, "1">> : never
          : never
      : never
    : Added<P, C> extends infer T extends number
      ? number extends T | C | Stride ? number : Floor<N, Add<T, Stride>, C, Stride>
      : never
/** N, or `number` where there is none. */
type Known<N> = [N] extends [never] ? number : N
/** N + Up - Down */
type Shift<N extends Dim, Up extends number, Down extends number> =
  Compare<Up, Down> extends infer Order
    ? Order extends "=" ? N : Order extends ">" ? Plus<N, Sub<Up, Down>> : Minus<N, Sub<Down, Up>>
    : never
/** floor((N + Up - Down) / S) for a name N, where N or the whole is a multiple of S; `number` elsewhere. */
type Floor<N extends Dim, Up extends number, Down extends number, S extends number> =
  S extends 1 ? Shift<N, Up, Down>
    : Over<N, S> extends infer Q extends Dim
      ? [Q] extends [never] ? Known<Over<Shift<N, Up, Down>, S>>
        : Compare<Up, Down> extends "<" ? Shift<Q, 0, CeilDiv<Sub<Down, Up>, S>> : Shift<Q, FloorDiv<Sub<Up, Down>, S>, 0>
      : never

// ---- back again ----------------------------------------------------------------------------------------------------

/**
 * The size of the axis that a transposed convolution gives: stride (n - 1) + dilation (k - 1) + 1 + extra - low - high, and
 * stride n for "same" padding; or the sentence.
 */
export type Spread<
  Op extends string, N extends Dim, K extends Dim, Stride extends number = 1, P = "valid", Dilation extends number = 1,
  Extra extends number = 0
> = Counted<Op, Stride, Dilation, K, Widths<Op, P, Widths<Op, Extra, Beyond<
  Op, P, Stride, Dilation, Extra,
  N extends 0 ? notPositive<Op, "size", 0>
    : P extends "same" ? Times<N, Stride>
    : K extends number ? Taken<Op, Times<N, Stride>, Stride, Add<Covered<K, Dilation>, Extra>, Added<P, Covered<K, Dilation>>>
    : number
>>>>
type Beyond<Op extends string, P, Stride extends number, Dilation extends number, Extra extends number, R> =
  Extra extends 0 ? R
    : P extends "same" ? extraWithSame<Op, Extra>
    : Compare<Extra, Stride> extends "<" ? R
    : Compare<Extra, Dilation> extends "<" ? R
    : number extends Extra | Stride | Dilation ? R : extraTooLarge<Op, Extra, Stride, Dilation>
/** S + C - Stride - T, where S is stride times n. */
type Taken<Op extends string, S extends Dim, Stride extends number, C extends number, T extends number> =
  number extends S | C | T | Stride ? number
    : S extends number
      ? Sub<Add<S, C>, Stride> extends infer M extends number
        ? Sub<M, T> extends infer R ? ([R] extends [never] ? takesTooMuch<Op, T, M> : R) : never
        : never
      : Shift<S, C, Add<Stride, T>>
export type extraWithSame<Op extends string, Extra extends number> =
  `${Op}: outputPadding is ${Extra} with padding "same", which gives stride x size; leave it out`
export type extraTooLarge<Op extends string, Extra extends number, Stride extends number, Dilation extends number> =
  `${Op}: outputPadding is ${Extra}; it must be less than the stride ${Stride} or the dilation ${Dilation}`
export type takesTooMuch<Op extends string, T extends number, M extends number> =
  `${Op}: a padding of ${T} in all takes away more than the ${M} there are; pad by less`

// ---- options -------------------------------------------------------------------------------------------------------

/** An option of an op: its value, the default where it is left out, or the wide type where it may be left out. */
export type Option<O, Name extends string, Default, Wide> =
  Name extends keyof O ? (undefined extends O[Name] ? Wide : O[Name]) : Default
/** `2` means `[2, 2]`: one number for all spatial axes, or one per axis. */
export type PerAxis<V, I extends 0 | 1 | 2> = V extends readonly unknown[] ? V[I] : V
/** The padding of axis I of N: a list of N has one per axis. */
export type PaddingAt<O, N extends Sliders, I extends 0 | 1 | 2> =
  Option<O, "padding", "valid", ConvPadding> extends infer P ? (P extends Each<ConvPadding>[N] ? P[I] : P) : never
