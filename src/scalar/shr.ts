import type { Scalar } from "../core/ir/index.ts"

/** Shift right by 0 to 31: arithmetic for i32, logical for u32. Primitive on i32, u32 and bool. */
export const shr: Scalar = { name: "shr", arity: 2, cost: 1, eval: (dtype, a, b) => (dtype === "u32" ? a! >>> b! : a! >> b!) }
