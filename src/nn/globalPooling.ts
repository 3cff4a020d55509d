// Pools over all of the spatial axes, as layers. Values, not functions: `Net.globalAvgPool2d`.
import type { Sliders } from "../../typelevel/conv.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { GlobalPool } from "../../typelevel/pool.ts"
import type { RawTensor } from "../core/tensor.ts"
import { someImage } from "../ops/_pool.ts"
import { globalAvgPool1d as avg1 } from "../ops/globalAvgPool1d.ts"
import { globalAvgPool2d as avg2 } from "../ops/globalAvgPool2d.ts"
import { globalAvgPool3d as avg3 } from "../ops/globalAvgPool3d.ts"
import { globalMaxPool1d as max1 } from "../ops/globalMaxPool1d.ts"
import { globalMaxPool2d as max2 } from "../ops/globalMaxPool2d.ts"
import { globalMaxPool3d as max3 } from "../ops/globalMaxPool3d.ts"
import { pureArrow } from "./arrow.ts"
import { type Floating, type Layer, layerOf, type Same, type ShapeIn } from "./layer.ts"
import { floats } from "./spec.ts"

export interface GlobalPoolRule<Kind extends string, N extends Sliders> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], Same<GlobalPool<Kind, N, ShapeIn<this["In"]>>, this["In"]>>
}
const pool = <Kind extends string, N extends Sliders>(kind: Kind, n: N, op: unknown): Layer<GlobalPoolRule<Kind, N>> =>
  layerOf<GlobalPoolRule<Kind, N>>(
    kind,
    pureArrow(
      (s) => {
        floats(kind, s)
        someImage(kind, n, s.shape)
        return { shape: [...s.shape.slice(0, -1 - n), s.shape.at(-1)!], dtype: s.dtype }
      },
      (x) => (op as (x: RawTensor) => RawTensor)(x),
    ),
  )
/** The mean over length: [..., length, channels] to [..., channels]. Floats. Lin et al. 2013, Network in network. */
export const globalAvgPool1d: Layer<GlobalPoolRule<"globalAvgPool1d", 1>> = pool("globalAvgPool1d", 1, avg1)
/** The mean over height and width: [..., height, width, channels] to [..., channels]. Floats. Lin et al. 2013, Network in network. */
export const globalAvgPool2d: Layer<GlobalPoolRule<"globalAvgPool2d", 2>> = pool("globalAvgPool2d", 2, avg2)
/** The mean over depth, height and width: [..., depth, height, width, channels] to [..., channels]. Floats. Lin et al. 2013, Network in network. */
export const globalAvgPool3d: Layer<GlobalPoolRule<"globalAvgPool3d", 3>> = pool("globalAvgPool3d", 3, avg3)
/** The largest element over length: [..., length, channels] to [..., channels]. Floats. Oquab et al. 2015. */
export const globalMaxPool1d: Layer<GlobalPoolRule<"globalMaxPool1d", 1>> = pool("globalMaxPool1d", 1, max1)
/** The largest element over height and width: [..., height, width, channels] to [..., channels]. Floats. Oquab et al. 2015. */
export const globalMaxPool2d: Layer<GlobalPoolRule<"globalMaxPool2d", 2>> = pool("globalMaxPool2d", 2, max2)
/** The largest element over depth, height and width: [..., depth, height, width, channels] to [..., channels]. Floats. Oquab et al. 2015. */
export const globalMaxPool3d: Layer<GlobalPoolRule<"globalMaxPool3d", 3>> = pool("globalMaxPool3d", 3, max3)
