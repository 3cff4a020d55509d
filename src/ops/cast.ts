import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, isFloat, make, type OpDef, refuse, type Tensor, text } from "../core/index.ts"
import type { Or } from "../core/signature.ts"
import { castTo } from "../scalar/cast.ts"

type notADType<D extends string> = `cast: ${D} is not a dtype; the dtypes are f32, f64, i32, u32 and bool`
const notADType = (d: string): string => `cast: ${text(d)} is not a dtype; the dtypes are f32, f64, i32, u32 and bool`
export type CastRule<E extends string> = E extends DType ? unknown : notADType<E>
const known: readonly string[] = ["f32", "f64", "i32", "u32", "bool"]

/** Linear from float to float; anything else has no tangent. */
export const op: OpDef<{ readonly to: DType }> = defineOp<{ readonly to: DType }>({
  name: "cast",
  shape: ([x], { to }) => ({ shape: x!.shape, dtype: to }),
  body: ([x], { i, attrs: { to } }) => castTo(x!(i), to),
  jvp: ({ tans: [t], attrs }) => (isFloat(attrs.to) ? make(op, [t!], attrs) : null),
  transpose: ({ ct, ins: [x] }) => [make(op, [ct], { to: x!.dtype })],
  batch: ({ ins, attrs }) => make(op, ins, attrs),
  rewrite: ([x], { to }) => (x!.dtype === to ? x! : undefined),
  spelling: { onnx: "Cast", stablehlo: "convert" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const dtypes = ["f32", "i32", "u32", "bool"] as const
    return [g.tensor(g.shape(0, 3), g.pick(dtypes), { lo: 0, hi: 4, offInteger: 0.1 }), g.pick(dtypes)]
  },
  refused: [(g) => [g.tensor([2]), g.pick(["f16", "bf16"])], (g) => [g.tensor([]), "float32"], (g) => [g.tensor([0]), "string"]],
})

/**
 * x in another dtype: [...s] to [...s].
 *
 * Floats to integers: truncates towards zero, saturates at the ends of the range, NaN is 0. Integers of one size: modulo 2^32. To
 * bool: x != 0. From bool: 0 and 1. Only from float to float does a derivative pass. Refuses a name that is no dtype. NumPy
 * `astype`.
 * @example cast(full([2], 1.5), "i32") // [2] i32, every element 1
 */
export function cast<S extends Shape, D extends DType, const E extends string>(
  x: Tensor<S, D>,
  dtype: Or<CastRule<E>, E>,
): E extends DType ? Tensor<S, E> : never {
  if (!known.includes(dtype as string)) refuse(notADType(dtype as string))
  return emit(op, [x], { to: dtype })
}
