import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { shl as scalar } from "../scalar/shl.ts"
import { type Bitwise, integersOnly } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type ShiftLeftRule<A, B> = Bitwise<"shiftLeft", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "shiftLeft",
  accepts: integersOnly("shiftLeft"),
  jvp: "none",
  spelling: { onnx: "BitShift", stablehlo: "shift_left" },
})
export const calls = (): Calls => ({
  examples: two({ lo: 0, hi: 1000 }, { lo: 0, hi: 31 }, ["i32", "u32"]),
  refused: [...misfits, ...pairOf("f32", "bool")],
})

/**
 * a * 2^b modulo 2^32, for b from 0 to 31, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one integer dtype.
 * Refuses shapes that do not broadcast, and other dtypes: `shiftLeft: needs an integer tensor, got f32; cast it first`.
 * @example shiftLeft(full([2], 12, "u32"), 2) // [2] u32, every element 48
 */
export function shiftLeft<A extends Operand, B extends Operand>(
  a: A,
  b: Or<ShiftLeftRule<A, B>, B>,
): Of<ShiftLeftRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, integersOnly("shiftLeft"))
}
