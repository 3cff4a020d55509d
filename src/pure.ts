// What both faces share: everything that needs no effect.
export { type DType, ShapeError, type AnyTensor, type Tensor } from "./core/index.ts"
export { Init, Loss, Net } from "./nn/index.ts"
export * as Optim from "./optim/index.ts"
export * as Random from "./random/index.ts"
export * from "./transform/index.ts"
export * as Dim from "./transform/dim.ts"
