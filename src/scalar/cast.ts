import { type DType, isFloat } from "../core/dtype.ts"
import { call, type Expr, type Scalar } from "../core/ir/index.ts"

/** x in another dtype (the dtype of the node): floats truncate towards zero, NaN becomes 0, numbers outside the integer range
 *  saturate (as WebAssembly and NumPy's `clip` do); to bool: x != 0. Primitive. */
export const cast: Scalar = { name: "cast", arity: 1, cost: 1, eval: (_, a) => a! }

const limits = { i32: [-2147483648, 2147483647], u32: [0, 4294967295] } as const
/** The value of v, held in `from`, in dtype `to`. */
export const castValue = (v: number, from: DType, to: DType): number => {
  if (to === "bool") return v !== 0 ? 1 : 0
  if (isFloat(to)) return v
  if (!isFloat(from)) return to === "i32" ? v | 0 : v >>> 0
  return Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), limits[to][0]), limits[to][1])
}
export const castTo = (x: Expr, to: DType): Expr =>
  x.dtype === to ? x : x.k === "num" ? { k: "num", dtype: to, v: castValue(x.v, x.dtype, to) } : call(cast, [x], to)
