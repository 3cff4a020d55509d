// Sizes of sliding windows: convolution, its transpose, and pooling: floor((n + low + high - (dilation (k - 1) + 1)) / stride)
// + 1, and ceil(n / stride) for "same" padding. A named size goes through the same formulas as far as typelevel/symbolic.ts
// knows them, and is unknown elsewhere.
import type { Dim } from "./dim.ts"
import type { notASize, notPositive, windowTooLarge } from "./messages.ts"
import type { Add, AddD, CeilDiv, Compare, DivD, FloorDiv, Mul, NotASize, Num, Sub, SubD, Suspect } from "./nat.ts"
import type { Shape, Show } from "./shape.ts"
import type { Minus, Over, Plus, Times } from "./symbolic.ts"

/** Padding of one axis: none, enough for ceil(n / stride), or explicit (both sides, or [low, high]). */
export type Padding = "valid" | "same" | number | readonly [number, number]
/** The same for a convolution, which may also see each window that touches the input: all of it but one element outside. */
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
  : X extends readonly [
      ...infer B extends Shape, infer L extends Dim, infer H extends Dim, infer W extends Dim, infer C extends Dim
    ]
    ? [B, [L, H, W], C] : false
export type needsImage<Op extends string, N extends Sliders, X> =
  `${Op}: needs [..., ${AxisNames[N]}, channels], got ${Show<X>}; reshape it first`

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

/** `0`, or the sentence where an option is a literal that makes no sense. (The axis has no part in it: computed once.) */
type Wrong<Op extends string, Stride extends number, Dilation extends number, K extends Dim, P> =
  [`${Stride | Dilation | (K & number)}` & (Suspect | "0")] extends [never] ? Widths<Op, P>
    : [Zero<Stride>] extends [never]
      ? [Zero<Dilation>] extends [never]
        ? [Zero<K>] extends [never] ? Widths<Op, P> : notPositive<Op, "window", Zero<K>>
        : notPositive<Op, "dilation", Zero<Dilation>>
      : notPositive<Op, "stride", Zero<Stride>>
/** A literal that is no whole number of 1 or more, as sentences show it. */
export type Zero<N> = N extends number ? (N extends 0 ? 0 : NotASize<N>) : never
type Widths<Op extends string, P> =
  P extends number ? Width<Op, P>
    : P extends readonly [infer Low extends number, infer High extends number]
      ? Width<Op, Low> extends infer E extends string ? E : Width<Op, High>
      : 0
type Width<Op extends string, N extends number> = [NotASize<N>] extends [never] ? 0 : notASize<Op, NotASize<N>>

// ---- windows -------------------------------------------------------------------------------------------------------

/** The number of windows along an axis of size N, or the sentence. */
export type Windows<
  Op extends string, N extends Dim, K extends Dim, Stride extends number = 1, P = "valid", Dilation extends number = 1
> =
  Wrong<Op, Stride, Dilation, K, P> extends string ? Wrong<Op, Stride, Dilation, K, P>
    : P extends "same" ? (Stride extends 1 ? N : N extends number ? CeilDiv<N, Stride> : Known<Over<N, Stride>>)
    : Room<K, Stride, P, Dilation> extends infer R extends string
      ? N extends number
        ? number extends N ? number
          : (R extends `-${infer Less}` ? SubD<`${N}`, Less> : AddD<`${N}`, R>) extends infer M extends string
            ? M extends "negative" | "0" ? TooLarge<Op, N, K, P, Dilation>
              : Stride extends 1 ? Num<M>
              : DivD<M, `${Stride}`> extends [infer Q extends string, unknown]
                ? Q extends "0" ? TooLarge<Op, N, K, P, Dilation> : Num<Q>
                : never
            : never
        : Floor<N, R, Stride>
      : number
/** What N gets before it is divided by the stride, padding + stride - covered: "3" more, or "-3". */
type Room<K extends Dim, Stride extends number, P, Dilation extends number> =
  K extends number
    ? Covered<K, Dilation> extends infer C extends number
      ? Added<P, C> extends infer T extends number
        ? number extends T | C | Stride ? number : Signed<Add<T, Stride>, C>
        : never
      : never
    : number
type Signed<Up extends number, Down extends number> =
  Compare<Up, Down> extends "<" ? `-${Sub<Down, Up>}` : `${Sub<Up, Down>}`
type TooLarge<Op extends string, N extends number, K extends Dim, P, Dilation extends number> =
  Covered<K & number, Dilation> extends infer C extends number
    ? Added<P, C> extends infer T extends number ? windowTooLarge<Op, C, Padded<Add<N, T>, T>> : never
    : never
