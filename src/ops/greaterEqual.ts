import { type Calls, defineOp, type OpDef } from "../core/index.ts"
import type { Binary, Of, Operand, Or } from "../core/signature.ts"
import { misfits, oneOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { lessEqual } from "./lessEqual.ts"

export type GreaterEqualRule<A, B> = Binary<"greaterEqual", A, B>

/** b <= a. */
export const op: OpDef<null> = defineOp<null>({
  name: "greaterEqual",
  shape: ([a]) => ({ shape: a!.shape, dtype: "bool" }),
  expand: ([a, b]) => lessEqual(b!, a!),
  jvp: () => null,
  spelling: { onnx: "GreaterOrEqual", stablehlo: "compare GE" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({}, {}, ["f32", "i32", "u32", "bool"]), withNumber(1, {}, "i32")),
  refused: misfits,
})

/**
 * a >= b, element-wise, as bool: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. False where either is NaN.
 * Refuses shapes that do not broadcast, different dtypes, and numbers that the dtype does not hold.
 * @example greaterEqual(zeros([2]), 0) // [2] bool
 */
export function greaterEqual<A extends Operand, B extends Operand>(
  a: A,
  b: Or<GreaterEqualRule<A, B>, B>,
): Of<GreaterEqualRule<A, B>, "bool"> {
  return binary(op, a, b)
}
