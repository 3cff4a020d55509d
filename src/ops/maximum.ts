import { type Calls, each, mapOp, type OpDef, type AnyTensor, type RawTensor } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { max as scalar } from "../scalar/max.ts"
import { type Arithmetic, numbersOnly } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { equal } from "./equal.ts"
import { full } from "./full.ts"
import { greater } from "./greater.ts"
import { mul } from "./mul.ts"
import { where } from "./where.ts"

export type MaximumRule<A, B> = Arithmetic<"maximum", A, B>

const share = (a: RawTensor, b: RawTensor): AnyTensor =>
  where(greater(a, b), full([], 1, a.dtype), where(equal(a, b), full([], 0.5, a.dtype), full([], 0, a.dtype)))

/** d = w da + (1 - w) db, with w = 1 where a > b, 1/2 where they are equal. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "maximum",
  accepts: numbersOnly("maximum"),
  jvp: ({ ins, tans }) => each(tans, (t, k) => mul(t, share(ins[k]!, ins[1 - k]!))),
  rewrite: (a, b) => (a === b ? a! : undefined),
  spelling: { onnx: "Max", stablehlo: "maximum" },
})
export const calls = (): Calls => ({
  examples: oneOf(
    two({ lo: -3, hi: 3 }, { lo: -2.9, hi: 3.1 }, ["f32", "f32", "i32"]),
    two({}, {}, ["u32"]),
    withNumber(0.12345),
  ),
  refused: [...misfits, ...pairOf("bool")],
})

/**
 * The larger of a and b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand.
 * NaN where either is. At a tie each operand gets half of the derivative.
 * Refuses shapes that do not broadcast, different dtypes, bool, and numbers that the dtype does not hold.
 * IEEE 754-2019, 9.6 (`maximum`).
 * @example maximum(ones([2, 3]), 0.5) // [2, 3]
 */
export function maximum<A extends Operand, B extends Operand>(
  a: A,
  b: Or<MaximumRule<A, B>, B>,
): Of<MaximumRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, numbersOnly("maximum"))
}
