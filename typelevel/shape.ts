// Shapes and their axes. A shape of unknown rank (`readonly Dim[]`, the shape of an untyped tensor) passes every rule and gives
// `Shape`.
import type { Dim, Fits, ShowDim } from "./dim.ts"
import type { axisOutside, axisTwice, notASize } from "./messages.ts"
import type { NotASize, Suspect } from "./nat.ts"

export type { Dim } from "./dim.ts"
export type Shape = readonly Dim[]

/** Is the rank unknown? Rules ask this only where nothing else matched, so that it costs nothing where ranks are known. */
export type Rankless<S extends Shape> = number extends S["length"] ? true : false

type Join<S, Acc extends string = ""> =
  S extends readonly [infer H, ...infer T] ? Join<T, Acc extends "" ? ShowDim<H> : `${Acc}, ${ShowDim<H>}`> : Acc
/** `"[2, 3]"`; unknown sizes are shown as `?`. */
export type Show<S> = S extends Shape ? (number extends S["length"] ? "[...]" : `[${Join<S>}]`) : "?"

/** S (not readonly), or the sentence where a dimension is a literal that cannot be a size. */
export type Sizes<Op extends string, S extends Shape> =
  [`${S[number] & number}` & Suspect] extends [never] ? [...S]
    : NotSized<Op, S, S>
/** Asked only where some literal looks suspicious. */
type NotSized<Op extends string, S extends Shape, Rest extends Shape> =
  Rest extends readonly [infer H, ...infer T extends Shape]
    ? [NotASize<H & number>] extends [never] ? NotSized<Op, S, T> : notASize<Op, NotASize<H & number>>
    : [...S]

/** Are these the same sizes, as far as they are known? */
export type SameSizes<S extends Shape, T extends Shape> =
  S extends readonly [infer H, ...infer P extends Shape]
    ? T extends readonly [infer G, ...infer Q extends Shape] ? (Fits<H, G> extends true ? SameSizes<P, Q> : false) : Rankless<T>
    : T extends readonly [Dim, ...Shape] ? Rankless<S> : true

// ---- axes ----------------------------------------------------------------------------------------------------------

/** The non-negative axis that X means on S, `number` if X is unknown, `never` if it is outside. */
export type Axis<S, X extends number> =
  number extends X ? number : `${X}` extends `-${infer N extends number}` ? FromEnd<S, N> : `${X}` extends keyof S ? X : never
type FromEnd<S, N extends number, Seen extends 0[] = [0]> =
  S extends readonly [...infer R, unknown] ? (Seen["length"] extends N ? R["length"] : FromEnd<R, N, [...Seen, 0]>) : never

/** The union of the axes that a list (or one number) means on S; a sentence if one is outside or named twice. */
export type Axes<Op extends string, S extends Shape, X, Acc extends number = never> =
  X extends number ? Axes<Op, S, readonly [X]>
    : X extends readonly [infer H extends number, ...infer T]
      ? Axis<S, H> extends infer A extends number
        ? [A] extends [never] ? axisOutside<Op, S, H>
          : A extends Acc ? (number extends A ? Axes<Op, S, T, Acc> : axisTwice<Op, S, A>) : Axes<Op, S, T, Acc | A>
        : never
      : X extends readonly [] ? Acc : number

/** The dimensions of S at each axis in X are left out, or replaced by 1 where Keep is true. */
export type Drop<S extends Shape, X extends number, Keep = false, Acc extends Shape = [], Seen extends Shape = []> =
  S extends readonly [infer H extends Dim, ...infer T extends Shape]
    ? Drop<T, X, Keep, Seen["length"] extends X ? (Keep extends true ? [...Acc, 1] : Acc) : [...Acc, H], [...Seen, H]>
    : Acc

/**
 * Reduction over an axis or several; over all of them where none is given (X = undefined). The last axis alone, the commonest,
 * is quick.
 */
export type Reduce<Op extends string, S extends Shape, X, Keep = false> =
  [X, S] extends [-1, readonly [...infer R extends Shape, Dim]]
    ? boolean extends Keep ? Shape : Keep extends true ? [...R, 1] : R
    : Rankless<S> extends true ? Shape
    : X extends undefined ? (boolean extends Keep ? Shape : Keep extends true ? Ones<S> : [])
    : Axes<Op, S, X> extends infer A
      ? [A] extends [number] ? (number extends A ? Shape : boolean extends Keep ? Shape : Drop<S, A, Keep>) : A
      : never
type Ones<S extends Shape> = { -readonly [K in keyof S]: 1 }

/** The dimension of S at axis X becomes D. */
export type Replace<S extends Shape, X extends number, D extends Dim> =
  Axis<S, X> extends infer A
    ? number extends A
      ? { -readonly [K in keyof S]: Dim }
      : { -readonly [K in keyof S]: K extends `${A & number}` ? D : S[K] }
    : never
/** S with the dimensions I in the place of axis X. */
export type Splice<S, X, I extends Shape, Head extends Shape = []> =
  S extends readonly [infer D extends Dim, ...infer T extends Shape]
    ? Head["length"] extends X ? [...Head, ...I, ...T] : Splice<T, X, I, [...Head, D]>
    : never
/** D becomes the dimension at axis X of the result. */
export type Insert<S extends Shape, X extends number, D extends Dim, Acc extends Shape = []> =
  Acc["length"] extends X ? [...Acc, D, ...S]
    : S extends readonly [infer H extends Dim, ...infer T extends Shape] ? Insert<T, X, D, [...Acc, H]> : never
export type ReverseShape<S extends Shape, Acc extends Shape = []> =
  S extends readonly [infer H extends Dim, ...infer T extends Shape] ? ReverseShape<T, [H, ...Acc]>
    : S extends readonly [] ? Acc : Shape

/** S itself where X is an axis of it, or the sentence: for ops along one axis that keep the shape. */
export type SameShape<Op extends string, S extends Shape, X extends number> =
  Rankless<S> extends true ? S : [Axis<S, X>] extends [never] ? axisOutside<Op, S, X> : S
