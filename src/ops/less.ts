import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { Binary, Of, Operand, Or } from "../core/signature.ts"
import { lt as scalar } from "../scalar/lt.ts"
import { misfits, oneOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type LessRule<A, B> = Binary<"less", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "less",
  jvp: "none",
  spelling: { onnx: "Less", stablehlo: "compare LT" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({}, {}, ["f32", "i32", "u32", "bool"]), withNumber(1, {}, "i32")),
  refused: misfits,
})

/**
 * a < b, element-wise, as bool: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. False where either is NaN. For bool, false is less
 * than true. Refuses shapes that do not broadcast, different dtypes, and numbers that the dtype does not hold.
 * @example less(zeros([2]), 0) // [2] bool
 */
export function less<A extends Operand, B extends Operand>(a: A, b: Or<LessRule<A, B>, B>): Of<LessRule<A, B>, "bool"> {
  return binary(op, a, b)
}
