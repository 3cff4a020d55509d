import type { Scalar } from "../core/ir/index.ts"

/** Larger of two; NaN if either is. Primitive. */
export const max: Scalar = { name: "max", arity: 2, cost: 1, eval: (_, a, b) => Math.max(a!, b!) }
