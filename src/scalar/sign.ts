import type { Scalar } from "../core/ir/index.ts"

/** -1, 0 or 1; NaN stays. Primitive. */
export const sign: Scalar = { name: "sign", arity: 1, cost: 2, eval: (_, a) => (a! > 0 ? 1 : a! < 0 ? -1 : a!) }