/** The size with its padding, as sentences show it. */
export type Padded<N extends number, T extends number> = T extends 0 ? N : `${N} with the padding`
/** A sentence about windows on one axis, with the shape that they slide over and what slides. */
export type Sliding<Op extends string, M, S, What extends string> =
  M extends `${Op}: a ${infer R}` ? `${Op}: ${Show<S>} and ${What}: a ${R}` : M
/** N, or `number` where there is none. */
type Known<N> = [N] extends [never] ? number : N
/** N + R */
type Shift<N extends Dim, R extends string> =
  R extends "0" ? N : R extends `-${infer Less}` ? Minus<N, Num<Less>> : Plus<N, Num<R>>
/** floor((N + R) / S) for a name N, where N or the whole is a multiple of S; `number` elsewhere. */
type Floor<N extends Dim, R extends string, S extends number> =
  S extends 1 ? Shift<N, R>
    : Over<N, S> extends infer Q extends Dim
      ? [Q] extends [never] ? Known<Over<Shift<N, R>, S>>
        : R extends `-${infer Less}` ? Shift<Q, `-${CeilDiv<Num<Less>, S>}`> : Shift<Q, `${FloorDiv<Num<R>, S>}`>
      : never

// ---- back again ----------------------------------------------------------------------------------------------------

/**
 * The size of the axis that a transposed convolution gives: stride (n - 1) + dilation (k - 1) + 1 + extra - low - high, and
 * stride n for "same" padding; or the sentence.
 */
export type Spread<
  Op extends string, N extends Dim, K extends Dim, Stride extends number = 1, P = "valid", Dilation extends number = 1,
  Extra extends number = 0
> =
  WrongExtra<Op, Stride, Dilation, K, P, Extra> extends infer E extends string ? E
    : N extends 0 ? notPositive<Op, "size", 0>
    : P extends "same" ? Times<N, Stride>
    : Left<K, Stride, P, Dilation, Extra> extends infer R extends string
      ? Shift<Times<N, Stride>, R> extends infer M
        ? [M] extends [never] ? TooMuch<Op, N & number, K, Stride, P, Dilation, Extra> : M
        : never
      : number
/** What stride times n gets, covered + extra - stride - padding: "3" more, or "-3". */
type Left<K extends Dim, Stride extends number, P, Dilation extends number, Extra extends number> =
  K extends number
    ? Covered<K, Dilation> extends infer C extends number
      ? Added<P, C> extends infer T extends number
        ? number extends T | C | Stride | Extra ? number : Signed<Add<C, Extra>, Add<Stride, T>>
        : never
      : never
    : number
/** As Wrong. */
type WrongExtra<
  Op extends string, Stride extends number, Dilation extends number, K extends Dim, P, Extra extends number
> =
  Wrong<Op, Stride, Dilation, K, P> extends infer E extends string ? E
    : Extra extends 0 ? 0
    : Width<Op, Extra> extends infer E extends string ? E
    : P extends "same" ? extraWithSame<Op, Extra>
    : "<" extends Compare<Extra, Stride> | Compare<Extra, Dilation> ? 0
    : extraTooLarge<Op, Extra, Stride, Dilation>
type TooMuch<
  Op extends string, N extends number, K extends Dim, Stride extends number, P, Dilation extends number, Extra extends number
> =
  Covered<K & number, Dilation> extends infer C extends number
    ? takesTooMuch<Op, Added<P, C>, Add<Mul<Sub<N, 1>, Stride>, Add<C, Extra>>>
    : never
export type extraWithSame<Op extends string, Extra extends number> =
  `${Op}: outputPadding is ${Extra} with padding 'same', which gives stride x size; leave it out`
export type extraTooLarge<Op extends string, Extra extends number, Stride extends number, Dilation extends number> =
  `${Op}: outputPadding is ${Extra}; it must be less than the stride ${Stride} or the dilation ${Dilation}`
export type takesTooMuch<Op extends string, T extends number, M extends number> =
  `${Op}: a padding of ${T} in all takes away more than the ${M} there are; pad by less`

// ---- options -------------------------------------------------------------------------------------------------------

/** `2` means `[2, 2]`: one number for all spatial axes, or one per axis. */
export type PerAxis<V, I> = V extends readonly unknown[] ? V[I & keyof V] : V
/** The padding of axis I of N: a list of N has one per axis. */
export type PaddingAt<P, N extends Sliders, I> = P extends Each<ConvPadding>[N] ? P[I & keyof P] : P
