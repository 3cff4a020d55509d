import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { log as scalar } from "../scalar/log.ts"
import { notFloats, one } from "./_examples.ts"
import { div } from "./div.ts"
import { mul } from "./mul.ts"

export type LogRule<S extends Shape, D extends DType> = FloatOnly<"log", S, D>
/** dy = (1 / x) dx: a product, so that a mask in dx can take the factor in (where x = 0 it is infinite). */
export const op = mapOp(scalar, {
  name: "log",
  accepts: floatsOnly("log"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, div(1, x!)),
  spelling: { onnx: "Log", stablehlo: "log" },
})
export const calls = (): Calls => ({
  examples: one({ lo: 0.3, hi: 2 }),
  refused: notFloats,
})

/**
 * The natural logarithm ln x, element-wise: [...s] to [...s].
 *
 * -Infinity at 0, NaN below.
 * Floating-point dtypes; refuses others: `log: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2.
 * @example log(ones([3])) // [3], every element 0
 */
export function log<S extends Shape, D extends DType>(x: Or<LogRule<S, D>, Tensor<S, D>>): Of<LogRule<S, D>, D> {
  return emit(op, [x])
}
