// What split, chunk and unstack share: lists of tensors whose number is known to the compiler.
import { type Aval, type RawTensor, raw } from "../core/index.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Nothing } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { slice } from "./slice.ts"

/** Tensors of the shapes in the list L; nothing where L is a sentence. */
export type Pieces<L, D extends DType> = [L] extends [never]
  ? Nothing
  : L extends readonly Shape[]
    ? { -readonly [K in keyof L]: L[K] extends infer S extends Shape ? Tensor<S, D> : never }
    : Nothing
/** T where L is a list of shapes, or else the sentence that it is. */
export type OrPieces<L, T> = [L] extends [readonly Shape[]] ? T : L extends infer M ? M : never
/** N times S; a list of unknown length where N is not known, or has four digits. */
export type Copies<S extends Shape, N extends number> = number extends N
  ? S[]
  : `${N}` extends `${infer _A}${infer _B}${infer _C}${infer _D}${infer _R}`
    ? S[]
    : Repeat<S, N>
type Repeat<S extends Shape, N extends number, Acc extends Shape[] = []> = Acc["length"] extends N
  ? Acc
  : Repeat<S, N, [...Acc, S]>

/** Attributes of a division: the axis, non-negative, and the sizes of the parts, which add up to its size. */
export interface Division {
  readonly axis: number
  readonly sizes: readonly number[]
}
export const partShapes = (x: Aval, { axis, sizes }: Division): Aval[] =>
  sizes.map((n) => ({ dtype: x.dtype, shape: x.shape.with(axis, n) }))
/** The parts, as slices. */
export const parts = (x: RawTensor, { axis, sizes }: Division): RawTensor[] => {
  let from = 0
  return sizes.map((n) => {
    const range = [from, (from += n)] as const
    return raw(
      slice(
        x,
        x.shape.map((_, k) => (k === axis ? range : null)),
      ),
    )
  })
}
