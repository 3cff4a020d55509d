// Bits, and uniform numbers from them.
import type { FloatDType } from "../../typelevel/dtype.ts"
import type { Shape, Sizes } from "../../typelevel/shape.ts"
import { type AnyTensor, type RawTensor, raw, refuse, size } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { add } from "../ops/add.ts"
import { cast } from "../ops/cast.ts"
import { iota } from "../ops/iota.ts"
import { mul } from "../ops/mul.ts"
import { reshape } from "../ops/reshape.ts"
import { shiftRight } from "../ops/shiftRight.ts"
import { threefry, type Word } from "../ops/threefry.ts"
import type { Key } from "./key.ts"

/** A dtype, or options with one. */
export type Floats<Options> = FloatDType | (Options & { readonly dtype?: FloatDType })
export type DTypeIn<O> = O extends FloatDType ? O : O extends { readonly dtype: infer D extends FloatDType } ? D : "f32"
export const dtypeIn = (o: FloatDType | { readonly dtype?: FloatDType }): FloatDType =>
  typeof o === "string" ? o : (o.dtype ?? "f32")
export const optionsIn = <O extends object>(o: FloatDType | O): Partial<O> => (typeof o === "string" ? {} : o)

/** One word for each element, from the counters 0 to n - 1 in row-major order: any n, and the same for every shape of n
 *  elements. */
export const words = (key: Key, shape: readonly number[], word: Word): RawTensor =>
  raw(threefry(raw(key), raw(reshape(raw(iota([size(shape)], 0, "u32")), shape)), word))
/** Uniform in [0, 1): multiples of 2^-23 (f32) or 2^-53 (f64), each as likely as any other. */
export const fraction = (key: Key, shape: readonly number[], dtype: FloatDType): AnyTensor => {
  if (dtype === "f32") return mul(cast(shiftRight(words(key, shape, "mix"), 9), "f32"), 2 ** -23)
  const high = cast(shiftRight(words(key, shape, "first"), 5), "f64") // 27 bits
  const low = cast(shiftRight(words(key, shape, "second"), 6), "f64") // 26 bits
  return mul(add(mul(high, 2 ** 26), low), 2 ** -53)
}

/**
 * Random bits: u32 of the given shape. The same as JAX's `random.bits` for the same key.
 *
 * @example bits(key(0), [4])
 */
export const bits = <const S extends Shape>(
  key: Key,
  shape: Or<Sizes<"bits", S>, readonly [...S]>,
): Of<Sizes<"bits", S>, "u32"> => words(key, shape as readonly number[], "mix") as AnyTensor as Of<Sizes<"bits", S>, "u32">

/**
 * Uniform numbers in [lo, hi), default [0, 1), of the given shape.
 *
 * f32 (default) or f64. The 23 (53) bits are the same on every backend, and for f32 those of JAX's `random.uniform`; with other
 * bounds than the default the last rounding may give hi. Refuses an interval that is empty.
 * @example uniform(key(0), [2, 3], { lo: -1, hi: 1 })
 */
export const uniform = <const S extends Shape, const O extends Floats<{ readonly lo?: number; readonly hi?: number }> = {}>(
  key: Key,
  shape: Or<Sizes<"uniform", S>, readonly [...S]>,
  options?: O,
): Of<Sizes<"uniform", S>, DTypeIn<O>> => {
  const o: Floats<{ readonly lo?: number; readonly hi?: number }> = options ?? {}
  const { lo = 0, hi = 1 } = optionsIn(o)
  if (!(lo < hi)) refuse(`uniform: the interval [${lo}, ${hi}) is empty; give a lower and a higher bound`)
  return add(mul(fraction(key, shape as readonly number[], dtypeIn(o)), hi - lo), lo) as Of<Sizes<"uniform", S>, DTypeIn<O>>
}
