import { type Calls, floatsOnly, mapOp, type OpDef, sumOf, type AnyTensor, type RawTensor } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { pow as scalar } from "../scalar/pow.ts"
import { constantOf, isFull } from "./_constant.ts"
import type { FloatArithmetic } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { equal } from "./equal.ts"
import { log } from "./log.ts"
import { mul } from "./mul.ts"
import { ones } from "./ones.ts"
import { square } from "./square.ts"
import { sub } from "./sub.ts"
import { where } from "./where.ts"

export type PowRule<A, B> = FloatArithmetic<"pow", A, B>

/** b a^(b - 1); 0 for b = 0, also where a is 0. */
const slope = (a: RawTensor, b: RawTensor): AnyTensor => {
  if (constantOf(b) !== undefined) return mul(b, pow(a, sub(b, 1)))
  const none = equal(b, 0)
  return where(none, 0, mul(b, pow(a, sub(where(none, 1, b), 1))))
}
/** ln(a) y; 0 at a = 0, where y is. */
const growth = (a: RawTensor, y: RawTensor): AnyTensor => mul(log(where(equal(a, 0), 1, a)), y)

/** y = a^b: d = b a^(b - 1) da + ln(a) y db. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "pow",
  accepts: floatsOnly("pow"),
  jvp: ({ ins: [a, b], tans: [da, db], out: y }) => sumOf(da && mul(da, slope(a!, b!)), db && mul(db, growth(a!, y))),
  rewrite: (a, b) => (isFull(b!, 0) ? ones(a!.shape, a!.dtype) : isFull(b!, 1) ? a! : isFull(b!, 2) ? square(a!) : undefined),
  spelling: { onnx: "Pow", stablehlo: "power" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({ lo: 0.3, hi: 2 }, { lo: -2, hi: 2 }), withNumber(2.5, { lo: 0.3, hi: 2 })),
  refused: [...misfits, ...pairOf("i32", "bool")],
})

/**
 * a^b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one floating-point dtype; a number takes the dtype of the other operand.
 * NaN for a negative a with a b that is no integer; 1 for b = 0. Refuses what `div` refuses.
 * IEEE 754-2019, 9.2.
 * @example pow(full([2], 3), 2) // [2], every element 9
 */
export function pow<A extends Operand, B extends Operand>(a: A, b: Or<PowRule<A, B>, B>): Of<PowRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, floatsOnly("pow"))
}
