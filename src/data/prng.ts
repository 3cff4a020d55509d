// A small splittable random number generator for data: counter-based, so that draw i of a key is a pure function of both and no
// order of evaluation matters. Only integer arithmetic modulo 2^32, so every engine gives the same bits. Not for cryptography,
// and not the generator of tensors (that is threefry2x32, which every backend computes): this one makes pictures and
// permutations.

/** A 64-bit key in two words. */
export type Key = readonly [hi: number, lo: number]

/** Bijective mixing of 32 bits: two multiply and xor-shift rounds, constants of C. Wellons' hash-prospector (bias 0.108). */
const mix = (v: number): number => {
  let x = v
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0xd35a2d97)
  return (x ^ (x >>> 15)) >>> 0
}

/** The key of a seed, a whole number from 0 to 2^53 - 1. Throws a RangeError for anything else. `key(42)` */
export const key = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`key: seed ${seed}; a seed is a whole number from 0 to 2^53 - 1; give one, for instance 42`)
  const lo = seed >>> 0
  const hi = Math.floor(seed / 0x100000000)
  return [mix(hi ^ 0x2545f491), mix(lo ^ mix(hi + 0x9e3779b9))]
}

/** Child `n` of a key: different `n` give different keys (each word is a bijection of `n`). `fold(key(42), 3)` */
export const fold = ([hi, lo]: Key, n: number): Key => {
  const a = mix(hi ^ mix(n + 0x9e3779b9))
  return [a, mix(lo ^ a ^ mix(n + 0x7f4a7c15))]
}

/** Draw `i` of a key: 32 uniform bits as an unsigned number. */
export const bits = ([hi, lo]: Key, i: number): number => mix(mix(hi + Math.imul(i, 0x9e3779b9)) ^ lo)

/** Draw `i` of a key, uniform in [0, 1). */
export const uniform = (k: Key, i: number): number => bits(k, i) / 0x100000000

/** A cursor over the draws of a key; it is used inside one function and never leaves it. */
export interface Draws {
  readonly unit: () => number
  readonly between: (lo: number, hi: number) => number
  readonly below: (n: number) => number
  readonly normal: () => number
}

/**
 * The draws of a key in order. `normal` is the sum of four uniforms, scaled to variance 1 (Irwin-Hall, so within +-3.47): it
 * needs no logarithm or cosine, whose last bit differs between engines.
 */
export const draws = (k: Key): Draws => {
  let i = 0
  const unit = (): number => uniform(k, i++)
  return {
    unit,
    between: (lo, hi) => lo + (hi - lo) * unit(),
    below: (n) => Math.floor(unit() * n),
    normal: () => (unit() + unit() + unit() + unit() - 2) * Math.sqrt(3),
  }
}

/** A uniform permutation of 0 .. n-1 (Fisher-Yates, Durstenfeld 1964). `permutation(fold(key(1), epoch), rows)` */
export const permutation = (k: Key, n: number): Int32Array => {
  const p = Int32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform(k, i) * (i + 1))
    const held = p[i] as number
    p[i] = p[j] as number
    p[j] = held
  }
  return p
}
