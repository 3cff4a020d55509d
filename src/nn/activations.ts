// Activations: layers that apply one function to each element. Values, not functions: `Net.relu`; those with a number of their own
// are functions of it: `Net.leakyRelu(0.2)`.
import { elu as eluOf } from "../ops/elu.ts"
import { gelu as geluOf } from "../ops/gelu.ts"
import { leakyRelu as leakyReluOf } from "../ops/leakyRelu.ts"
import { relu as reluOf } from "../ops/relu.ts"
import { relu6 as relu6Of } from "../ops/relu6.ts"
import { sigmoid as sigmoidOf } from "../ops/sigmoid.ts"
import { silu as siluOf } from "../ops/silu.ts"
import { softplus as softplusOf } from "../ops/softplus.ts"
import { tanh as tanhOf } from "../ops/tanh.ts"
import { type ElementwiseRule, elementwise, type Layer, numberIn } from "./layer.ts"

/** max(x, 0): [...s] to [...s]. Floats. Nair and Hinton 2010. */
export const relu: Layer<ElementwiseRule<"relu">> = elementwise("relu", (x) => reluOf(x))
/** The hyperbolic tangent: [...s] to [...s]. Floats. */
export const tanh: Layer<ElementwiseRule<"tanh">> = elementwise("tanh", (x) => tanhOf(x))
/** 1 / (1 + exp(-x)): [...s] to [...s]. Floats. */
export const sigmoid: Layer<ElementwiseRule<"sigmoid">> = elementwise("sigmoid", (x) => sigmoidOf(x))
/** x P(Z <= x), Z standard normal, by the error function: [...s] to [...s]. Floats. Hendrycks and Gimpel 2016. */
export const gelu: Layer<ElementwiseRule<"gelu">> = elementwise("gelu", (x) => geluOf(x))
/** log(1 + exp(x)): [...s] to [...s]. Floats. Dugas et al. 2001. */
export const softplus: Layer<ElementwiseRule<"softplus">> = elementwise("softplus", (x) => softplusOf(x))
/** min(max(x, 0), 6): [...s] to [...s]. Floats. Krizhevsky 2010. */
export const relu6: Layer<ElementwiseRule<"relu6">> = elementwise("relu6", (x) => relu6Of(x))
/** x sigmoid(x), also called swish: [...s] to [...s]. Floats. Elfwing et al. 2018. */
export const silu: Layer<ElementwiseRule<"silu">> = elementwise("silu", (x) => siluOf(x))
/**
 * x where it is positive, else slope x: [...s] to [...s]. Floats. Maas et al. 2013.
 * @example Net.leakyRelu(0.2)
 */
export const leakyRelu = (slope = 0.01): Layer<ElementwiseRule<"leakyRelu">> => {
  const by = numberIn("leakyRelu", "the slope", slope)
  return elementwise("leakyRelu", (x) => leakyReluOf(x, by))
}
/**
 * x where it is positive, else alpha (e^x - 1): [...s] to [...s]. Floats. Clevert et al. 2016.
 * @example Net.elu()
 */
export const elu = (alpha = 1): Layer<ElementwiseRule<"elu">> => {
  const by = numberIn("elu", "alpha", alpha)
  return elementwise("elu", (x) => eluOf(x, by))
}
