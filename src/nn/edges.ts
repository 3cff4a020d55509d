// Layers that change where an image ends: cut to a size around its centre, edges taken off, zeros put around.
import type { ForAxes, needsImage, PerAxis } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Add, Compare } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Rankless, Shape, Show, Sizes } from "../../typelevel/shape.ts"
import type { Minus, Plus } from "../../typelevel/symbolic.ts"
import { minus, plus } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import { notASize } from "../core/messages.ts"
import type { Or } from "../core/signature.ts"
import { show, spelled } from "../core/shape.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { anImage, eachAxis } from "../ops/_windows.ts"
import { pad } from "../ops/pad.ts"
import { slice } from "../ops/slice.ts"
import { pureArrow } from "./arrow.ts"
import { type Every, type Layer, layerOf, type ShapeIn } from "./layer.ts"
import { type AnySpec, single, type Spec } from "./spec.ts"

/** Elements on both sides of an axis, or [before, behind]. */
export type Margin = number | readonly [before: number, behind: number]
/** One margin for height and width, or one for each. */
export type Margins = number | readonly [Margin, Margin]

/** A rule of height and width: both at once, so that the sentence can name the first that is wrong. */
type Edged<Op extends string, X, How> = Every<Op, X, Image<Op, ShapeIn<X>, How>>
type Image<Op extends string, S extends Shape, How> = S extends readonly [
  ...infer B extends Shape,
  infer H extends Dim,
  infer W extends Dim,
  infer C extends Dim,
]
  ? How extends { readonly crop: infer T }
    ? Two<B, Kept<Op, S, H, PerAxis<T, 0>>, Kept<Op, S, W, PerAxis<T, 1>>, C>
    : How extends { readonly trim: infer M }
      ? Two<B, Left<Op, S, H, Total<PerAxis<M, 0>>>, Left<Op, S, W, Total<PerAxis<M, 1>>>, C>
      : How extends { readonly pad: infer M }
        ? [...B, Plus<H, Total<PerAxis<M, 0>>>, Plus<W, Total<PerAxis<M, 1>>>, C]
        : never
  : Rankless<S> extends true
    ? Shape
    : needsImage<Op, 2, S>
type Two<B extends Shape, H, W, C extends Dim> = H extends readonly [infer Y extends Dim]
  ? W extends readonly [infer Z extends Dim]
    ? [...B, Y, Z, C]
    : W
  : H
/** [T], where an axis of N has as many elements. */
type Kept<Op extends string, S extends Shape, N extends Dim, T> = T extends number
  ? N extends number
    ? Compare<T, N> extends ">"
      ? tooSmall<Op, S, T, N>
      : [T]
    : [T]
  : never
/** [N - M], or the sentence. */
type Left<Op extends string, S extends Shape, N extends Dim, M extends number> =
  Minus<N, M> extends infer D ? ([D] extends [never] ? tooWide<Op, S, M, N & number> : [D]) : never
type Total<M> = M extends number
  ? Add<M, M>
  : M extends readonly [infer L extends number, infer U extends number]
    ? Add<L, U>
    : number

type tooSmall<
  Op extends string,
  S extends Shape,
  T extends number,
  N extends number,
> = `${Op}: ${Show<S>} has ${N} where ${T} are to stay; crop to less`
type tooWide<
  Op extends string,
  S extends Shape,
  M extends number,
  N extends number,
> = `${Op}: ${Show<S>} has ${N} where margins of ${M} in all are to go; take less away`
const tooSmall = (op: string, s: readonly Dim[], t: number, n: Dim): string =>
  `${op}: ${show(s)} has ${n} where ${t} are to stay; crop to less`
const tooWide = (op: string, s: readonly Dim[], m: number, n: Dim): string =>
  `${op}: ${show(s)} has ${n} where margins of ${m} in all are to go; take less away`

/** All numbers in a value of margins or sizes. */
type Numbers<M> = M extends number ? [M] : M extends readonly [infer A, infer B] ? [...Numbers<A>, ...Numbers<B>] : []
/** `[]`, or the sentence where a number is no size. */
type Valid<Op extends string, M> = Sizes<Op, Numbers<M>>

/** A layer of one image of any dtype: what height and width become, and how. */
const edged = (
  op: string,
  size: (s: readonly Dim[], n: Dim, k: number) => Dim,
  f: (x: RawTensor, axis: number, k: number, whole: readonly number[]) => RawTensor,
) =>
  pureArrow(
    (s: AnySpec): Spec => {
      single(op, s)
      anImage(op, 2, s.shape)
      const first = s.shape.length - 3
      return { shape: s.shape.map((d, k) => (k === first || k === first + 1 ? size(s.shape, d, k - first) : d)), dtype: s.dtype }
    },
    (x) => [0, 1].reduce((t, k) => f(t, x.shape.length - 3 + k, k, x.shape), x),
  )
