import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { and as scalar } from "../scalar/and.ts"
import { type Bitwise, integersOnly } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type BitwiseAndRule<A, B> = Bitwise<"bitwiseAnd", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "bitwiseAnd",
  accepts: integersOnly("bitwiseAnd"),
  jvp: "none",
  spelling: { onnx: "BitwiseAnd", stablehlo: "and" },
})
export const calls = (): Calls => ({
  examples: two({ lo: 0, hi: 100000 }, { lo: 0, hi: 100000 }, ["i32", "u32"]),
  refused: [...misfits, ...pairOf("f32", "bool")],
})

/**
 * The bits that a and b share, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one integer dtype.
 * Refuses shapes that do not broadcast, and other dtypes: `bitwiseAnd: needs an integer tensor, got f32; cast it first`.
 * @example bitwiseAnd(full([2], 12, "u32"), 2) // [2] u32, every element 0
 */
export function bitwiseAnd<A extends Operand, B extends Operand>(
  a: A,
  b: Or<BitwiseAndRule<A, B>, B>,
): Of<BitwiseAndRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, integersOnly("bitwiseAnd"))
}
