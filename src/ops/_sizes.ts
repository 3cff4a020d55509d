// Shapes given by the caller.
import type { Shape } from "../../typelevel/shape.ts"
import { type DType, refuse } from "../core/index.ts"
import { notASize } from "../core/messages.ts"

export const checkSizes = (op: string, shape: Shape): readonly number[] => {
  if (!Array.isArray(shape)) return refuse(`${op}: the shape is ${shape}; give a list of sizes, for instance [2, 3]`)
  for (const n of shape) if (typeof n !== "number" || !Number.isSafeInteger(n) || n < 0) refuse(notASize(op, n))
  return [...(shape as readonly number[])]
}

const dtypes: readonly string[] = ["f32", "f64", "i32", "u32", "bool"]
/** The dtype, or what to say to plain JavaScript. */
export const checkDType = (op: string, dtype: DType): DType =>
  dtypes.includes(dtype) ? dtype : refuse(`${op}: ${String(dtype)} is not a dtype; the dtypes are f32, f64, i32, u32 and bool`)
