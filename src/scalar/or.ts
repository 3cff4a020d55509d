import type { Scalar } from "../core/ir/index.ts"

/** Bitwise or (bool: logical). Primitive on i32, u32 and bool. */
export const or: Scalar = { name: "or", arity: 2, cost: 1, eval: (_, a, b) => a! | b! }
