import type { Scalar } from "../core/ir/index.ts"

/** Product; integers wrap modulo 2^32. Primitive. */
export const mul: Scalar = {
  name: "mul",
  arity: 2,
  cost: 1,
  eval: (dtype, a, b) => (dtype === "i32" || dtype === "u32" ? Math.imul(a!, b!) : a! * b!),
}
