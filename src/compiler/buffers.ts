import { bytesOf, type DType } from "../core/dtype.ts"
import type { Buf } from "../core/ir/index.ts"
import { size } from "../core/shape.ts"

let ids = 0
/** A fresh buffer. */
export const newBuf = (shape: readonly number[], dtype: DType, role: Buf["role"]): Buf => ({ id: ++ids, shape, dtype, role })
export const bytes = (b: Buf): number => size(b.shape) * bytesOf(b.dtype)
