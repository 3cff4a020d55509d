import type { Scalar } from "../core/ir/index.ts"

/** c ? a : b. Both sides are evaluated. Primitive. */
export const where: Scalar = { name: "where", arity: 3, cost: 1, eval: (_, c, a, b) => (c ? a! : b!) }
