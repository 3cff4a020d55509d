import type { Scalar } from "../core/ir/index.ts"

/** Difference. Primitive. */
export const sub: Scalar = { name: "sub", arity: 2, cost: 1, eval: (_, a, b) => a! - b! }
