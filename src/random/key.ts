// Keys: the only source of randomness. A key is a value like any other, so that every draw is a pure expression and `vmap` over
// keys is `vmap`. Use a key for one thing: to draw, or to make other keys.
import type { Or } from "../core/signature.ts"
import { hostLeaf, isTensor, type RawTensor, raw, refuse, type Tensor } from "../core/index.ts"
import { cast } from "../ops/cast.ts"
import { full } from "../ops/full.ts"
import { iota } from "../ops/iota.ts"
import { threefry } from "../ops/threefry.ts"
import type { DimRule } from "../ops/dim.ts"

export type Key = Tensor<[2], "u32">

/**
 * The key of a seed: a whole number from 0 to 2^53 - 1; others are refused. A value.
 *
 * @example key(42)
 */
export const key = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0)
    refuse(`key: ${seed} is not a seed; a seed is a whole number from 0 to 9007199254740991`)
  return hostLeaf(Uint32Array.of(Math.floor(seed / 2 ** 32), seed >>> 0), [2]) as RawTensor as Key
}
/**
 * n new keys: [n, 2] u32, one in each row, as `vmap` wants them. Refuses an n that is no size.
 *
 * @example split(key(0), 3) // [3, 2]
 */
export const split = <const N extends number = 2>(from: Key, n?: Or<DimRule<N>, N>): Tensor<[N, 2], "u32"> =>
  raw(threefry(raw(from), raw(iota([(n as number | undefined) ?? 2], 0, "u32")), "pair")) as RawTensor as Tensor<[N, 2], "u32">

/** FNV-1a of the text's UTF-16 units, 32 bits (Fowler, Noll, Vo 1991). */
export const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (let k = 0; k < text.length; k++) {
    const c = text.charCodeAt(k)
    h = Math.imul(h ^ (c & 0xff), 0x01000193)
    h = Math.imul(h ^ (c >>> 8), 0x01000193)
  }
  return h >>> 0
}
/**
 * The key that belongs to a name, a whole number from 0 to 2^32 - 1, or a [] tensor of one (a step count in a program): [2] u32.
 *
 * Names stand for their hash. A layer's key by its name stays what it is when another layer is put in front of it.
 * @example fold(key(0), "dense_1")
 */
export const fold = (from: Key, data: string | number | Tensor<[], "u32"> | Tensor<[], "i32">): Key => {
  const word = isTensor(data)
    ? cast(data as RawTensor, "u32")
    : full([], typeof data === "string" ? hash(data) : (data as number), "u32")
  if (raw(word).shape.length > 0)
    refuse(`fold: needs a tensor of shape [], got [${raw(word).shape.join(", ")}]; fold the elements one by one, or vmap`)
  return raw(threefry(raw(from), raw(word), "pair")) as RawTensor as Key
}
