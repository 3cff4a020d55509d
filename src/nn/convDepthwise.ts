import type { needsImage, Split } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Times } from "../../typelevel/symbolic.ts"
import type { Or } from "../core/signature.ts"
import type { ConvOptions, ConvRule as OpRule } from "../ops/_conv.ts"
import { optionsIn } from "../core/given.ts"
import { conv2d as op } from "../ops/conv2d.ts"
import { kernelArrow, type Parameters, placesOf, type ValidWindow, type Window, windowOf, type WindowOptions } from "./conv.ts"
import { denseOptions } from "./dense.ts"
import {
  type DTypeIn,
  type Floating,
  type Layer,
  layerOf,
  type nameIsNoSize,
  type Positive,
  positive,
  type Same,
  type ShapeIn,
} from "./layer.ts"
import type { NoOption } from "./options.ts"
import { lastSize } from "./spec.ts"

type Kind = "depthwiseConv2d"
const kind: Kind = "depthwiseConv2d"
export interface DepthwiseOptions extends WindowOptions<2>, Omit<ConvOptions<2>, "groups"> {
  /** How many filters each channel has. Default 1. */
  readonly multiplier?: number
}
type Multiplier<O> = Option<O, "multiplier", 1, number> & number
const names = ["kernel", "multiplier", ...denseOptions, "stride", "dilation", "padding"] as const
type Valid<O extends DepthwiseOptions> = [NoOption<Kind, O, typeof names>] extends [never]
  ? Positive<Kind, "multiplier", Multiplier<O>> extends infer M
    ? M extends string
      ? M
      : ValidWindow<Kind, O["kernel"]>
    : never
  : NoOption<Kind, O, typeof names>
type Kernel<C extends Dim, O extends DepthwiseOptions> =
  Window<2, O["kernel"]> extends infer W extends Shape ? [...W, 1, Times<C, Multiplier<O>>] : never
type Out<S extends Shape, D, O extends DepthwiseOptions> =
  Split<2, S> extends [unknown, unknown, infer C extends Dim]
    ? C extends number
      ? OpRule<Kind, 2, S, D & "f32", Kernel<C, O>, D & "f32", O & { readonly groups: C }>
      : nameIsNoSize<Kind, S>
    : Rankless<S> extends true
      ? Shape
      : needsImage<Kind, 2, S>
/** The channels that come in. */
type Last<S extends Shape> = S extends readonly [...Shape, infer C extends number] ? C : number

export interface DepthwiseRule<O extends DepthwiseOptions> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], Same<Out<ShapeIn<this["In"]>, DTypeIn<this["In"]>, O>, this["In"]>>
  readonly Params: Parameters<
    this["In"],
    Kernel<Last<ShapeIn<this["In"]>>, O>,
    Times<Last<ShapeIn<this["In"]>>, Multiplier<O>> & number,
    O
  >
}

/**
 * Convolution over height and width of each channel by itself, [..., height, width, channels] to [..., height', width', channels
 * times multiplier], plus a bias: conv2d with as many groups as channels.
 *
 * Parameters: kernel [kernel, kernel, 1, channels times multiplier], bias. Floats. Refuses what is no image, windows that do not fit,
 * channels without a size. Chollet 2017, Xception.
 * @example Net.depthwiseConv2d({ kernel: 3, padding: "same" })
 */
export const depthwiseConv2d = <const O extends DepthwiseOptions>(options: Or<Valid<O>, O>): Layer<DepthwiseRule<O>> => {
  const given = optionsIn<DepthwiseOptions>(kind, options, names) as DepthwiseOptions
  const { kernel, multiplier = 1, bias: _b, kernelInit: _k, biasInit: _i, ...geometry } = given
  positive(kind, "multiplier", multiplier)
  const window = windowOf(kind, 2, kernel)
  return layerOf<DepthwiseRule<O>>(
    kind,
    kernelArrow(
      kind,
      2,
      given,
      (s) => {
        const filters = lastSize(kind, s) * multiplier
        return { kernel: [...window, 1, filters], places: placesOf(kind, 2, s.shape, [...window, 1, filters], geometry), filters }
      },
      (x, k) => op(x, k, { ...geometry, groups: x.shape.at(-1)! }),
    ),
  )
}
