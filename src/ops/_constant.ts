// Recognising the constant, which is one node whatever its shape.
import { type RawTensor, raw } from "../core/index.ts"
import { type FullAttrs, full, op } from "./full.ts"

/** The value of a constant tensor; undefined for any other. */
export const constantOf = (t: RawTensor): number | undefined => (t.node.op === op ? (t.node.attrs as FullAttrs).value : undefined)
/** Is t constant, with value v? (0 and -0 are one value here.) */
export const isFull = (t: RawTensor, v: number): boolean => constantOf(t) === v
/** A constant of the value and dtype of the constant x, in another shape. */
export const constantLike = (x: RawTensor, shape: readonly number[]): RawTensor => raw(full(shape, constantOf(x)!, x.dtype))
