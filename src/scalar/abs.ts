import type { Scalar } from "../core/ir/index.ts"

/** |x|. Primitive. */
export const abs: Scalar = { name: "abs", arity: 1, cost: 1, eval: (_, a) => Math.abs(a!) }
