import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { Binary, Of, Operand, Or } from "../core/signature.ts"
import { eq as scalar } from "../scalar/eq.ts"
import { misfits, oneOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type EqualRule<A, B> = Binary<"equal", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "equal",
  jvp: "none",
  spelling: { onnx: "Equal", stablehlo: "compare EQ" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({}, {}, ["f32", "i32", "u32", "bool"]), withNumber(1, {}, "i32")),
  refused: misfits,
})

/**
 * a = b, element-wise, as bool: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. `-0` equals `0`; NaN equals nothing.
 * Refuses shapes that do not broadcast, different dtypes, and numbers that the dtype does not hold.
 * @example equal(zeros([2]), 0) // [2] bool
 */
export function equal<A extends Operand, B extends Operand>(a: A, b: Or<EqualRule<A, B>, B>): Of<EqualRule<A, B>, "bool"> {
  return binary(op, a, b)
}
