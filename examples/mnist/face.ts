export { Data, Net, Train, type AnyTensor } from "adjoint"
export * as T from "adjoint/tensor"
