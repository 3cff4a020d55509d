import { type Calls, defineOp, type OpDef } from "../core/index.ts"
import type { Binary, Of, Operand, Or } from "../core/signature.ts"
import { misfits, oneOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { equal } from "./equal.ts"
import { logicalNot } from "./logicalNot.ts"

export type NotEqualRule<A, B> = Binary<"notEqual", A, B>

/** not (a = b). */
export const op: OpDef<null> = defineOp<null>({
  name: "notEqual",
  shape: ([a]) => ({ shape: a!.shape, dtype: "bool" }),
  expand: ([a, b]) => logicalNot(equal(a!, b!)),
  jvp: () => null,
  spelling: { stablehlo: "compare NE" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({}, {}, ["f32", "i32", "u32", "bool"]), withNumber(1, {}, "i32")),
  refused: misfits,
})

/**
 * a != b, element-wise, as bool: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. NaN differs from everything.
 * Refuses shapes that do not broadcast, different dtypes, and numbers that the dtype does not hold.
 * @example notEqual(zeros([2]), 0) // [2] bool
 */
export function notEqual<A extends Operand, B extends Operand>(
  a: A,
  b: Or<NotEqualRule<A, B>, B>,
): Of<NotEqualRule<A, B>, "bool"> {
  return binary(op, a, b)
}
