// Transposed convolutions as layers.
import type { Sliders, Zero } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { notPositive } from "../../typelevel/messages.ts"
import type { FloorDiv, Mod } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import { show } from "../core/shape.ts"
import type { Or } from "../core/signature.ts"
import {
  type ConvTransposeOptions,
  type ConvTransposeRule as OpRule,
  notDivided as channelsNotDivided,
} from "../ops/_convTranspose.ts"
import { convOptions } from "../ops/_conv.ts"
import { eachAxis, paddingAt, slidingOver, spreadOf } from "../ops/_windows.ts"
import { convTranspose1d as op1 } from "../ops/convTranspose1d.ts"
import { convTranspose2d as op2 } from "../ops/convTranspose2d.ts"
import { convTranspose3d as op3 } from "../ops/convTranspose3d.ts"
import {
  type ConvLayerOptions,
  type Groups,
  kernelArrow,
  type Op,
  type OutOf,
  type Parameters,
  type ValidWindow,
  type Window,
  windowOf,
} from "./conv.ts"
import { denseOptions } from "./dense.ts"
import { type DTypeIn, type Layer, layerOf, type Positive, positive, type ShapeIn } from "./layer.ts"
import type { NoOption } from "./options.ts"
import type { Spec } from "./spec.ts"

export interface ConvTransposeLayerOptions<N extends Sliders> extends ConvLayerOptions<N>, ConvTransposeOptions<N> {}

/** What is wrong with the options alone. */
const names = ["filters", "kernel", ...denseOptions, ...convOptions, "outputPadding"] as const
type Valid<Kind extends string, N extends Sliders, O extends ConvTransposeLayerOptions<N>> = [
  NoOption<Kind, O, typeof names>,
] extends [never]
  ? ValidNumbers<Kind, N, O>
  : NoOption<Kind, O, typeof names>
type ValidNumbers<Kind extends string, N extends Sliders, O extends ConvTransposeLayerOptions<N>> =
  Positive<Kind, "filters", O["filters"]> extends infer M
    ? M extends string
      ? M
      : ValidWindow<Kind, O["kernel"]> extends infer W
        ? W extends string
          ? W
          : [Zero<Groups<O>>] extends [never]
            ? Mod<O["filters"], Groups<O>> extends infer R
              ? number extends R
                ? []
                : R extends 0
                  ? []
                  : notDivided<Kind, O["filters"], Groups<O>>
              : never
            : notPositive<Kind, "groups", Zero<Groups<O>>>
        : never
    : never
type notDivided<
  Kind extends string,
  F extends number,
  G extends number,
> = `${Kind}: ${F} filters do not divide into ${G} groups; give a multiple of the groups`
const notDivided = (kind: string, filters: number, groups: number): string =>
  `${kind}: ${filters} filters do not divide into ${groups} groups; give a multiple of the groups`
type Kernel<N extends Sliders, S extends Shape, O extends ConvTransposeLayerOptions<N>> = S extends readonly [
  ...Shape,
  infer C extends Dim,
]
  ? Window<N, O["kernel"]> extends infer W extends Shape
    ? [...W, FloorDiv<O["filters"], Groups<O>>, C]
    : never
  : Shape

