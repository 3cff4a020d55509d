import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, floatsOnly, mapOp, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { log1p as scalar } from "../scalar/log1p.ts"
import { notFloats, one } from "./_examples.ts"
import { add } from "./add.ts"
import { div } from "./div.ts"
import { mul } from "./mul.ts"

export type Log1pRule<S extends Shape, D extends DType> = FloatOnly<"log1p", S, D>
/** dy = dx / (1 + x). */
export const op = mapOp(scalar, {
  name: "log1p",
  accepts: floatsOnly("log1p"),
  jvp: ({ ins: [x], tans: [t] }) => mul(t!, div(1, add(x!, 1))),
  spelling: { stablehlo: "log_plus_one" },
})
export const calls = (): Calls => ({
  examples: one({ lo: -0.6, hi: 2 }),
  refused: notFloats,
})

/**
 * ln(1 + x), accurate where x is small, element-wise: [...s] to [...s].
 *
 * -Infinity at -1, NaN below.
 * Floating-point dtypes; refuses others: `log1p: needs a floating-point tensor, got i32; cast it first`.
 * IEEE 754-2019, 9.2 (`logp1`).
 * @example log1p(zeros([2, 3])) // [2, 3]
 */
export function log1p<S extends Shape, D extends DType>(x: Or<Log1pRule<S, D>, Tensor<S, D>>): Of<Log1pRule<S, D>, D> {
  return emit(op, [x])
}
