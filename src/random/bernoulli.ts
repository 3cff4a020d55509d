import type { Shape, Sizes } from "../../typelevel/shape.ts"
import { type AnyTensor, type FloatDType, isTensor, raw, refuse, same, show, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { less } from "../ops/less.ts"
import type { Key } from "./key.ts"
import { fraction } from "./uniform.ts"

/**
 * True with probability p: bool of the given shape. p is a number, or a tensor that broadcasts to the shape.
 *
 * Refuses a number outside [0, 1], and a tensor that does not broadcast to the shape.
 * @example bernoulli(key(0), 0.5, [2, 3])
 */
export const bernoulli = <const S extends Shape>(
  key: Key,
  p: number | Tensor<Shape, FloatDType>,
  shape: Or<Sizes<"bernoulli", S>, readonly [...S]>,
): Of<Sizes<"bernoulli", S>, "bool"> => {
  if (!isTensor(p) && !((p as number) >= 0 && (p as number) <= 1))
    refuse(`bernoulli: a probability of ${p}; it must be from 0 to 1`)
  const s = shape as readonly number[]
  const dtype = isTensor(p) ? (p.dtype as FloatDType) : "f32"
  const y = raw(less(fraction(key, s, dtype), p as AnyTensor | number) as AnyTensor)
  if (!same(y.shape, s))
    refuse(`bernoulli: probabilities ${show((p as AnyTensor).shape)} do not broadcast to ${show(s)}; give a larger shape`)
  return y as AnyTensor as Of<Sizes<"bernoulli", S>, "bool">
}
