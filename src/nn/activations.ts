// Activations: layers that apply one function to each element. Values, not functions: `Net.relu`.
import { gelu as geluOf } from "../ops/gelu.ts"
import { relu as reluOf } from "../ops/relu.ts"
import { sigmoid as sigmoidOf } from "../ops/sigmoid.ts"
import { softplus as softplusOf } from "../ops/softplus.ts"
import { tanh as tanhOf } from "../ops/tanh.ts"
import { type ElementwiseRule, elementwise, type Layer } from "./layer.ts"

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
