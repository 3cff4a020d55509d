import type { Scalar } from "../core/ir/index.ts"

/** Cosine of radians. Primitive. */
export const cos: Scalar = { name: "cos", arity: 1, cost: 25, eval: (_, a) => Math.cos(a!) }
