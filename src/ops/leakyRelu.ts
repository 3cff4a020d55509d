import type { Shape } from "../../typelevel/shape.ts"
import {
  type Calls,
  type AnyTensor,
  defineOp,
  type DType,
  emit,
  floatsOnly,
  type OpDef,
  type RawTensor,
  type Tensor,
  tensorIn,
} from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { notFloats } from "./_examples.ts"
import { full } from "./full.ts"
import { greater } from "./greater.ts"
import { mul } from "./mul.ts"
import { where } from "./where.ts"

export type LeakyReluRule<S extends Shape, D extends DType> = FloatOnly<"leakyRelu", S, D>
interface Attrs {
  readonly slope: number
}
const factor = (x: RawTensor, slope: number): AnyTensor => where(greater(x, 0), full([], 1, x.dtype), slope)

/** dy = dx where x > 0, else slope dx: the factor carries the case distinction. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "leakyRelu",
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  expand: ([x], { slope }) => mul(x!, factor(x!, slope)),
  jvp: ({ ins: [x], tans: [t], attrs: { slope } }) => mul(t!, factor(x!, slope)),
  spelling: { onnx: "LeakyRelu" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const x = g.tensor(g.shape(0, 3), "f32", { lo: -3, hi: 3 })
    return g.pick([[x], [x, 0.5], [x, 2]])
  },
  refused: notFloats,
})

/**
 * x where it is positive, else slope x, element-wise: [...s] to [...s].
 *
 * The slope is a number, by default 0.01. The derivative at 0 is the slope.
 * Floating-point dtypes; refuses others: `leakyRelu: needs a floating-point tensor, got i32; cast it first`.
 * Maas et al. 2013, Rectifier nonlinearities improve neural network acoustic models.
 * @example leakyRelu(full([2], -1)) // [2], every element -0.01
 */
export function leakyRelu<S extends Shape, D extends DType>(
  x: Or<LeakyReluRule<S, D>, Tensor<S, D>>,
  slope = 0.01,
): Of<LeakyReluRule<S, D>, D> {
  const t = tensorIn("leakyRelu", x)
  floatsOnly("leakyRelu")([t])
  return emit(op, [t], { slope })
}
