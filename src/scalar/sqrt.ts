import type { Scalar } from "../core/ir/index.ts"

/** Square root; NaN below 0. Primitive. */
export const sqrt: Scalar = { name: "sqrt", arity: 1, cost: 4, eval: (_, a) => Math.sqrt(a!) }
