// The namespace `Optim`: pure optimizers and schedules.
export { accumulate, clipByGlobalNorm, clipByValue, globalNorm } from "./combinators.ts"
export type { Optimizer, OptimizerState, StateOf } from "./optimizer.ts"
export { adam, type AdamOptions, adamW, type AdamWOptions, momentum, nesterov, rmsprop, sgd } from "./rules.ts"
export { constant, cosine, join, linear, type Rate, type Schedule, step, warmup } from "./schedules.ts"
