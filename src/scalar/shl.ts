import type { Scalar } from "../core/ir/index.ts"

/** Shift left by 0 to 31. Primitive on i32, u32 and bool. */
export const shl: Scalar = { name: "shl", arity: 2, cost: 1, eval: (_, a, b) => a! << b! }
