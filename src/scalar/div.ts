import type { Scalar } from "../core/ir/index.ts"

/** Quotient of floats. Primitive. */
export const div: Scalar = { name: "div", arity: 2, cost: 4, eval: (_, a, b) => a! / b! }
