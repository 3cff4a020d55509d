import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, mapOp, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { abs as scalar } from "../scalar/abs.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { ofDType, one, oneOf } from "./_examples.ts"
import { mul } from "./mul.ts"
import { sign } from "./sign.ts"

export type AbsRule<S extends Shape, D extends DType> = NumberOnly<"abs", S, D>
/** dy = sign(x) dx, so 0 at 0. */
export const op = mapOp(scalar, {
  name: "abs",
  accepts: numbersOnly("abs"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, sign(x!)),
  spelling: { onnx: "Abs", stablehlo: "abs" },
})
export const calls = (): Calls => ({
  examples: oneOf(one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({}, ["u32"])),
  refused: ofDType("bool"),
})

/**
 * |x|, element-wise: [...s] to [...s].
 *
 * The absolute value of the smallest i32 is itself.
 * Every dtype but bool: `abs: needs a tensor of numbers, got bool; cast it first`.
 * @example abs(zeros([2, 3])) // [2, 3]
 */
export function abs<S extends Shape, D extends DType>(x: Or<AbsRule<S, D>, Tensor<S, D>>): Of<AbsRule<S, D>, D> {
  return emit(op, [x])
}
