// Tensors of one shape and dtype as algebra: element-wise they are a commutative ring (exactly so for i32, modulo 2^32; up to
// rounding for floats). Elements are expressions: nothing is computed here. Equality of these laws is equality of what the
// expressions evaluate to.
import type { Monoid } from "fp-ts/lib/Monoid.js"
import type { Ring } from "fp-ts/lib/Ring.js"
import type { Shape } from "../../typelevel/shape.ts"
import type { DType } from "../core/dtype.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { full } from "../ops/full.ts"
import { mul } from "../ops/mul.ts"
import { sub } from "../ops/sub.ts"

type Numeric = Exclude<DType, "bool">
const as = <S extends Shape, D extends DType>(t: unknown): Tensor<S, D> =>
  raw(t as RawTensor) as RawTensor as unknown as Tensor<S, D>

/**
 * The ring of tensors of one shape: +, -, * by element, 0 and 1 everywhere.
 * @example ringOf([2, 3]).add(a, b)
 */
export const ringOf = <const S extends Shape, const D extends Numeric = "f32">(
  shape: readonly [...S],
  dtype?: D,
): Ring<Tensor<[...S], D>> => {
  type A = Tensor<[...S], D>
  const of = (v: number): A => as(full(shape as readonly number[], v, dtype ?? "f32"))
  return {
    zero: of(0),
    one: of(1),
    add: (x, y) => as<[...S], D>(add(raw(x), raw(y))),
    sub: (x, y) => as<[...S], D>(sub(raw(x), raw(y))),
    mul: (x, y) => as<[...S], D>(mul(raw(x), raw(y))),
  }
}
/** Sums of tensors of one shape. */
export const sumMonoidOf = <const S extends Shape, const D extends Numeric = "f32">(
  shape: readonly [...S],
  dtype?: D,
): Monoid<Tensor<[...S], D>> => {
  const r = ringOf(shape, dtype)
  return { empty: r.zero, concat: r.add }
}
/** Element-wise products of tensors of one shape. */
export const productMonoidOf = <const S extends Shape, const D extends Numeric = "f32">(
  shape: readonly [...S],
  dtype?: D,
): Monoid<Tensor<[...S], D>> => {
  const r = ringOf(shape, dtype)
  return { empty: r.one, concat: r.mul }
}
