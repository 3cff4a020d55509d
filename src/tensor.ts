// adjoint/tensor: the ops. `import * as T from "adjoint/tensor"`.
import "./transform/linear.ts"
export type { AnyTensor, Tensor } from "./core/tensor.ts"
export * from "./ops/index.ts"
