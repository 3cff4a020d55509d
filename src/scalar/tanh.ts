import type { Scalar } from "../core/ir/index.ts"

/** Hyperbolic tangent. Primitive. */
export const tanh: Scalar = { name: "tanh", arity: 1, cost: 30, eval: (_, a) => Math.tanh(a!) }
