import type { Option, PerAxis } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { FloorDiv } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { show } from "../core/shape.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import type { ConvOptions } from "../ops/_conv.ts"
import { type Conv2dRule as OpRule, conv2d as op } from "../ops/conv2d.ts"
import { type Pair, paddingAt, perAxis, windowsOf } from "../ops/_windows.ts"
import { leafPlan } from "./arrow.ts"
import type { Affine, DenseOptions } from "./dense.ts"
import { glorotUniform, zeros } from "./initialisers.ts"
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
import { floats, lastSize } from "./spec.ts"

export interface Conv2dOptions extends ConvOptions<2>, DenseOptions {
  /** Number of channels that come out. */
  readonly filters: number
  /** Height and width of the window, or one number for both. */
  readonly kernel: Pair
}
type Of<O, Name extends string, Default> = Option<O, Name, Default, number> & number
/** What is wrong with the options alone. */
type Valid<O extends Conv2dOptions> =
  Positive<"conv2d", "filters", O["filters"]> extends infer M
    ? M extends string
      ? M
      : Positive<"conv2d", "kernel", PerAxis<O["kernel"], 0> & number> extends infer N
        ? N extends string
          ? N
          : Positive<"conv2d", "kernel", PerAxis<O["kernel"], 1> & number>
        : never
    : never
type Kernel<S extends Shape, O extends Conv2dOptions> = S extends readonly [...Shape, infer C extends Dim]
  ? [
      PerAxis<O["kernel"], 0> & number,
      PerAxis<O["kernel"], 1> & number,
      Of<O, "groups", 1> extends 1 ? C : C extends number ? FloorDiv<C, Of<O, "groups", 1>> : number,
      O["filters"],
    ]
  : Shape

export interface Conv2dRule<O extends Conv2dOptions> extends Plain {
  readonly Kind: "conv2d"
  readonly Out: Floating<"conv2d", this["In"], Out<this["In"], O>>
  readonly Params: Kernel<ShapeIn<this["In"]>, O> extends infer K extends Shape
    ? Affine<K, O["filters"], DTypeIn<this["In"]> & ("f32" | "f64"), Option<O, "bias", true, true>>
    : never
}
type Out<X, O extends Conv2dOptions> =
  OpRule<ShapeIn<X>, DTypeIn<X>, Kernel<ShapeIn<X>, O>, DTypeIn<X>, O> extends infer R
    ? R extends string
      ? R
      : LastSize<"conv2d", ShapeIn<X>> extends infer C
        ? C extends string
          ? C
          : Same<R, X>
        : never
    : never

/**
 * Convolution over height and width, [..., height, width, channels] to [..., height', width', filters], plus a bias.
 *
 * Parameters: kernel [kernel, kernel, channels / groups, filters], bias [filters]. Floats. Sizes: floor((n + padding - (d (k - 1)
 * + 1)) / s) + 1. Refuses what is no image, windows that do not fit, channels that the groups do not divide. Dumoulin and Visin
 * 2016.
 * @example Net.conv2d({ filters: 32, kernel: 3, stride: 2, padding: "same" })
 */
export function conv2d<const O extends Conv2dOptions>(options: Or<Valid<O>, O>): Layer<Conv2dRule<O>> {
  const { filters, kernel, bias, kernelInit = glorotUniform, biasInit = zeros, ...geometry } = options as Conv2dOptions
  positive("conv2d", "filters", filters)
  const [h, w] = [positive("conv2d", "kernel", perAxis(kernel, 0)), positive("conv2d", "kernel", perAxis(kernel, 1))]
  const { stride = 1, dilation = 1, padding, groups = 1 } = geometry
  return layerOf("conv2d", {
    plan: (s) => {
      floats("conv2d", s)
      const shape = s.shape
      if (shape.length < 3) refuse(`conv2d: needs [..., height, width, channels], got ${show(shape)}`)
      positive("conv2d", "groups", groups)
      const c = shape.at(-1)!
      const per = typeof c === "number" ? Math.floor(c / groups) : c
      const size = [h, w, per, filters]
      if (typeof c === "number" && (per as number) * groups !== c)
        refuse(`conv2d: channels differ: ${show(shape)} and kernel ${show(size)}: ${c} is not ${per} x ${groups} groups`)
      if (filters % groups !== 0)
        refuse(`conv2d: the ${filters} filters of kernel ${show(size)} do not divide into ${groups} groups`)
      const along = (i: 0 | 1, k: number) =>
        windowsOf("conv2d", shape.at(i - 3)!, k, perAxis(stride, i), paddingAt(padding, i), perAxis(dilation, i))
      const out = { shape: [...shape.slice(0, -3), along(0, h), along(1, w), filters], dtype: s.dtype }
      lastSize("conv2d", s)
      const slot = { shape: size as number[], dtype: s.dtype, init: kernelInit }
      const params =
        bias === false ? { kernel: slot } : { kernel: slot, bias: { shape: [filters], dtype: s.dtype, init: biasInit } }
      return leafPlan(out, params)
    },
    apply: ({ params }, x) => {
      const y = raw(op(x, params["kernel"] as RawTensor, geometry))
      return { y: bias === false ? y : raw(add(y, params["bias"] as RawTensor)), state: {} }
    },
  })
}