/** The elements from `from` to `to` of an axis. */
export const cut = (x: RawTensor, axis: number, from: number, to: number): RawTensor =>
  raw(
    slice(
      x,
      x.shape.map((_, k) => (k === axis ? ([from, to] as const) : null)),
    ),
  )
const aSize = (op: string, n: number): number => (Number.isSafeInteger(n) && n >= 0 ? n : refuse(notASize(op, n)))
/** Only plain JavaScript gives lists of another length: types know pairs. */
const pairIn = <V>(op: string, v: readonly unknown[]): readonly [V, V] =>
  v.length === 2
    ? (v as unknown as readonly [V, V])
    : refuse(`${op}: ${spelled(v)} has ${v.length} entries; a list of margins has two`)
/** [before, behind] of height and width. */
const marginsOf = (op: string, m: Margins): (readonly [number, number])[] =>
  [0, 1].map((k) => {
    const one = Array.isArray(m) ? pairIn<Margins>(op, m)[k]! : m
    const [a, b] = Array.isArray(one) ? pairIn<number>(op, one) : [one as number, one as number]
    return [aSize(op, a), aSize(op, b)]
  })

export interface Crop2dRule<T> extends Plain {
  readonly Kind: "crop2d"
  readonly Out: Edged<"crop2d", this["In"], { readonly crop: T }>
}
/**
 * The centre of an image, [..., height, width, channels] to [..., size, size, channels]: one size, or one for each axis.
 *
 * Every dtype. Of an odd number of rows one more goes at the end. Refuses what is no image, and images that are smaller; a named size
 * is checked when the program runs. Ronneberger et al. 2015, U-Net.
 * @example Net.crop2d(56)
 */
export const crop2d = <const T extends ForAxes<2, number>>(size: Or<Valid<"crop2d", T>, T>): Layer<Crop2dRule<T>> => {
  const to = eachAxis("crop2d", "size", size as ForAxes<2, number>, 2).map((n) => aSize("crop2d", n))
  const checked = (s: readonly Dim[], n: Dim, k: number): number =>
    typeof n === "number" && n < to[k]! ? refuse(tooSmall("crop2d", s, to[k]!, n)) : to[k]!
  return layerOf(
    "crop2d",
    edged("crop2d", checked, (x, axis, k, whole) => {
      const n = x.shape[axis]!
      const from = Math.floor((n - checked(whole, n, k)) / 2)
      return cut(x, axis, from, from + to[k]!)
    }),
  )
}

export interface Trim2dRule<M> extends Plain {
  readonly Kind: "trim2d"
  readonly Out: Edged<"trim2d", this["In"], { readonly trim: M }>
}
/**
 * An image without its edges, [..., height, width, channels]: a margin for all sides, or one for height and one for width, each a
 * number or [before, behind].
 *
 * Every dtype. Refuses what is no image, and images that are smaller than their margins.
 * @example Net.trim2d([[0, 1], 2])
 */
export const trim2d = <const M extends Margins>(margins: Or<Valid<"trim2d", M>, M>): Layer<Trim2dRule<M>> => {
  const edges = marginsOf("trim2d", margins as Margins)
  const left = (s: readonly Dim[], n: Dim, k: number): Dim => {
    const total = edges[k]![0] + edges[k]![1]
    return typeof n === "number" && n < total ? refuse(tooWide("trim2d", s, total, n)) : minus(n, total)
  }
  return layerOf(
    "trim2d",
    edged("trim2d", left, (x, axis, k, whole) => {
      const [before] = edges[k]!
      return cut(x, axis, before, before + (left(whole, x.shape[axis]!, k) as number))
    }),
  )
}

export interface ZeroPad2dRule<M> extends Plain {
  readonly Kind: "zeroPad2d"
  readonly Out: Edged<"zeroPad2d", this["In"], { readonly pad: M }>
}
/**
 * An image with zeros around, [..., height, width, channels]: a margin for all sides, or one for height and one for width, each a
 * number or [before, behind].
 *
 * Every dtype. Refuses what is no image, and margins that are no sizes.
 * @example Net.zeroPad2d(3)
 */
export const zeroPad2d = <const M extends Margins>(margins: Or<Valid<"zeroPad2d", M>, M>): Layer<ZeroPad2dRule<M>> => {
  const edges = marginsOf("zeroPad2d", margins as Margins)
  return layerOf(
    "zeroPad2d",
    edged(
      "zeroPad2d",
      (_, n, k) => plus(n, edges[k]![0] + edges[k]![1]),
      (x, axis, k) =>
        raw(
          pad(
            x,
            x.shape.map((_, j) => (j === axis ? edges[k]! : 0)),
          ),
        ),
    ),
  )
}
