import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, type OpDef, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { ofDType, one, oneOf } from "./_examples.ts"
import { mul } from "./mul.ts"

export type SquareRule<S extends Shape, D extends DType> = NumberOnly<"square", S, D>

/** x * x with dy = 2 x dx, where the product's rule would use dx twice. */
export const op: OpDef<null> = defineOp<null>({
  name: "square",
  shape: ([x]) => {
    numbersOnly("square")([x!])
    return { shape: x!.shape, dtype: x!.dtype }
  },
  expand: ([x]) => mul(x!, x!),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, mul(2, x!)),
})
export const calls = (): Calls => ({
  examples: oneOf(one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({}, ["u32"])),
  refused: ofDType("bool"),
})

/**
 * x^2, element-wise: [...s] to [...s].
 *
 * Every dtype but bool; integers wrap modulo 2^32.
 * @example square(full([2], 3)) // [2], every element 9
 */
export function square<S extends Shape, D extends DType>(x: Or<SquareRule<S, D>, Tensor<S, D>>): Of<SquareRule<S, D>, D> {
  return emit(op, [x])
}
