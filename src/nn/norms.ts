import type { needsRank } from "../../typelevel/messages.ts"
import type { Plain, Rule } from "../../typelevel/network.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { show, upto } from "../core/shape.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { mean } from "../ops/mean.ts"
import { mul } from "../ops/mul.ts"
import { rsqrt } from "../ops/rsqrt.ts"
import { sub } from "../ops/sub.ts"
import { variance } from "../ops/variance.ts"
import { leafPlan, type Slots } from "./arrow.ts"
import { ones, zeros } from "./initialisers.ts"
import {
  type DTypeIn,
  type Floating,
  type LastSize,
  type Layer,
  layerOf,
  rankOfAtLeast,
  type ShapeIn,
  numberIn,
} from "./layer.ts"
import { floats, lastSize, type Spec } from "./spec.ts"

export interface NormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number
}
/** Vectors as long as the last axis. */
type Vectors<Op extends string, X, Names extends string> =
  LastSize<Op, ShapeIn<X>> extends infer C extends number ? { [_ in Names]: Tensor<[C], DTypeIn<X> & ("f32" | "f64")> } : never

// (x - m) * scale / sqrt(v + epsilon) + shift: the factor is computed per channel (or per row), not per element
const normalised = (x: RawTensor, m: RawTensor, v: RawTensor, scale: RawTensor, shift: RawTensor, epsilon: number): RawTensor =>
  raw(add(mul(sub(x, m), mul(rsqrt(raw(add(v, epsilon))), scale)), shift))
const affine = (n: number, s: Spec): Slots => ({
  scale: { shape: [n], dtype: s.dtype, init: ones },
  shift: { shape: [n], dtype: s.dtype, init: zeros },
})
const positiveEpsilon = (op: string, epsilon: number): void => {
  if (!(numberIn(op, "epsilon", epsilon) > 0)) refuse(notPositiveEpsilon(op, epsilon))
}
type notPositiveEpsilon<Op extends string, E extends number> = `${Op}: an epsilon of ${E}; it must be more than 0`
const notPositiveEpsilon = (op: string, e: number): string => `${op}: an epsilon of ${e}; it must be more than 0`
/** `[]`, or the sentence. */
type Epsilon<Op extends string, O> =
  Option<O, "epsilon", 1e-5, number> extends infer E extends number
    ? `${E}` extends "0" | `-${string}`
      ? notPositiveEpsilon<Op, E>
      : []
    : []

// ---- over the batch ------------------------------------------------------------------------------------------------
export interface BatchNormOptions extends NormOptions {
  /** How much of the running mean and variance stays at each step. Default 0.9. */
  readonly momentum?: number
}
export interface BatchNormRule extends Rule {
  readonly Kind: "batchNorm"
  readonly Out: Floating<"batchNorm", this["In"], BatchOut<this["In"]>>
  readonly Params: Vectors<"batchNorm", this["In"], "scale" | "shift">
  readonly State: Vectors<"batchNorm", this["In"], "mean" | "variance">
  readonly Needs: never
}
type BatchOut<X> =
  ShapeIn<X> extends infer S extends Shape
    ? S extends readonly [] | readonly [Dim]
      ? needsRank<"batchNorm", "2 or more", S>
      : LastSize<"batchNorm", S> extends infer C
        ? C extends string
          ? C
          : X
        : never
    : never
type notAMomentum<M extends number> = `batchNorm: a momentum of ${M}; it must be at least 0 and less than 1`
type BatchValid<O> =
  Epsilon<"batchNorm", O> extends infer M
    ? M extends string
      ? M
      : Option<O, "momentum", 0.9, number> extends infer R extends number
        ? number extends R
          ? []
          : `${R}` extends "0" | `0.${string}`
            ? []
            : notAMomentum<R>
        : []
    : never

