import type { Scalar } from "../core/ir/index.ts"

/** Largest integer not above x. Primitive. */
export const floor: Scalar = { name: "floor", arity: 1, cost: 1, eval: (_, a) => Math.floor(a!) }
