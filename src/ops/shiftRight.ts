import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { shr as scalar } from "../scalar/shr.ts"
import { type Bitwise, integersOnly } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type ShiftRightRule<A, B> = Bitwise<"shiftRight", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "shiftRight",
  accepts: integersOnly("shiftRight"),
  jvp: "none",
  spelling: { onnx: "BitShift", stablehlo: "shift_right_logical" },
})
export const calls = (): Calls => ({
  examples: two({ lo: 0, hi: 1000 }, { lo: 0, hi: 31 }, ["i32", "u32"]),
  refused: [...misfits, ...pairOf("f32", "bool")],
})

/**
 * a / 2^b rounded down, for b from 0 to 31, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one integer dtype. Arithmetic for i32 (the sign stays), logical for u32.
 * Refuses shapes that do not broadcast, and other dtypes: `shiftRight: needs an integer tensor, got f32; cast it first`.
 * @example shiftRight(full([2], 12, "u32"), 2) // [2] u32, every element 3
 */
export function shiftRight<A extends Operand, B extends Operand>(
  a: A,
  b: Or<ShiftRightRule<A, B>, B>,
): Of<ShiftRightRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, integersOnly("shiftRight"))
}
