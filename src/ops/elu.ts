import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, floatsOnly, type OpDef, type Tensor, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { notFloats } from "./_examples.ts"
import { exp } from "./exp.ts"
import { expm1 } from "./expm1.ts"
import { greater } from "./greater.ts"
import { minimum } from "./minimum.ts"
import { mul } from "./mul.ts"
import { where } from "./where.ts"

export type EluRule<S extends Shape, D extends DType> = FloatOnly<"elu", S, D>
interface Attrs {
  readonly alpha: number
}

/** dy = dx where x > 0, else alpha e^x dx: the exponential sees nothing above 0, where it could overflow. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "elu",
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  expand: ([x], { alpha }) => where(greater(x!, 0), x!, mul(alpha, expm1(minimum(x!, 0)))),
  jvp: ({ ins: [x], tans: [t], attrs: { alpha } }) => mul(t!, where(greater(x!, 0), 1, mul(alpha, exp(minimum(x!, 0))))),
  spelling: { onnx: "Elu" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const x = g.tensor(g.shape(0, 3), "f32", { lo: -3, hi: 3 })
    return g.pick([[x], [x, 0.5], [x, 2]])
  },
  refused: notFloats,
})

/**
 * x where it is positive, else alpha (e^x - 1), element-wise: [...s] to [...s].
 *
 * Alpha is a number, by default 1. The derivative at 0 is alpha.
 * Floating-point dtypes; refuses others: `elu: needs a floating-point tensor, got i32; cast it first`.
 * Clevert et al. 2016, Fast and accurate deep network learning by exponential linear units (ELUs).
 * @example elu(full([2], -1)) // [2], every element -0.6321
 */
export function elu<S extends Shape, D extends DType>(x: Or<EluRule<S, D>, Tensor<S, D>>, alpha = 1): Of<EluRule<S, D>, D> {
  const t = tensorIn("elu", x)
  floatsOnly("elu")([t])
  return emit(op, [t], { alpha })
}
