// Pools to a given number of parts, as layers: images of any size come out with one size.
import type { Sliders } from "../../typelevel/conv.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { AdaptivePool, Parts, PartsValid } from "../../typelevel/pool.ts"
import type { Or } from "../core/signature.ts"
import type { RawTensor } from "../core/tensor.ts"
import { adaptiveShape, partsOf } from "../ops/_adaptivePool.ts"
import { adaptiveAvgPool1d as avg1 } from "../ops/adaptiveAvgPool1d.ts"
import { adaptiveAvgPool2d as avg2 } from "../ops/adaptiveAvgPool2d.ts"
import { adaptiveAvgPool3d as avg3 } from "../ops/adaptiveAvgPool3d.ts"
import { adaptiveMaxPool1d as max1 } from "../ops/adaptiveMaxPool1d.ts"
import { adaptiveMaxPool2d as max2 } from "../ops/adaptiveMaxPool2d.ts"
import { adaptiveMaxPool3d as max3 } from "../ops/adaptiveMaxPool3d.ts"
import { pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf, type Same, type ShapeIn } from "./layer.ts"
import { floats } from "./spec.ts"

export interface AdaptivePoolRule<Kind extends string, N extends Sliders, T> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], Same<AdaptivePool<Kind, N, ShapeIn<this["In"]>, T>, this["In"]>>
}
const pool = <Kind extends string, N extends Sliders, T>(
  kind: Kind,
  n: N,
  op: unknown,
  size: unknown,
): Layer<AdaptivePoolRule<Kind, N, T>> => {
  const parts = partsOf(kind, n, size)
  return layerOf<AdaptivePoolRule<Kind, N, T>>(
    kind,
    pureArrow(
      (s) => {
        floats(kind, s)
        return { shape: adaptiveShape(kind, s.shape, parts), dtype: s.dtype }
      },
      (x) => (op as (x: RawTensor, size: unknown) => RawTensor)(x, parts),
    ),
  )
}
/**
 * The mean of each of `size` parts, [..., length, channels] to [..., length', channels].
 *
 * Floats. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveAvgPool1d(7)
 */
export const adaptiveAvgPool1d = <const T extends Parts<1>>(
  size: Or<PartsValid<"adaptiveAvgPool1d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveAvgPool1d", 1, T>> => pool("adaptiveAvgPool1d", 1, avg1, size)
/**
 * The mean of each of `size` parts, [..., height, width, channels] to [..., height', width', channels].
 *
 * Floats. One number for all axes, or a list; null keeps an axis. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveAvgPool2d(7)
 */
export const adaptiveAvgPool2d = <const T extends Parts<2>>(
  size: Or<PartsValid<"adaptiveAvgPool2d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveAvgPool2d", 2, T>> => pool("adaptiveAvgPool2d", 2, avg2, size)
/**
 * The mean of each of `size` parts, [..., depth, height, width, channels] to [..., depth', height', width', channels].
 *
 * Floats. One number for all axes, or a list; null keeps an axis. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveAvgPool3d([null, 7, 7])
 */
export const adaptiveAvgPool3d = <const T extends Parts<3>>(
  size: Or<PartsValid<"adaptiveAvgPool3d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveAvgPool3d", 3, T>> => pool("adaptiveAvgPool3d", 3, avg3, size)
/**
 * The largest element of each of `size` parts, [..., length, channels] to [..., length', channels].
 *
 * Floats. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveMaxPool1d(7)
 */
export const adaptiveMaxPool1d = <const T extends Parts<1>>(
  size: Or<PartsValid<"adaptiveMaxPool1d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveMaxPool1d", 1, T>> => pool("adaptiveMaxPool1d", 1, max1, size)
/**
 * The largest element of each of `size` parts, [..., height, width, channels] to [..., height', width', channels].
 *
 * Floats. One number for all axes, or a list; null keeps an axis. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveMaxPool2d(7)
 */
export const adaptiveMaxPool2d = <const T extends Parts<2>>(
  size: Or<PartsValid<"adaptiveMaxPool2d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveMaxPool2d", 2, T>> => pool("adaptiveMaxPool2d", 2, max2, size)
/**
 * The largest element of each of `size` parts, [..., depth, height, width, channels] to [..., depth', height', width', channels].
 *
 * Floats. One number for all axes, or a list; null keeps an axis. Refuses what is no image, and sizes below 1. He et al. 2014, Spatial pyramid pooling.
 * @example Net.adaptiveMaxPool3d([null, 7, 7])
 */
export const adaptiveMaxPool3d = <const T extends Parts<3>>(
  size: Or<PartsValid<"adaptiveMaxPool3d", T>, T>,
): Layer<AdaptivePoolRule<"adaptiveMaxPool3d", 3, T>> => pool("adaptiveMaxPool3d", 3, max3, size)
