import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { xor as scalar } from "../scalar/xor.ts"
import { type Bitwise, integersOnly } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type BitwiseXorRule<A, B> = Bitwise<"bitwiseXor", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "bitwiseXor",
  accepts: integersOnly("bitwiseXor"),
  jvp: "none",
  spelling: { onnx: "BitwiseXor", stablehlo: "xor" },
})
export const calls = (): Calls => ({
  examples: two({ lo: 0, hi: 100000 }, { lo: 0, hi: 100000 }, ["i32", "u32"]),
  refused: [...misfits, ...pairOf("f32", "bool")],
})

/**
 * The bits in which a and b differ, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one integer dtype.
 * Refuses shapes that do not broadcast, and other dtypes: `bitwiseXor: needs an integer tensor, got f32; cast it first`.
 * @example bitwiseXor(full([2], 12, "u32"), 2) // [2] u32, every element 14
 */
export function bitwiseXor<A extends Operand, B extends Operand>(
  a: A,
  b: Or<BitwiseXorRule<A, B>, B>,
): Of<BitwiseXorRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, integersOnly("bitwiseXor"))
}
