// The namespace `Net`.
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
} from "./adaptivePooling.ts"
export { elu, gelu, leakyRelu, relu, relu6, sigmoid, silu, softplus, tanh } from "./activations.ts"
export { multiHeadAttention, type MultiHeadAttentionOptions } from "./attention.ts"
export { named, residual, shared } from "./combinators.ts"
export { conv1d, conv2d, conv3d } from "./conv.ts"
export { depthwiseConv2d } from "./convDepthwise.ts"
export { convTranspose1d, convTranspose2d, convTranspose3d } from "./convTranspose.ts"
export { dense } from "./dense.ts"
export { dropout } from "./dropout.ts"
export { crop2d, trim2d, zeroPad2d } from "./edges.ts"
export { embedding, unembedding } from "./embedding.ts"
export {
  globalAvgPool1d,
  globalAvgPool2d,
  globalAvgPool3d,
  globalMaxPool1d,
  globalMaxPool2d,
  globalMaxPool3d,
} from "./globalPooling.ts"
export type { AnyLayer, Layer } from "./layer.ts"
export { gru, lstm, rnn } from "./lstm.ts"
export { load } from "./load.ts"
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
export { localResponseNorm } from "./localResponseNorm.ts"
export { batchNorm, layerNorm } from "./norms.ts"
export { avgPool1d, avgPool2d, avgPool3d, maxPool1d, maxPool2d, maxPool3d } from "./pooling.ts"
export { flatten, reshape, transpose } from "./reshaping.ts"
export { recurrent } from "./recurrent.ts"
export { repeat, sequential } from "./sequential.ts"
export { softmax } from "./softmax.ts"
export { skip } from "./skip.ts"
export { input } from "./spec.ts"
export { type Specs, specs } from "./specs.ts"
export { positionEmbedding, prependToken, selectToken } from "./tokens.ts"
export { type ApplyOptions, apply, type Inference, infer, init, loss, type LossInput, predict } from "./variables.ts"
export { type Context, type Declared, type Definition, layer, param } from "./user.ts"
export { add, concat, join, total } from "./gather.ts"
export { branch, identity, parallel, select } from "./parallel.ts"
export { rows, summary } from "./summary.ts"
export { upsample2d } from "./upsample.ts"
