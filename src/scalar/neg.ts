import type { Scalar } from "../core/ir/index.ts"

/** -x. Primitive. */
export const neg: Scalar = { name: "neg", arity: 1, cost: 1, eval: (_, a) => -a! }
