// Sizes of sliding windows: convolution and pooling. n' = floor((n + low + high - (dilation (k - 1) + 1)) / stride) + 1, and
// ceil(n / stride) for "same" padding. A named or unknown size stays what it is where the formula says so, and is unknown
// elsewhere.
import type { Dim } from "./dim.ts"
import type { notPositive, windowTooLarge } from "./messages.ts"
import type { Add, AddD, CeilDiv, DivD, Mul, Num, Sub, SubD } from "./nat.ts"

/** Padding of one axis: none, enough for ceil(n / stride), or explicit (both sides, or [low, high]). */
export type Padding = "valid" | "same" | number | readonly [number, number]

/** What a window of K spreads over: dilation (K - 1) + 1. */
export type Covered<K extends number, Dilation extends number> =
  Dilation extends 1 ? K : number extends K | Dilation ? number : Add<Mul<Dilation, Sub<K, 1>>, 1>
type Padded<N extends number, P> =
  P extends "valid" | 0 ? N
    : P extends number ? Add<N, Add<P, P>>
    : P extends readonly [infer Low extends number, infer High extends number] ? Add<N, Add<Low, High>> : number

/** The number of windows along an axis of size N, or the sentence. */
export type Windows<
  Op extends string, N extends Dim, K extends Dim, Stride extends number = 1, P = "valid", Dilation extends number = 1
> =
  Stride extends 0 ? notPositive<Op, "stride", 0>
    : Dilation extends 0 ? notPositive<Op, "dilation", 0>
    : K extends 0 ? notPositive<Op, "window", 0>
    : P extends "same" ? (Stride extends 1 ? N : N extends number ? CeilDiv<N, Stride> : number)
    : K extends 1 ? Slide<Op, N, 1, Stride, P>
    : K extends number ? Slide<Op, N, Covered<K, Dilation>, Stride, P> : number
type Slide<Op extends string, N extends Dim, C extends number, Stride extends number, P> =
  N extends number
    ? Padded<N, P> extends infer M extends number
      ? number extends M | C | Stride ? number
        : SubD<`${M}`, `${C}`> extends infer Room extends string
          ? Room extends "negative" ? windowTooLarge<Op, C, M>
            : Stride extends 1 ? Num<AddD<Room, "1">>
            : DivD<Room, `${Stride}`> extends [infer Q extends string, unknown] ? Num<AddD<Q, "1">> : never
          : never
      : never
    : C extends 1 ? (Stride extends 1 ? (P extends "valid" | 0 ? N : number) : number) : number

/** An option of an op: its value, the default where it is left out, or the wide type where it may be left out. */
export type Option<O, Name extends string, Default, Wide> =
  Name extends keyof O ? (undefined extends O[Name] ? Wide : O[Name]) : Default
/** `2` means `[2, 2]`: one number for all spatial axes, or one per axis. */
export type PerAxis<V, I extends 0 | 1 | 2> = V extends readonly unknown[] ? V[I] : V
