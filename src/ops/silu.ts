import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, floatsOnly, type OpDef, raw, type Tensor } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { notFloats } from "./_examples.ts"
import { add } from "./add.ts"
import { mul } from "./mul.ts"
import { sigmoid } from "./sigmoid.ts"
import { sub } from "./sub.ts"

export type SiluRule<S extends Shape, D extends DType> = FloatOnly<"silu", S, D>

/** y = x s, s = sigmoid(x): dy = s (1 + x (1 - s)) dx. */
export const op: OpDef<null> = defineOp<null>({
  name: "silu",
  shape: ([x]) => {
    floatsOnly("silu")([x!])
    return { shape: x!.shape, dtype: x!.dtype }
  },
  expand: ([x]) => mul(x!, sigmoid(x!)),
  jvp: ({ ins: [x], tans: [t] }) => {
    const s = raw(sigmoid(x!))
    return mul(t!, mul(s, add(1, mul(x!, sub(1, s)))))
  },
})
export const calls = (): Calls => ({
  examples: (g) => [g.tensor(g.shape(0, 3), "f32", { lo: -3, hi: 3 })],
  refused: notFloats,
})

/**
 * x sigmoid(x), element-wise: [...s] to [...s]. Also called swish.
 *
 * Floating-point dtypes; refuses others: `silu: needs a floating-point tensor, got i32; cast it first`.
 * Elfwing et al. 2018, Sigmoid-weighted linear units for neural network function approximation.
 * @example silu(ones([2, 3])) // [2, 3], every element 0.7311
 */
export function silu<S extends Shape, D extends DType>(x: Or<SiluRule<S, D>, Tensor<S, D>>): Of<SiluRule<S, D>, D> {
  return emit(op, [x], null)
}