export interface ConvTransposeRule<Kind extends string, N extends Sliders, O extends ConvTransposeLayerOptions<N>> extends Plain {
  readonly Kind: Kind
  readonly Out: OutOf<
    Kind,
    this["In"],
    OpRule<Kind, N, ShapeIn<this["In"]>, DTypeIn<this["In"]>, Kernel<N, ShapeIn<this["In"]>, O>, DTypeIn<this["In"]>, O>
  >
  readonly Params: Parameters<this["In"], Kernel<N, ShapeIn<this["In"]>, O>, O["filters"], O>
}
const convTranspose = <Kind extends string, N extends Sliders, O extends ConvTransposeLayerOptions<N>>(
  kind: Kind,
  n: N,
  op: Op,
  options: ConvTransposeLayerOptions<Sliders>,
): Layer<ConvTransposeRule<Kind, N, O>> => {
  const given = optionsIn<ConvTransposeLayerOptions<Sliders>>(kind, options, names)
  const { filters, kernel, bias: _b, kernelInit: _k, biasInit: _i, ...geometry } = given as ConvTransposeLayerOptions<Sliders>
  const { stride = 1, dilation = 1, padding, groups = 1, outputPadding = 0 } = geometry
  positive(kind, "filters", filters)
  const window = windowOf(kind, n, kernel)
  positive(kind, "groups", groups)
  if (filters % groups !== 0) refuse(notDivided(kind, filters, groups))
  const plan = ({ shape }: Spec) => {
    const c = shape.at(-1)!
    const size = [...window, filters / groups, c]
    if (typeof c === "number" && c % groups !== 0) refuse(channelsNotDivided(kind, size, groups))
    const [strides, dilations] = [eachAxis(kind, "stride", stride, n), eachAxis(kind, "dilation", dilation, n)]
    const extras = eachAxis(kind, "outputPadding", outputPadding, n)
    const places = slidingOver(kind, shape, `kernel ${show(size)}`, () =>
      window.map((k, i) =>
        spreadOf(kind, shape.at(i - n - 1)!, k, strides[i]!, paddingAt(padding, i, n), dilations[i]!, extras[i]!),
      ),
    )
    return { kernel: size, places, filters }
  }
  return layerOf<ConvTransposeRule<Kind, N, O>>(
    kind,
    kernelArrow(kind, n, given, plan, (x, k) => op(x, k, geometry)),
  )
}

/**
 * Transposed convolution over one axis, [..., length, channels] to [..., length', filters], plus a bias.
 *
 * Parameters: kernel [kernel, filters / groups, channels], bias [filters]. Floats. Sizes: (n - 1) s - low - high + d (k - 1) + 1 +
 * outputPadding; n s for "same" padding. Refuses what is no sequence, padding that takes everything away, groups that do not divide
 * channels and filters, an outputPadding that is not less than stride or dilation. Zeiler et al. 2010.
 * @example Net.convTranspose1d({ filters: 16, kernel: 4, stride: 2, padding: 1 })
 */
export const convTranspose1d = <const O extends ConvTransposeLayerOptions<1>>(
  options: Or<Valid<"convTranspose1d", 1, O>, O>,
): Layer<ConvTransposeRule<"convTranspose1d", 1, O>> =>
  convTranspose("convTranspose1d", 1, op1 as Op, options as ConvTransposeLayerOptions<1>)
/**
 * Transposed convolution over height and width, [..., height, width, channels] to [..., height', width', filters], plus a bias.
 *
 * Parameters: kernel [kernel, kernel, filters / groups, channels], bias [filters]. Sizes and refusals as convTranspose1d.
 * Zeiler et al. 2010; Ronneberger et al. 2015, U-Net.
 * @example Net.convTranspose2d({ filters: 64, kernel: 2, stride: 2 })
 */
export const convTranspose2d = <const O extends ConvTransposeLayerOptions<2>>(
  options: Or<Valid<"convTranspose2d", 2, O>, O>,
): Layer<ConvTransposeRule<"convTranspose2d", 2, O>> =>
  convTranspose("convTranspose2d", 2, op2 as Op, options as ConvTransposeLayerOptions<2>)
/**
 * Transposed convolution over depth, height and width, [..., depth, height, width, channels] to [..., depth', height', width',
 * filters], plus a bias.
 *
 * Parameters: kernel [kernel, kernel, kernel, filters / groups, channels], bias [filters]. Sizes and refusals as convTranspose1d.
 * @example Net.convTranspose3d({ filters: 8, kernel: 2, stride: 2 })
 */
export const convTranspose3d = <const O extends ConvTransposeLayerOptions<3>>(
  options: Or<Valid<"convTranspose3d", 3, O>, O>,
): Layer<ConvTransposeRule<"convTranspose3d", 3, O>> =>
  convTranspose("convTranspose3d", 3, op3 as Op, options as ConvTransposeLayerOptions<3>)
