import type { Scalar } from "../core/ir/index.ts"

/** Bitwise and (bool: logical). Primitive on i32, u32 and bool. */
export const and: Scalar = { name: "and", arity: 2, cost: 1, eval: (_, a, b) => a! & b! }
