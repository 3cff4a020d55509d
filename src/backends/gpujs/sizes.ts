// Sizes of arrays on the device, in f32 numbers.
import type { Buf } from "../../core/ir/index.ts"
import type { Aval } from "../../core/tensor.ts"

export const elementsOf = (shape: readonly number[]): number => shape.reduce((n, m) => n * m, 1)
/** A u32 is two numbers: its halves. */
export const sizeOf = (b: Buf | Aval): number => elementsOf(b.shape) * (b.dtype === "u32" ? 2 : 1)
