import type { Scalar } from "../core/ir/index.ts"

/** Sum. Primitive. */
export const add: Scalar = { name: "add", arity: 2, cost: 1, eval: (_, a, b) => a! + b! }
