// Arbitraries for fast-check, a peer dependency that only this folder uses.
import * as fc from "fast-check"
import { type DType, hostArray, isFloat } from "../core/dtype.ts"
import { shapeClasses } from "../core/gen.ts"
import { hostLeaf } from "../core/leaf.ts"
import type { Args, Calls } from "../core/op.ts"
import { size } from "../core/shape.ts"
import type { RawTensor } from "../core/tensor.ts"
import { gen } from "./gen.ts"

export interface ShapeOptions {
  readonly minRank?: number
  /** Default 4. */
  readonly maxRank?: number
  /** Default 0: empty dimensions are shapes too. */
  readonly minDim?: number
  /** Default 5. */
  readonly maxDim?: number
}
/**
 * Shapes; they shrink towards few, small dimensions.
 * @example fc.property(arbitraryShape({ minRank: 2 }), (s) => ...)
 */
export const arbitraryShape = ({ minRank = 0, maxRank = 4, minDim = 0, maxDim = 5 }: ShapeOptions = {}): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: minDim, max: maxDim }), { minLength: minRank, maxLength: maxRank })

/**
 * Tensors of one shape. Floats are multiples of 1/8 in [-8, 8], so that sums and products of a few of them are exact and algebraic
 * laws hold to the last bit; i32 in [-8, 8], u32 in [0, 16], bool.
 * @example fc.property(arbitraryTensor([2, 3]), arbitraryTensor([2, 3]), (a, b) => allClose(T.add(a, b), T.add(b, a)))
 */
export const arbitraryTensor = (shape: readonly number[], dtype: DType = "f32"): fc.Arbitrary<RawTensor> => {
  const n = size(shape)
  const [min, max] = isFloat(dtype) ? [-64, 64] : dtype === "i32" ? [-8, 8] : dtype === "u32" ? [0, 16] : [0, 1]
  return fc.array(fc.integer({ min, max }), { minLength: n, maxLength: n }).map((v) => {
    const values = hostArray(dtype, n)
    values.set(isFloat(dtype) ? v.map((k) => k / 8) : v)
    return hostLeaf(values, shape, dtype)
  })
}
/**
 * Valid arguments of an op's public function, from the generator of its `calls`, over all classes of shapes.
 * @example fc.property(arbitraryArgs(calls()), (args) => evaluate([f(...args)]))
 */
export const arbitraryArgs = ({ examples }: Pick<Calls, "examples">): fc.Arbitrary<Args> =>
  fc.tuple(fc.nat(), fc.constantFrom(...shapeClasses)).map(([seed, shapes]) => examples(gen(seed, shapes)))
