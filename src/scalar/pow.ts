import type { Scalar } from "../core/ir/index.ts"

/** x^y as in IEEE 754-2008 `pow`: 1 for y = 0; NaN for a negative base with an exponent that is no integer. Primitive. */
export const pow: Scalar = {
  name: "pow",
  arity: 2,
  cost: 45,
  // JavaScript says NaN for (+-1) ** (+-Infinity) and 1 ** NaN, where IEEE 754 and C say 1.
  eval: (_, a, b) => (a === 1 || (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) ? 1 : a! ** b!),
}
