import type { Scalar } from "../core/ir/index.ts"

/** Smaller of two; NaN if either is. Primitive. */
export const min: Scalar = { name: "min", arity: 2, cost: 1, eval: (_, a, b) => Math.min(a!, b!) }
