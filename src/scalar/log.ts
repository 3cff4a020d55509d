import type { Scalar } from "../core/ir/index.ts"

/** Natural logarithm; -inf at 0, NaN below. Primitive. */
export const log: Scalar = { name: "log", arity: 1, cost: 20, eval: (_, a) => Math.log(a!) }
