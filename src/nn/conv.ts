// Convolutions as layers: a kernel, a bias, and the geometry of the op.
import type { ForAxes, PerAxis, Sliders, Zero } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { notPositive } from "../../typelevel/messages.ts"
import type { FloorDiv } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import { show } from "../core/shape.ts"
import type { Or } from "../core/signature.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { type ConvOptions, convOptions, type ConvRule as OpRule, groupsDiffer, notDivided } from "../ops/_conv.ts"
import { anImage, eachAxis, paddingAt, slidingOver, windowsOf } from "../ops/_windows.ts"
import { conv1d as op1 } from "../ops/conv1d.ts"
import { conv2d as op2 } from "../ops/conv2d.ts"
import { conv3d as op3 } from "../ops/conv3d.ts"
import { type Arrow, leafPlan } from "./arrow.ts"
import { type Affine, affineOptions, type DenseOptions, denseOptions } from "./dense.ts"
import {
  type DTypeIn,
  type Floating,
  type LastSize,
  type Layer,
  layerOf,
  type Positive,
  positive,
  type Same,
  type ShapeIn,
} from "./layer.ts"
import type { NoOption } from "./options.ts"
import { floats, lastSize, type Spec } from "./spec.ts"

// ---- what all convolutions share -----------------------------------------------------------------------------------
export interface WindowOptions<N extends Sliders> extends DenseOptions {
  /** Sizes of the window, or one number for all axes. */
  readonly kernel: ForAxes<N, number>
}
export interface ConvLayerOptions<N extends Sliders> extends WindowOptions<N>, ConvOptions<N> {
  /** Number of channels that come out. */
  readonly filters: number
}
export type Groups<O> = Option<O, "groups", 1, number> & number
/** The sizes of the window. */
export type Window<N extends Sliders, V> = N extends 1
  ? [At<V, 0>]
  : N extends 2
    ? [At<V, 0>, At<V, 1>]
    : [At<V, 0>, At<V, 1>, At<V, 2>]
type At<V, I> = PerAxis<V, I> & number
/** `[]`, or the sentence where a size of the window is no whole number of 1 or more. */
export type ValidWindow<Kind extends string, V> =
  Zero<V extends readonly unknown[] ? V[number] : V> extends infer Z extends string | number
    ? [Z] extends [never]
      ? []
      : notPositive<Kind, "kernel", Z>
    : never
/** Kernel and bias, where the last axis has a size and the input is of floats. */
export type Parameters<X, K, Filters extends number, O> = K extends Shape
  ? Affine<K, Filters, DTypeIn<X> & ("f32" | "f64"), Option<O, "bias", true, true>>
  : never
/** What the op gives, or its sentence, or that the last axis is a name. */
export type OutOf<Kind extends string, X, R> = Floating<
  Kind,
  X,
  R extends string ? R : LastSize<Kind, ShapeIn<X>> extends infer C ? (C extends string ? C : Same<R, X>) : never
>

export const windowOf = (kind: string, n: Sliders, kernel: ForAxes<Sliders, number>): readonly number[] =>
  eachAxis(kind, "kernel", kernel, n).map((k) => positive(kind, "kernel", k))
export type Op = (x: RawTensor, kernel: RawTensor, options: ConvOptions<Sliders>) => unknown
/** The arrow of a layer with a kernel, which `kernelOf` and `out` say of the input's shape, and a bias. */
export const kernelArrow = (
  kind: string,
  n: Sliders,
  options: DenseOptions,
  plan: (s: Spec) => { readonly kernel: readonly Dim[]; readonly places: readonly Dim[]; readonly filters: Dim },
  op: (x: RawTensor, kernel: RawTensor) => unknown,
): Arrow => {
  const { bias, kernelInit, biasInit } = affineOptions(kind, options)
  return {
    plan: (s) => {
      floats(kind, s)
      anImage(kind, n, s.shape)
      const { kernel, places, filters } = plan(s)
      lastSize(kind, s)
      const { dtype } = s
      const slot = { shape: kernel as number[], dtype, init: kernelInit }
      const params =
        bias === false ? { kernel: slot } : { kernel: slot, bias: { shape: [filters as number], dtype, init: biasInit } }
      return leafPlan({ shape: [...s.shape.slice(0, -n - 1), ...places, filters], dtype }, params)
    },
    apply: ({ params }, x) => {
      const y = raw(op(x, params["kernel"] as RawTensor) as RawTensor)
      return { y: bias === false ? y : raw(add(y, params["bias"] as RawTensor)), state: {} }
    },
  }
}
/** The numbers of windows along the spatial axes. */
export const placesOf = (
  kind: string,
  n: Sliders,
  shape: readonly Dim[],
  kernel: readonly Dim[],
  { stride = 1, dilation = 1, padding }: ConvOptions<Sliders>,
): readonly Dim[] => {
  const [strides, dilations] = [eachAxis(kind, "stride", stride, n), eachAxis(kind, "dilation", dilation, n)]
  return slidingOver(kind, shape, `kernel ${show(kernel)}`, () =>
    kernel
      .slice(0, n)
      .map((k, i) => windowsOf(kind, shape.at(i - n - 1)!, k as number, strides[i]!, paddingAt(padding, i, n), dilations[i])),
  )
}

