import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { or as scalar } from "../scalar/or.ts"
import { type Bitwise, integersOnly } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type BitwiseOrRule<A, B> = Bitwise<"bitwiseOr", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "bitwiseOr",
  accepts: integersOnly("bitwiseOr"),
  jvp: "none",
  spelling: { onnx: "BitwiseOr", stablehlo: "or" },
})
export const calls = (): Calls => ({
  examples: two({ lo: 0, hi: 100000 }, { lo: 0, hi: 100000 }, ["i32", "u32"]),
  refused: [...misfits, ...pairOf("f32", "bool")],
})

/**
 * The bits that a or b has, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one integer dtype.
 * Refuses shapes that do not broadcast, and other dtypes: `bitwiseOr: needs an integer tensor, got f32; cast it first`.
 * @example bitwiseOr(full([2], 12, "u32"), 2) // [2] u32, every element 14
 */
export function bitwiseOr<A extends Operand, B extends Operand>(
  a: A,
  b: Or<BitwiseOrRule<A, B>, B>,
): Of<BitwiseOrRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, integersOnly("bitwiseOr"))
}
