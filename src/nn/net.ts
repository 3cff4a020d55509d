// The namespace `Net`.
export { gelu, relu, sigmoid, softplus, tanh } from "./activations.ts"
export { named, residual, shared } from "./combinators.ts"
export { conv2d } from "./conv2d.ts"
export { dense } from "./dense.ts"
export { dropout } from "./dropout.ts"
export { embedding } from "./embedding.ts"
export type { AnyLayer, Layer } from "./layer.ts"
export {
  type AnyNetwork,
  type Counted,
  type InputOf,
  network,
  type Network,
  type NetworkOf,
  type OutputOf,
  type ParamsOf,
  type StateOf,
  type Variables,
  type VariablesOf,
} from "./network.ts"
export { batchNorm, layerNorm } from "./norms.ts"
export { avgPool2d, flatten, globalAvgPool2d, maxPool2d } from "./pooling.ts"
export { repeat, sequential } from "./sequential.ts"
export { input } from "./spec.ts"
export { type ApplyOptions, apply, type Inference, infer, init, loss, type LossInput, predict } from "./variables.ts"
export { type Context, type Declared, type Definition, layer, param } from "./user.ts"
export { add, concat, join, total } from "./gather.ts"
export { branch, identity, parallel, select } from "./parallel.ts"
export { rows, summary } from "./summary.ts"
