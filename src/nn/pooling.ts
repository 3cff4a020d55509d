import type { PerAxis } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { needsRank } from "../../typelevel/messages.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Flatten } from "../../typelevel/reshape.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { show } from "../core/shape.ts"
import { raw, type Tensor } from "../core/tensor.ts"
import type { PoolOptions, PoolRule } from "../ops/_pool.ts"
import { type Pair, paddingAt, perAxis, windowsOf } from "../ops/_windows.ts"
import { avgPool2d as average } from "../ops/avgPool2d.ts"
import { maxPool2d as largest } from "../ops/maxPool2d.ts"
import { mean } from "../ops/mean.ts"
import { reshape } from "../ops/reshape.ts"
import { pureArrow } from "./arrow.ts"
import {
  type DTypeIn,
  type Floating,
  type Layer,
  layerOf,
  type needsTensors,
  type Positive,
  positive,
  rankOfAtLeast,
  type Same,
  type ShapeIn,
} from "./layer.ts"
import { floats, type AnySpec, type Spec, UNKNOWN } from "./spec.ts"

type PoolKind = "maxPool2d" | "avgPool2d"
export interface Pool2dRule<Kind extends PoolKind, K extends Pair, O> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], Same<PoolRule<Kind, ShapeIn<this["In"]>, K, O>, this["In"]>>
}
type Valid<Kind extends PoolKind, K extends Pair> =
  Positive<Kind, "window", PerAxis<K, 0> & number> extends infer M
    ? M extends string
      ? M
      : Positive<Kind, "window", PerAxis<K, 1> & number>
    : never

const pool = <Kind extends PoolKind, K extends Pair, O>(
  kind: Kind,
  size: Pair,
  options: PoolOptions,
): Layer<Pool2dRule<Kind, K, O>> => {
  for (const k of [0, 1] as const) positive(kind, "window", perAxis(size, k))
  const { stride = size, padding } = options
  const op = kind === "maxPool2d" ? largest : average
  const out = (s: AnySpec): Spec => {
    floats(kind, s)
    if (s.shape.length < 3) refuse(`${kind}: needs [..., height, width, channels], got ${show(s.shape)}`)
    const along = (i: 0 | 1): Dim => {
      const [k, p] = [perAxis(size, i), paddingAt(padding, i)]
      const n = windowsOf(kind, s.shape.at(i - 3)!, k, perAxis(stride, i), p)
      for (const side of typeof p === "object" ? p : typeof p === "number" ? [p] : [])
        if (side >= k) refuse(`${kind}: a padding of ${side} leaves a window of ${k} nothing to see; pad by less`)
      return n
    }
    return { shape: [...s.shape.slice(0, -3), along(0), along(1), s.shape.at(-1)!], dtype: s.dtype }
  }
  return layerOf<Pool2dRule<Kind, K, O>>(
    kind,
    pureArrow(out, (x) => raw(op(x, size, options))),
  )
}
/**
 * The largest element of each window, [..., height, width, channels] to [..., height', width', channels].
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. Ranzato et al. 2007.
 * @example Net.maxPool2d(2)
 */
export const maxPool2d = <const K extends Pair, const O extends PoolOptions = {}>(
  size: Or<Valid<"maxPool2d", K>, K>,
  options?: O,
): Layer<Pool2dRule<"maxPool2d", K, O>> => pool("maxPool2d", size as Pair, options ?? {})
/**
 * The mean of each window, [..., height, width, channels] to [..., height', width', channels]; padding is not counted.
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. LeCun et al. 1989.
 * @example Net.avgPool2d(2, { stride: 1, padding: "same" })
 */
export const avgPool2d = <const K extends Pair, const O extends PoolOptions = {}>(
  size: Or<Valid<"avgPool2d", K>, K>,
  options?: O,
): Layer<Pool2dRule<"avgPool2d", K, O>> => pool("avgPool2d", size as Pair, options ?? {})

export interface GlobalAvgPool2dRule extends Plain {
  readonly Kind: "globalAvgPool2d"
  readonly Out: Floating<"globalAvgPool2d", this["In"], Same<Global<ShapeIn<this["In"]>>, this["In"]>>
}
type Global<S extends Shape> = S extends readonly [...infer B extends Shape, Dim, Dim, infer C extends Dim]
  ? [...B, C]
  : Rankless<S> extends true
    ? Shape
    : needsRank<"globalAvgPool2d", "3 or more", S>
/**
 * The mean over height and width, [..., height, width, channels] to [..., channels]. Floats. Lin et al. 2013, Network in
 * network.
 */
export const globalAvgPool2d: Layer<GlobalAvgPool2dRule> = layerOf(
  "globalAvgPool2d",
  pureArrow(
    (s) => {
      floats("globalAvgPool2d", s)
      rankOfAtLeast("globalAvgPool2d", 3, s)
      return { shape: [...s.shape.slice(0, -3), s.shape.at(-1)!], dtype: s.dtype }
    },
    (x) => raw(mean(x, [-3, -2])),
  ),
)

export interface FlattenRule extends Plain {
  readonly Kind: "flatten"
  readonly Out: this["In"] extends infer X ? (X extends TensorLike ? Flat<X, X["shape"]> : needsTensors<"flatten", 1, X>) : never
}
type Flat<X, S extends Shape> = S extends readonly [] | readonly [Dim]
  ? needsRank<"flatten", "2 or more", S>
  : Flatten<S, 1> extends infer R extends Shape
    ? Tensor<R, DTypeIn<X>>
    : never
/** All axes but the first become one, [n, ...s] to [n, product of s]. Every dtype. Refuses ranks below 2. */
export const flatten: Layer<FlattenRule> = layerOf(
  "flatten",
  pureArrow(
    (s) => {
      rankOfAtLeast("flatten", 2, s)
      const [n, ...rest] = s.shape as readonly [Dim, ...Dim[]]
      const one =
        rest.length === 1
          ? rest[0]!
          : rest.every((d) => typeof d === "number")
            ? rest.reduce((a: number, d) => a * (d as number), 1)
            : UNKNOWN
      return { shape: [n, one], dtype: s.dtype }
    },
    (x) => raw(reshape(x, [x.shape[0]!, x.shape.slice(1).reduce((a, d) => a * d, 1)])),
  ),
)
