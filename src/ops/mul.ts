import { type Calls, each, mapOp, type OpDef, type AnyTensor, type RawTensor } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { mul as scalar } from "../scalar/mul.ts"
import { isFull } from "./_constant.ts"
import { type Arithmetic, numbersOnly } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { neg } from "./neg.ts"

export type MulRule<A, B> = Arithmetic<"mul", A, B>

/** What x * by is, more simply. A factor goes into what takes it in: a mask then masks the product, where the factor may be
 *  infinite. */
const times = (x: RawTensor, by: RawTensor): AnyTensor | undefined =>
  isFull(by, 1) ? x : isFull(by, 0) ? by : isFull(by, -1) ? neg(x) : x.node.op.absorbScale?.(x.node, by)

/** d = da * b + a * db. Bilinear: the adjoint multiplies by the other operand. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "mul",
  accepts: numbersOnly("mul"),
  jvp: ({ ins, tans }) => each(tans, (t, k) => mul(t, ins[1 - k]!)),
  transpose: ({ ct, ins, lin }) => lin.map((l, k) => (l ? mul(ct, ins[1 - k]!) : null)),
  rewrite: (a, b) => times(a!, b!) ?? times(b!, a!),
  spelling: { onnx: "Mul", stablehlo: "multiply" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({ lo: -3, hi: 3 }, { lo: -3, hi: 3 }, ["f32", "f32", "i32"]), two({}, {}, ["u32"]), withNumber(2.5)),
  refused: [...misfits, ...pairOf("bool")],
})

/**
 * a * b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. Integers wrap modulo 2^32.
 * Refuses shapes that do not broadcast, different dtypes, bool, and numbers that the dtype does not hold.
 * x * 0 is 0 where the 0 is a constant of the program, also for an x that is infinite or NaN.
 * @example mul(ones([2, 3]), 0.5) // [2, 3], every element 0.5
 */
export function mul<A extends Operand, B extends Operand>(a: A, b: Or<MulRule<A, B>, B>): Of<MulRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, numbersOnly("mul"))
}
