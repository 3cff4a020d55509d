import { type Calls, floatsOnly, mapOp, type OpDef, sumOf } from "../core/index.ts"
import type { BinaryDType, Of, Operand, Or } from "../core/signature.ts"
import { div as scalar } from "../scalar/div.ts"
import { isFull } from "./_constant.ts"
import type { FloatArithmetic } from "./_dtypes.ts"
import { misfits, oneOf, pairOf, two, withNumber } from "./_examples.ts"
import { binary } from "./_operands.ts"
import { mul } from "./mul.ts"
import { neg } from "./neg.ts"

export type DivRule<A, B> = FloatArithmetic<"div", A, B>

/** y = a / b: d = (1 / b) da - (y / b) db. A product with 1 / b, so that a mask in da takes it in. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "div",
  accepts: floatsOnly("div"),
  jvp: ({ ins: [, b], tans: [da, db], out: y }) => {
    const r = div(1, b!)
    return sumOf(da && mul(da, r), db && mul(db, neg(mul(y, r))))
  },
  transpose: ({ ct, ins: [, b] }) => [mul(ct, div(1, b!)), null],
  rewrite: (a, b) => (isFull(b!, 1) ? a! : undefined),
  spelling: { onnx: "Div", stablehlo: "divide" },
})
export const calls = (): Calls => ({
  examples: oneOf(two({ lo: -3, hi: 3 }, { lo: 0.5, hi: 2 }), withNumber(2.5, { lo: 0.5, hi: 2 })),
  refused: [...misfits, ...pairOf("i32", "bool")],
})

/**
 * a / b, element-wise: [...s] and [...t] to their common shape.
 *
 * Shapes broadcast; one floating-point dtype; a number takes the dtype of the other operand.
 * Refuses shapes that do not broadcast, different dtypes, and integers: `div: needs a floating-point tensor, got i32; cast it
 * first`. IEEE 754-2019, 5.4.1: 1 / 0 is Infinity, 0 / 0 is NaN.
 * @example div(ones([2, 3]), 4) // [2, 3], every element 0.25
 */
export function div<A extends Operand, B extends Operand>(a: A, b: Or<DivRule<A, B>, B>): Of<DivRule<A, B>, BinaryDType<A, B>> {
  return binary(op, a, b, floatsOnly("div"))
}
