import type { Shape } from "../../typelevel/shape.ts"
import type { DType } from "./dtype.ts"
import type { Node } from "./tensor.ts"

/**
 * A tensor as the compiler shows those of other dtypes than f32. It has a file of its own because compiler and editors print whatever
 * encloses a name. No methods: each property costs instantiations wherever a tensor is matched (matmul: 120 with the four methods, 112
 * without).
 */
export interface Tensor<out S extends Shape, out D extends DType> {
  readonly node: Node
  readonly k: number
  readonly shape: S
  readonly dtype: D
}
