import type { Scalar } from "../core/ir/index.ts"

/** Sine of radians. Primitive. */
export const sin: Scalar = { name: "sin", arity: 1, cost: 25, eval: (_, a) => Math.sin(a!) }
