// adjoint/tensor: the ops. `import * as T from "adjoint/tensor"`.
import "./transform/linear.ts"
export type { AnyTensor, Tensor } from "./core/tensor.ts"
export type { DType } from "../typelevel/dtype.ts"
export type { Dim, Shape } from "../typelevel/shape.ts"
export * from "./ops/index.ts"