// ---- convolution ---------------------------------------------------------------------------------------------------
export const convNames = ["filters", "kernel", ...denseOptions, ...convOptions] as const
type Valid<Kind extends string, N extends Sliders, O extends ConvLayerOptions<N>> = [
  NoOption<Kind, O, typeof convNames>,
] extends [never]
  ? Positive<Kind, "filters", O["filters"]> extends infer M
    ? M extends string
      ? M
      : ValidWindow<Kind, O["kernel"]>
    : never
  : NoOption<Kind, O, typeof convNames>
type Kernel<N extends Sliders, S extends Shape, O extends ConvLayerOptions<N>> = S extends readonly [
  ...Shape,
  infer C extends Dim,
]
  ? Window<N, O["kernel"]> extends infer W extends Shape
    ? [...W, Groups<O> extends 1 ? C : C extends number ? FloorDiv<C, Groups<O>> : number, O["filters"]]
    : never
  : Shape

export interface ConvRule<Kind extends string, N extends Sliders, O extends ConvLayerOptions<N>> extends Plain {
  readonly Kind: Kind
  readonly Out: OutOf<
    Kind,
    this["In"],
    OpRule<Kind, N, ShapeIn<this["In"]>, DTypeIn<this["In"]>, Kernel<N, ShapeIn<this["In"]>, O>, DTypeIn<this["In"]>, O>
  >
  readonly Params: Parameters<this["In"], Kernel<N, ShapeIn<this["In"]>, O>, O["filters"], O>
}
const conv = <Kind extends string, N extends Sliders, O extends ConvLayerOptions<N>>(
  kind: Kind,
  n: N,
  op: Op,
  options: ConvLayerOptions<Sliders>,
): Layer<ConvRule<Kind, N, O>> => {
  const given = optionsIn<ConvLayerOptions<Sliders>>(kind, options, convNames)
  const { filters, kernel, bias: _b, kernelInit: _k, biasInit: _i, ...geometry } = given as ConvLayerOptions<Sliders>
  positive(kind, "filters", filters)
  const window = windowOf(kind, n, kernel)
  const { groups = 1 } = geometry
  const plan = ({ shape }: Spec) => {
    const c = shape.at(-1)!
    positive(kind, "groups", groups)
    const per = typeof c === "number" ? Math.floor(c / groups) : c
    const size = [...window, per, filters]
    if (typeof c === "number" && (per as number) * groups !== c) refuse(groupsDiffer(kind, shape, size, per, groups))
    if (filters % groups !== 0) refuse(notDivided(kind, size, filters, groups))
    return { kernel: size, places: placesOf(kind, n, shape, size, geometry), filters }
  }
  return layerOf<ConvRule<Kind, N, O>>(
    kind,
    kernelArrow(kind, n, given, plan, (x, k) => op(x, k, geometry)),
  )
}

/**
 * Convolution over one axis, [..., length, channels] to [..., length', filters], plus a bias.
 *
 * Parameters: kernel [kernel, channels / groups, filters], bias [filters]. Floats. Sizes: floor((n + padding - (d (k - 1) + 1)) / s)
 * + 1. A padding of [d (k - 1), 0] makes it causal. Refuses what is no sequence, windows that do not fit, channels that the groups do
 * not divide. Waibel et al. 1989.
 * @example Net.conv1d({ filters: 32, kernel: 3, dilation: 2, padding: [4, 0] })
 */
export const conv1d = <const O extends ConvLayerOptions<1>>(
  options: Or<Valid<"conv1d", 1, O>, O>,
): Layer<ConvRule<"conv1d", 1, O>> => conv("conv1d", 1, op1 as Op, options as ConvLayerOptions<1>)
/**
 * Convolution over height and width, [..., height, width, channels] to [..., height', width', filters], plus a bias.
 *
 * Parameters: kernel [kernel, kernel, channels / groups, filters], bias [filters]. Floats. Sizes: floor((n + padding - (d (k - 1)
 * + 1)) / s) + 1. Refuses what is no image, windows that do not fit, channels that the groups do not divide. Dumoulin and Visin
 * 2016.
 * @example Net.conv2d({ filters: 32, kernel: 3, stride: 2, padding: "same" })
 */
export const conv2d = <const O extends ConvLayerOptions<2>>(
  options: Or<Valid<"conv2d", 2, O>, O>,
): Layer<ConvRule<"conv2d", 2, O>> => conv("conv2d", 2, op2 as Op, options as ConvLayerOptions<2>)
/**
 * Convolution over depth, height and width, [..., depth, height, width, channels] to [..., depth', height', width', filters], plus
 * a bias.
 *
 * Parameters: kernel [kernel, kernel, kernel, channels / groups, filters], bias [filters]. Floats. Sizes and refusals as conv2d.
 * Tran et al. 2015.
 * @example Net.conv3d({ filters: 8, kernel: 3, stride: [1, 2, 2], padding: "same" })
 */
export const conv3d = <const O extends ConvLayerOptions<3>>(
  options: Or<Valid<"conv3d", 3, O>, O>,
): Layer<ConvRule<"conv3d", 3, O>> => conv("conv3d", 3, op3 as Op, options as ConvLayerOptions<3>)
