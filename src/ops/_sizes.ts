// Shapes given by the caller.
import { type DType, refuse, spelled, text } from "../core/index.ts"
import { notASize } from "../core/messages.ts"

/** v as a list of what may be sizes. */
export const sizesIn = (op: string, v: unknown): readonly number[] =>
  Array.isArray(v)
    ? (v as readonly number[])
    : refuse(`${op}: the shape is ${spelled(v)}; give a list of sizes, for instance [2, 3]`)
export const checkSizes = (op: string, shape: unknown): readonly number[] => {
  const sizes = sizesIn(op, shape)
  for (const n of sizes) if (!Number.isSafeInteger(n) || n < 0) refuse(notASize(op, n))
  return [...sizes]
}

const dtypes: readonly string[] = ["f32", "f64", "i32", "u32", "bool"]
/** The dtype, or what to say to plain JavaScript. */
export const checkDType = (op: string, dtype: DType): DType =>
  dtypes.includes(dtype) ? dtype : refuse(`${op}: ${text(dtype)} is not a dtype; the dtypes are f32, f64, i32, u32 and bool`)
