import { type Calls, mapOp, type OpDef, sumOf } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { add as scalar } from "../scalar/add.ts"
import { isFull } from "./_constant.ts"
import { type Arithmetic, numbersOnly } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"

export type AddRule<A, B> = Arithmetic<"add", A, B>

/** d = da + db. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "add",
  accepts: numbersOnly("add"),
  jvp: ({ tans }) => sumOf(...tans),
  transpose: ({ ct, lin }) => lin.map((l) => (l ? ct : null)),
  rewrite: (a, b) =>
    isFull(b!, 0) ? a! : isFull(a!, 0) ? b! : (b!.node.op.absorbAdd?.(b!.node, a!) ?? a!.node.op.absorbAdd?.(a!.node, b!)),
  spelling: { onnx: "Add", stablehlo: "add" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({ lo: -3, hi: 3 }, { lo: -3, hi: 3 }, ["f32", "f32", "i32"]), two({}, {}, ["u32"]), withNumber(2.5)),
  refused: [...misfits, ...pairOf("bool")],
})

/**
 * a + b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one dtype; a number takes the dtype of the other operand. Integers wrap modulo 2^32.
 * Refuses shapes that do not broadcast, different dtypes, bool, and numbers that the dtype does not hold.
 * NumPy broadcasting; x + 0 is x.
 * @example add(ones([2, 3]), ones([3])) // [2, 3], every element 2
 */
export function add<A extends Operand, B extends Operand>(a: A, b: Or<AddRule<A, B>, B>): Of<AddRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, numbersOnly("add"))
}
