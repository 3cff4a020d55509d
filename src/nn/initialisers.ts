// How parameters begin. Fans: a kernel [..., in, out] has nIn = receptive field * in and nOut = receptive field * out, where the
// receptive field is the product of the leading (spatial) sizes; dense kernels have none.
import type { DType } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { show, size } from "../core/shape.ts"
import { type AnyTensor, type RawTensor, raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { full } from "../ops/full.ts"
import { mul } from "../ops/mul.ts"
import * as Random from "../random/index.ts"
import type { Key } from "../random/index.ts"

/** Values for a parameter, as an expression of a key. */
export type Initialiser = (key: Key, shape: readonly number[], dtype: DType) => AnyTensor

const normalOf = (key: Key, shape: readonly number[], dtype: DType): RawTensor => raw(Random.normal(key, shape, dtype as "f32"))
const uniformOf = (key: Key, shape: readonly number[], dtype: DType): RawTensor => raw(Random.uniform(key, shape, dtype as "f32"))

/** Number of inputs and outputs of a unit. */
export const fans = (shape: readonly number[]): { readonly nIn: number; readonly nOut: number } => {
  if (shape.length < 2) return { nIn: size(shape), nOut: size(shape) }
  const field = size(shape.slice(0, -2))
  return { nIn: field * shape.at(-2)!, nOut: field * shape.at(-1)! }
}
/** Every element v. */
export const constant =
  (v: number): Initialiser =>
  (_, shape, dtype) =>
    full(shape, v, dtype)
export const zeros: Initialiser = constant(0)
export const ones: Initialiser = constant(1)
/** Uniform in [lo, hi). Refuses an empty interval. */
export const uniform = (lo: number, hi: number): Initialiser => {
  if (!(lo < hi)) return refuse(`uniform: the interval [${lo}, ${hi}) is empty; give a lower and a higher bound`)
  return (key, shape, dtype) => add(mul(uniformOf(key, shape, dtype), hi - lo), lo)
}
/** Normal with mean 0 and this standard deviation. */
export const normal = (std: number): Initialiser => {
  if (!(std >= 0)) return refuse(`normal: a standard deviation of ${std}; it must be 0 or more`)
  return (key, shape, dtype) => mul(normalOf(key, shape, dtype), std)
}

export interface VarianceScaling {
  /** Numerator of the variance. */
  readonly scale: number
  /** What it is divided by: nIn, nOut, or their mean. */
  readonly mode: "fanIn" | "fanOut" | "fanAvg"
  readonly distribution: "normal" | "uniform"
}
/**
 * Values of mean 0 and variance scale / fan, so that the size of activations (fanIn), of gradients (fanOut) or of neither too
 * much (fanAvg) changes from layer to layer. Uniform values lie within sqrt(3 variance).
 *
 * @example Init.varianceScaling({ scale: 2, mode: "fanIn", distribution: "normal" })   // heNormal
 */
export const varianceScaling =
  ({ scale, mode, distribution }: VarianceScaling): Initialiser =>
  (key, shape, dtype) => {
    const { nIn, nOut } = fans(shape)
    const fan = mode === "fanIn" ? nIn : mode === "fanOut" ? nOut : (nIn + nOut) / 2
    if (fan === 0) return refuse(`varianceScaling: a kernel ${show(shape)} has no inputs or outputs; give it a size of 1 or more`)
    const variance = scale / fan
    return distribution === "normal"
      ? normal(Math.sqrt(variance))(key, shape, dtype)
      : uniform(-Math.sqrt(3 * variance), Math.sqrt(3 * variance))(key, shape, dtype)
  }
/** Variance 2 / (nIn + nOut), uniform. The default of kernels. Glorot and Bengio 2010. */
export const glorotUniform = varianceScaling({ scale: 1, mode: "fanAvg", distribution: "uniform" })
/** Variance 2 / (nIn + nOut), normal. Glorot and Bengio 2010. */
export const glorotNormal = varianceScaling({ scale: 1, mode: "fanAvg", distribution: "normal" })
/** Variance 2 / nIn, uniform: for layers in front of relu. He et al. 2015. */
export const heUniform = varianceScaling({ scale: 2, mode: "fanIn", distribution: "uniform" })
/** Variance 2 / nIn, normal: for layers in front of relu. He et al. 2015. */
export const heNormal = varianceScaling({ scale: 2, mode: "fanIn", distribution: "normal" })
/** Variance 1 / nIn, uniform. LeCun et al. 1998, Efficient BackProp. */
export const lecunUniform = varianceScaling({ scale: 1, mode: "fanIn", distribution: "uniform" })
/** Variance 1 / nIn, normal. LeCun et al. 1998, Efficient BackProp. */
export const lecunNormal = varianceScaling({ scale: 1, mode: "fanIn", distribution: "normal" })
/**
 * Standard deviation sqrt(4 / (nIn + nOut)): the mean of both fans as Glorot and Bengio 2010, times 2 for relu as He et al.
 * 2015.
 */
export const heAverageNormal = varianceScaling({ scale: 2, mode: "fanAvg", distribution: "normal" })
