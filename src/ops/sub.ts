import { type Calls, mapOp, type OpDef, sumOf } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { sub as scalar } from "../scalar/sub.ts"
import { isFull } from "./_constant.ts"
import { type Arithmetic, numbersOnly } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { add } from "./add.ts"
import { neg } from "./neg.ts"

export type SubRule<A, B> = Arithmetic<"sub", A, B>

/** d = da - db. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "sub",
  accepts: numbersOnly("sub"),
  jvp: ({ tans: [a, b] }) => sumOf(a, b && neg(b)),
  transpose: ({ ct, lin }) => [lin[0] ? ct : null, lin[1] ? neg(ct) : null],
  rewrite: (a, b) => (isFull(b!, 0) ? a! : isFull(a!, 0) ? neg(b!) : b!.node.op.absorbAdd ? add(a!, neg(b!)) : undefined),
  spelling: { onnx: "Sub", stablehlo: "subtract" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({ lo: -3, hi: 3 }, { lo: -3, hi: 3 }, ["f32", "f32", "i32"]), two({}, {}, ["u32"]), withNumber(2.5)),
  refused: [...misfits, ...pairOf("bool")],
})

/**
 * a - b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. Integers wrap modulo 2^32.
 * Refuses shapes that do not broadcast, different dtypes, bool, and numbers that the dtype does not hold.
 * @example sub(1, ones([2, 3])) // [2, 3], every element 0
 */
export function sub<A extends Operand, B extends Operand>(a: A, b: Or<SubRule<A, B>, B>): Of<SubRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, numbersOnly("sub"))
}