/**
 * Normalises each channel (the last axis) over all other axes: y = (x - mean) / sqrt(variance + epsilon) * scale + shift, [...,
 * c] to [..., c].
 *
 * Parameters: scale, shift [c]; state: mean, variance [c]. Training uses the mean and the (biased) variance of the batch and
 * moves the running ones: new = momentum * old + (1 - momentum) * batch, with the unbiased variance; otherwise the running ones
 * are used. Floats.
 * Refuses ranks below 2, and batches of one value per channel, which have no variance. Ioffe and Szegedy 2015.
 * @example Net.batchNorm({ momentum: 0.99 })
 */
export const batchNorm = <const O extends BatchNormOptions = {}>(options?: Or<BatchValid<O>, O>): Layer<BatchNormRule> => {
  const { momentum = 0.9, epsilon = 1e-5 } = optionsIn<BatchNormOptions>("batchNorm", options, ["momentum", "epsilon"])
  numberIn("batchNorm", "momentum", momentum)
  positiveEpsilon("batchNorm", epsilon)
  if (!(momentum >= 0 && momentum < 1)) refuse(`batchNorm: a momentum of ${momentum}; it must be at least 0 and less than 1`)
  return layerOf("batchNorm", {
    plan: (s) => {
      floats("batchNorm", s)
      rankOfAtLeast("batchNorm", 2, s)
      const n = lastSize("batchNorm", s)
      const state = { mean: { shape: [n], dtype: s.dtype, init: zeros }, variance: { shape: [n], dtype: s.dtype, init: ones } }
      return leafPlan(s, affine(n, s), state)
    },
    apply: ({ params, state, train }, x) => {
      const [scale, shift] = [params["scale"] as RawTensor, params["shift"] as RawTensor]
      const [m0, v0] = [state["mean"] as RawTensor, state["variance"] as RawTensor]
      if (!train) return { y: normalised(x, m0, v0, scale, shift, epsilon), state: { mean: m0, variance: v0 } }
      const axes = upto(x.shape.length - 1)
      const n = axes.reduce((k, a) => k * x.shape[a]!, 1)
      if (n < 2) refuse(`batchNorm: ${show(x.shape)} has ${n} value per channel, which has no variance; train on larger batches`)
      const [m, v] = [raw(mean(x, axes)), raw(variance(x, axes))]
      const moved = (old: RawTensor, now: RawTensor, f: number): RawTensor =>
        raw(add(mul(old, momentum), mul(now, (1 - momentum) * f)))
      return {
        y: normalised(x, m, v, scale, shift, epsilon),
        state: { mean: moved(m0, m, 1), variance: moved(v0, v, n / (n - 1)) },
      }
    },
  })
}

// ---- over the features of each example -----------------------------------------------------------------------------
export interface LayerNormRule extends Plain {
  readonly Kind: "layerNorm"
  readonly Out: Floating<
    "layerNorm",
    this["In"],
    LastSize<"layerNorm", ShapeIn<this["In"]>> extends infer C ? (C extends string ? C : this["In"]) : never
  >
  readonly Params: Vectors<"layerNorm", this["In"], "scale" | "shift">
}
/**
 * Normalises each example over its last axis: y = (x - mean) / sqrt(variance + epsilon) * scale + shift, [..., n] to [..., n].
 *
 * Parameters: scale, shift [n]. Floats; the same in training and inference. Refuses a last axis without a size. Ba et al. 2016.
 * @example Net.layerNorm({ epsilon: 1e-6 })
 */
export const layerNorm = <const O extends NormOptions = {}>(options?: Or<Epsilon<"layerNorm", O>, O>): Layer<LayerNormRule> => {
  const { epsilon = 1e-5 } = optionsIn<NormOptions>("layerNorm", options, ["epsilon"])
  positiveEpsilon("layerNorm", epsilon)
  return layerOf("layerNorm", {
    plan: (s) => {
      floats("layerNorm", s)
      return leafPlan(s, affine(lastSize("layerNorm", s), s))
    },
    apply: ({ params }, x) => {
      const keep = { keepDims: true } as const
      const [m, v] = [raw(mean(x, -1, keep)), raw(variance(x, -1, keep))]
      return { y: normalised(x, m, v, params["scale"] as RawTensor, params["shift"] as RawTensor, epsilon), state: {} }
    },
  })
}
