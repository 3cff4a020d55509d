import type { Scalar } from "../core/ir/index.ts"

/** log(1 + x), exact for small x. Primitive. */
export const log1p: Scalar = { name: "log1p", arity: 1, cost: 25, eval: (_, a) => Math.log1p(a!) }
