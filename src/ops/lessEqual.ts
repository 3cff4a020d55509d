import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { Binary, Of, Operand, Or } from "../core/signature.ts"
import { le as scalar } from "../scalar/le.ts"
import { misfits, oneOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type LessEqualRule<A, B> = Binary<"lessEqual", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "lessEqual",
  jvp: "none",
  spelling: { onnx: "LessOrEqual", stablehlo: "compare LE" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({}, {}, ["f32", "i32", "u32", "bool"]), withNumber(1, {}, "i32")),
  refused: misfits,
})

/**
 * a <= b, element-wise, as bool: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. False where either is NaN. For bool, false is less
 * than true. Refuses shapes that do not broadcast, different dtypes, and numbers that the dtype does not hold.
 * @example lessEqual(zeros([2]), 0) // [2] bool
 */
export function lessEqual<A extends Operand, B extends Operand>(
  a: A,
  b: Or<LessEqualRule<A, B>, B>,
): Of<LessEqualRule<A, B>, "bool"> {
  return binary(op, a, b)
}
