import { type Calls, mapOp, type OpDef } from "../core/index.ts"
import type { Of, Operand, Or } from "../core/signature.ts"
import { and as scalar } from "../scalar/and.ts"
import { boolsOnly, type Logical } from "./_dtypes.ts"
import { misfits, pairOf, two } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type LogicalAndRule<A, B> = Logical<"logicalAnd", A, B>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "logicalAnd",
  accepts: boolsOnly("logicalAnd"),
  jvp: "none",
  spelling: { onnx: "And", stablehlo: "and" },
})
export const calls = (): Calls => ({
  examples: two({}, {}, ["bool"]),
  refused: [...misfits, ...pairOf("f32", "i32")],
})

/**
 * a and b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; dtype bool. Refuses shapes that do not broadcast, and other dtypes:
 * `logicalAnd: needs a bool tensor, got f32; compare it with something first`.
 * @example logicalAnd(ones([2], "bool"), zeros([2], "bool")) // [2] bool
 */
export function logicalAnd<A extends Operand, B extends Operand>(
  a: A,
  b: Or<LogicalAndRule<A, B>, B>,
): Of<LogicalAndRule<A, B>, "bool"> {
  return binary(op, a, b, boolsOnly("logicalAnd"))
}
