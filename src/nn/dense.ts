import type { Plain } from "../../typelevel/network.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { Or } from "../core/signature.ts"
import { optionsIn, wordIn } from "../core/given.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { matmul } from "../ops/matmul.ts"
import { leafPlan } from "./arrow.ts"
import { glorotUniform, type Initialiser, zeros } from "./initialisers.ts"
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
  type WithLast,
  initialiserIn,
} from "./layer.ts"
import { floats, lastSize } from "./spec.ts"

export interface DenseOptions {
  /** Only `false` may be said: there is a bias unless it is left out. */
  readonly bias?: false
  /** Default Init.glorotUniform. */
  readonly kernelInit?: Initialiser
  /** Default Init.zeros. */
  readonly biasInit?: Initialiser
}
export const denseOptions = ["bias", "kernelInit", "biasInit"] as const
/** The options of what has a kernel and a bias. */
export const affineOptions = (op: string, { bias, kernelInit, biasInit }: DenseOptions) => ({
  bias: bias === undefined ? true : wordIn(op, "bias", bias, [true, false] as const),
  kernelInit: initialiserIn(op, "kernelInit", kernelInit, glorotUniform),
  biasInit: initialiserIn(op, "biasInit", biasInit, zeros),
})
/** Kernel and bias in the trees of parameters. */
export type Affine<Kernel extends Shape, Units extends number, D extends "f32" | "f64", Bias> = Bias extends false
  ? { kernel: Tensor<Kernel, D> }
  : { kernel: Tensor<Kernel, D>; bias: Tensor<[Units], D> }

export interface DenseRule<U extends number, Bias> extends Plain {
  readonly Kind: "dense"
  readonly Out: Floating<"dense", this["In"], DenseOut<this["In"], U>>
  readonly Params: LastSize<"dense", ShapeIn<this["In"]>> extends infer K extends number
    ? Affine<[K, U], U, DTypeIn<this["In"]> & ("f32" | "f64"), Bias>
    : never
}
type DenseOut<X, U extends number> =
  LastSize<"dense", ShapeIn<X>> extends infer K ? (K extends string ? K : Same<WithLast<ShapeIn<X>, U>, X>) : never

/**
 * An affine map of the last axis: y = x kernel + bias, [..., n] to [..., units].
 *
 * Parameters: kernel [n, units], bias [units]. Floats. Refuses a last axis without a size, and units that are no whole number of
 * 1 or more.
 * @example Net.network(["batch", 784], Net.dense(128), Net.relu, Net.dense(10))
 */
export function dense<const U extends number, const O extends DenseOptions = {}>(
  units: Or<Positive<"dense", "units", U>, U>,
  options?: O,
): Layer<DenseRule<U, Option<O, "bias", true, true>>> {
  const n = positive("dense", "units", units as number)
  const given = optionsIn<DenseOptions>("dense", options, denseOptions)
  const { bias, kernelInit, biasInit } = affineOptions("dense", given)
  return layerOf("dense", {
    plan: (s) => {
      floats("dense", s)
      const kernel = { shape: [lastSize("dense", s), n], dtype: s.dtype, init: kernelInit }
      const params = bias === false ? { kernel } : { kernel, bias: { shape: [n], dtype: s.dtype, init: biasInit } }
      return leafPlan({ shape: [...s.shape.slice(0, -1), n], dtype: s.dtype }, params)
    },
    apply: ({ params }, x) => {
      const y = raw(matmul(x, params["kernel"] as RawTensor))
      return { y: bias === false ? y : raw(add(y, params["bias"] as RawTensor)), state: {} }
    },
  })
}
