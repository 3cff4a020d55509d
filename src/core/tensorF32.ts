import type { Shape } from "../../typelevel/shape.ts"
import type { Tensor as TensorOf } from "./tensorOf.ts"

/** A tensor of f32: TypeScript prints every type argument, defaults too, so the commonest dtype has an interface of its own. */
export interface Tensor<out S extends Shape> extends TensorOf<S, "f32"> {}
