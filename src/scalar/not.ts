import type { Scalar } from "../core/ir/index.ts"

/** Logical not of a bool. Primitive. */
export const not: Scalar = { name: "not", arity: 1, cost: 1, eval: (_, a) => (a ? 0 : 1) }
