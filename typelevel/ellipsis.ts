// `"..."` in a list about axes stands for all axes that the list does not name.
import type { Dim } from "./dim.ts"
import type { Axes, Axis, Drop, Rankless, Shape } from "./shape.ts"

export type ellipsisTwice<Op extends string> = `${Op}: ... stands twice; the axes that are not named have one place`

/** The list without "...". */
type Others<L, Acc extends readonly unknown[] = []> =
  L extends readonly [infer H, ...infer T] ? Others<T, H extends "..." ? Acc : [...Acc, H]> : Acc
/** Is all but one entry of L among the entries N? */
type Once<L extends readonly unknown[], N extends readonly unknown[]> = [...N, 0]["length"] extends L["length"] ? true : false

/** S without its last axes, one for each of L; and those. */
export type Split<S, L, Back extends Shape = []> =
  L extends readonly [unknown, ...infer T]
    ? S extends readonly [...infer R, infer D extends Dim] ? Split<R, T, [D, ...Back]> : never
    : [S, Back]

/** L with Fill for each axis of S that "..." stands for; L without it where that is too long already; or the sentence. */
export type Spread<Op extends string, S extends Shape, L extends readonly unknown[], Fill> =
  Others<L> extends infer N extends readonly unknown[]
    ? Once<L, N> extends false ? ellipsisTwice<Op>
      : [Split<S, N>] extends [never] ? N
      : Between<Split<S, N>[0], L, Fill>
    : never
type Between<Dots, L, Fill, Acc extends readonly unknown[] = []> =
  L extends readonly [infer H, ...infer T]
    ? H extends "..." ? (Dots extends readonly unknown[] ? [...Acc, ...{ [K in keyof Dots]: Fill }, ...T] : never)
      : Between<Dots, T, Fill, [...Acc, H]>
    : never

/** S with its axes in the order P, in which "..." stands for those that are not named; or the sentence. */
export type PermuteRest<Op extends string, S extends Shape, P extends readonly (number | "...")[]> =
  Rankless<S> extends true ? Shape
    : Others<P> extends infer N extends readonly unknown[]
      ? Once<P, N> extends false ? ellipsisTwice<Op>
        : Axes<Op, S, N> extends infer A
          ? [A] extends [number] ? (number extends A ? { -readonly [K in keyof S]: Dim } : Placed<S, P, Drop<S, A>>) : A
          : never
      : never
type Placed<S extends Shape, P, Rest extends Shape, Acc extends Shape = []> =
  P extends readonly [infer H, ...infer T]
    ? Placed<S, T, Rest, H extends number ? [...Acc, S[Axis<S, H>]] : [...Acc, ...Rest]>
    : Acc
