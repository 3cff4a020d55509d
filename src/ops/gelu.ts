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
  optionsIn,
  wordIn,
} from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import { notFloats } from "./_examples.ts"
import { add } from "./add.ts"
import { erf } from "./erf.ts"
import { exp } from "./exp.ts"
import { mul } from "./mul.ts"
import { sub } from "./sub.ts"
import { tanh } from "./tanh.ts"

export type GeluRule<S extends Shape, D extends DType> = FloatOnly<"gelu", S, D>
export interface GeluOptions {
  /** "none" (default): with the error function. "tanh": the approximation 0.5 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
   *  of the factor. */
  readonly approximate?: "none" | "tanh"
}

/** The normal distribution function, or its approximation. */
const gate = (x: RawTensor, how: "none" | "tanh"): AnyTensor =>
  how === "none" ? mul(0.5, add(1, erf(mul(x, Math.SQRT1_2)))) : mul(0.5, add(1, tanh(inner(x))))
const c = Math.sqrt(2 / Math.PI)
const inner = (x: RawTensor): AnyTensor => mul(c, mul(x, add(1, mul(0.044715, mul(x, x)))))
/** The derivative of the gate. */
const slope = (x: RawTensor, how: "none" | "tanh"): AnyTensor => {
  if (how === "none") return mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, mul(x, x))))
  const y = tanh(inner(x))
  return mul(mul(0.5, sub(1, mul(y, y))), mul(c, add(1, mul(3 * 0.044715, mul(x, x)))))
}

/** y = x g(x): dy = (g(x) + x g'(x)) dx. */
export const op: OpDef<{ readonly approximate: "none" | "tanh" }> = defineOp<{ readonly approximate: "none" | "tanh" }>({
  name: "gelu",
  shape: ([x]) => {
    floatsOnly("gelu")([x!])
    return { shape: x!.shape, dtype: x!.dtype }
  },
  expand: ([x], { approximate }) => mul(x!, gate(x!, approximate)),
  jvp: ({ ins: [x], tans: [t], attrs: { approximate } }) => mul(t!, add(gate(x!, approximate), mul(x!, slope(x!, approximate)))),
  spelling: { onnx: "Gelu" },
})
export const calls = (): Calls => ({
  examples: (g) => [g.tensor(g.shape(0, 3), "f32", { lo: -3, hi: 3 }), { approximate: g.pick(["none", "tanh"]) }],
  refused: notFloats,
})

/**
 * The Gaussian error linear unit x * P(Z <= x), Z standard normal, element-wise: [...s] to [...s].
 *
 * Floating-point dtypes; refuses others: `gelu: needs a floating-point tensor, got i32; cast it first`.
 * Hendrycks & Gimpel 2016, Gaussian error linear units (GELUs).
 * @example gelu(ones([2, 3])) // [2, 3], every element 0.8413
 */
export function gelu<S extends Shape, D extends DType>(
  x: Or<GeluRule<S, D>, Tensor<S, D>>,
  options?: GeluOptions,
): Of<GeluRule<S, D>, D> {
  const { approximate = "none" } = optionsIn<GeluOptions>("gelu", options, ["approximate"])
  return emit(op, [x], { approximate: wordIn("gelu", "approximate", approximate, ["none", "tanh"]) })
}
