import type { Scalar } from "../core/ir/index.ts"

/** Bitwise exclusive or (bool: logical). Primitive on i32, u32 and bool. */
export const xor: Scalar = { name: "xor", arity: 2, cost: 1, eval: (_, a, b) => a! ^ b! }
