// Pools as layers: windows that slide over the spatial axes.
import type { ForAxes, Sliders } from "../../typelevel/conv.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Pool } from "../../typelevel/pool.ts"
import type { Or } from "../core/signature.ts"
import type { RawTensor } from "../core/tensor.ts"
import { type AvgPoolOptions, type PoolOptions, poolOptions, poolShape } from "../ops/_pool.ts"
import { eachAxis } from "../ops/_windows.ts"
import { avgPool1d as avg1 } from "../ops/avgPool1d.ts"
import { avgPool2d as avg2 } from "../ops/avgPool2d.ts"
import { avgPool3d as avg3 } from "../ops/avgPool3d.ts"
import { maxPool1d as max1 } from "../ops/maxPool1d.ts"
import { maxPool2d as max2 } from "../ops/maxPool2d.ts"
import { maxPool3d as max3 } from "../ops/maxPool3d.ts"
import { pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf, positive, type Positives, type Same, type ShapeIn } from "./layer.ts"
import { floats } from "./spec.ts"

export interface PoolRule<Kind extends string, N extends Sliders, K, O> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], Same<Pool<Kind, N, ShapeIn<this["In"]>, K, O>, this["In"]>>
}
/** A layer that pools windows by an op over n spatial axes. */
const pool = <Kind extends string, N extends Sliders, K, O>(
  kind: Kind,
  n: N,
  op: unknown,
  size: unknown,
  options: unknown,
): Layer<PoolRule<Kind, N, K, O>> => {
  const given = size as ForAxes<Sliders, number>
  poolOptions(kind, options)
  for (const k of eachAxis(kind, "window", given, n)) positive(kind, "window", k)
  return layerOf<PoolRule<Kind, N, K, O>>(
    kind,
    pureArrow(
      (s) => {
        floats(kind, s)
        return { shape: poolShape(kind, n, s.shape, given, options), dtype: s.dtype }
      },
      (x) => (op as (x: RawTensor, size: unknown, options: unknown) => RawTensor)(x, size, options),
    ),
  )
}
/**
 * The largest element of each window, [..., length, channels] to [..., length', channels].
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. Ranzato et al. 2007.
 * @example Net.maxPool1d(2)
 */
export const maxPool1d = <const K extends ForAxes<1, number>, const O extends PoolOptions<1> = {}>(
  size: Or<Positives<"maxPool1d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"maxPool1d", 1, K, O>> => pool("maxPool1d", 1, max1, size, options)
/**
 * The largest element of each window, [..., height, width, channels] to [..., height', width', channels].
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. Ranzato et al. 2007.
 * @example Net.maxPool2d(3, { stride: 2, ceilMode: true })
 */
export const maxPool2d = <const K extends ForAxes<2, number>, const O extends PoolOptions<2> = {}>(
  size: Or<Positives<"maxPool2d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"maxPool2d", 2, K, O>> => pool("maxPool2d", 2, max2, size, options)
/**
 * The largest element of each window, [..., depth, height, width, channels] to [..., depth', height', width', channels].
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. Ranzato et al. 2007.
 * @example Net.maxPool3d([1, 2, 2])
 */
export const maxPool3d = <const K extends ForAxes<3, number>, const O extends PoolOptions<3> = {}>(
  size: Or<Positives<"maxPool3d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"maxPool3d", 3, K, O>> => pool("maxPool3d", 3, max3, size, options)
/**
 * The mean of each window, [..., length, channels] to [..., length', channels]; padding is not counted.
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. LeCun et al. 1989.
 * @example Net.avgPool1d(2)
 */
export const avgPool1d = <const K extends ForAxes<1, number>, const O extends AvgPoolOptions<1> = {}>(
  size: Or<Positives<"avgPool1d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"avgPool1d", 1, K, O>> => pool("avgPool1d", 1, avg1, size, options)
/**
 * The mean of each window, [..., height, width, channels] to [..., height', width', channels]; padding is not counted.
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. LeCun et al. 1989.
 * @example Net.avgPool2d(2, { stride: 1, padding: "same" })
 */
export const avgPool2d = <const K extends ForAxes<2, number>, const O extends AvgPoolOptions<2> = {}>(
  size: Or<Positives<"avgPool2d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"avgPool2d", 2, K, O>> => pool("avgPool2d", 2, avg2, size, options)
/**
 * The mean of each window, [..., depth, height, width, channels] to [..., depth', height', width', channels]; padding is not counted.
 *
 * Floats. Default stride: the size. Refuses what is no image, windows that do not fit or see only padding. LeCun et al. 1989.
 * @example Net.avgPool3d(2)
 */
export const avgPool3d = <const K extends ForAxes<3, number>, const O extends AvgPoolOptions<3> = {}>(
  size: Or<Positives<"avgPool3d", "window", K>, K>,
  options?: O,
): Layer<PoolRule<"avgPool3d", 3, K, O>> => pool("avgPool3d", 3, avg3, size, options)
