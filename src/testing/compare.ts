// Comparing numbers.
import { evaluate } from "../backends/reference/index.ts"
import { type AnyTensor, isTensor } from "../core/tensor.ts"

export interface Tolerance {
  /** Relative to the larger magnitude. Default 1e-6. */
  readonly rtol?: number
  /** Absolute. Default 1e-8. */
  readonly atol?: number
}
const valuesOf = (v: AnyTensor | ArrayLike<number>): ArrayLike<number> =>
  isTensor(v) ? evaluate([v])[0]! : (v as ArrayLike<number>)

/**
 * Are two arrays, or two closed tensor expressions (evaluated by the reference backend), equal within a tolerance?
 *
 * NaN equals NaN, infinities must agree; arrays of different lengths are never close.
 * @example allClose(T.exp(T.log(x)), x)
 */
export const allClose = (
  a: AnyTensor | ArrayLike<number>,
  b: AnyTensor | ArrayLike<number>,
  { rtol = 1e-6, atol = 1e-8 }: Tolerance = {},
): boolean => {
  const x = valuesOf(a)
  const y = valuesOf(b)
  if (x.length !== y.length) return false
  for (let k = 0; k < x.length; k++) {
    const p = x[k]!
    const q = y[k]!
    if (Object.is(p, q) || p === q) continue
    if (!(Math.abs(p - q) <= atol + rtol * Math.max(Math.abs(p), Math.abs(q)))) return false
    if (!Number.isFinite(p - q)) return false
  }
  return true
}

const bits = new DataView(new ArrayBuffer(8))
// Floats of one sign are ordered like their bit patterns; negative ones are mirrored, so that the order goes through both zeros.
const rank32 = (v: number): number => {
  bits.setFloat32(0, v)
  const b = bits.getInt32(0)
  return b < 0 ? -2147483648 - b : b
}
const rank64 = (v: number): bigint => {
  bits.setFloat64(0, v)
  const b = bits.getBigInt64(0)
  return b < 0n ? -9223372036854775808n - b : b
}
/**
 * How many representable numbers two numbers are apart (0 and -0: none). NaN is 0 from NaN and infinitely far from all else.
 * @example ulpDistance(1, 1 + 2 ** -23) // 1
 */
export const ulpDistance = (a: number, b: number, dtype: "f32" | "f64" = "f32"): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY
  if (dtype === "f32") return Math.abs(rank32(a) - rank32(b))
  const d = rank64(a) - rank64(b)
  return Number(d < 0n ? -d : d)
}
