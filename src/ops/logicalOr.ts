import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { Of, Operand, Or } from "../core/signature.ts"
import { or as scalar } from "../scalar/or.ts"
import { boolsOnly, type Logical } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type LogicalOrRule<A, B> = Logical<"logicalOr", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "logicalOr",
  accepts: boolsOnly("logicalOr"),
  jvp: "none",
  spelling: { onnx: "Or", stablehlo: "or" },
})
export const calls = (): Calls => ({
  examples: two({}, {}, ["bool"]),
  refused: [...misfits, ...pairOf("f32", "i32")],
})

/**
 * a or b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; dtype bool. Refuses shapes that do not broadcast, and other dtypes:
 * `logicalOr: needs a bool tensor, got f32; compare it with something first`.
 * @example logicalOr(ones([2], "bool"), zeros([2], "bool")) // [2] bool
 */
export function logicalOr<A extends Operand, B extends Operand>(
  a: A,
  b: Or<LogicalOrRule<A, B>, B>,
): Of<LogicalOrRule<A, B>, "bool"> {
  return binary(op, a, b, boolsOnly("logicalOr"))
}
