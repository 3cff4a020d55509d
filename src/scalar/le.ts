import type { Scalar } from "../core/ir/index.ts"

/** x <= y as bool. Primitive. */
export const le: Scalar = { name: "le", arity: 2, cost: 1, result: "bool", eval: (_, a, b) => (a! <= b! ? 1 : 0) }
