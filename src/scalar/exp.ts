import type { Scalar } from "../core/ir/index.ts"

/** e^x. Primitive. */
export const exp: Scalar = { name: "exp", arity: 1, cost: 20, eval: (_, a) => Math.exp(a!) }
