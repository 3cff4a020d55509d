// Vector functions over f32x4, inlined by the code generator into its loops. All treat NaN, infinities and signed zeros as IEEE 754
// and ECMAScript do, and give subnormal results. Coefficients: own minimax fits. Reductions: Cody & Waite, Software Manual for the Elementary
// Functions (1980); log and log1p: the argument transformation of Tang (1990) with s = f / (2 + f).
import type { Strands, V, Vec } from "./strands.ts"

/** Adding 1.5 * 2^23 rounds to an integer, which then sits in the low bits: cheaper than nearest and a conversion. */
const ROUND = 12582912
const LOG2E = Math.LOG2E
/** ln 2 in two parts; n times the first is exact for |n| < 2^9. */
const LN2_HI = 0.693359375
const LN2_LO = -2.12194440054691e-4
const SIGN = 0x80000000 | 0

/** Stated errors, in units in the last place of the float32 nearest to the exact result, for every argument (each was tried on one in a
 *  hundred of all floats); +, -, *, / and sqrt are correctly rounded. test/backends/wasm/accuracy.test.ts holds them, docs/backends.md
 *  prints them. */
export const ULP: Readonly<Record<string, number>> = {
  sqrt: 0.5,
  rsqrt: 1.5,
  exp: 1,
  expm1: 1.7,
  log: 0.85,
  log1p: 0.9,
  tanh: 2.5,
  sigmoid: 2.5,
  softplus: 1.7,
  erf: 1.5,
  erfInv: 4,
  sin: 1.6,
  cos: 1.6,
  pow: 0.51,
}

export const absolute = (s: Strands, x: Vec): V => s.and(s.get(x), s.ki(0x7fffffff))
export const signOf = (s: Strands, x: Vec): V => s.and(s.get(x), s.ki(SIGN))

/** With t = 1 or -1: t x = n ln 2 + t r with |r| <= ln 2 / 2: r, (e^(t r) - 1 - t r) / r^2 by a quartic (4e-9), and a number whose low
 *  nine bits hold n + bias (0 <= n + bias < 512). */
const reduceExp = (
  s: Strands,
  x: Vec,
  bias: number,
  t: Sense = 1,
): { readonly r: Vec; readonly tail: Vec; readonly shifted: Vec } => {
  const round = ROUND + bias
  const shifted = s.let(() => s.add(s.mul(s.get(x), s.k(t * LOG2E)), s.k(round)))
  const n = s.let(() => s.sub(s.get(shifted), s.k(round)))
  const high = s.let(() => s.sub(s.get(x), s.mul(s.get(n), s.k(t * LN2_HI))))
  const r = s.let(() => s.sub(s.get(high), s.mul(s.get(n), s.k(t * LN2_LO))))
  const tail = s.horner(r, [0.49999994, t * 0.166665196, 0.0416684002, t * 0.00836885162, 0.00138143182])
  return { r, shifted, tail }
}
type Sense = 1 | -1
/** e^(t r) from its reduced parts. */
const expReduced = (s: Strands, r: Vec, tail: Vec, t: Sense = 1): Vec => {
  const square = s.let(() => s.mul(s.get(r), s.get(r)))
  const above = (): V => s.mul(s.get(square), s.get(tail))
  return s.let(() => s.add(t === 1 ? s.add(above(), s.get(r)) : s.sub(above(), s.get(r)), s.k(1)))
}

/** e^x, subnormal results included: 2^n is multiplied on in two parts, whose exponents are the halves of n + 254. */
export const exp = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.atLeast(s.atMost(s.get(x), s.k(89.5)), s.k(-104.5)))
  const { r, tail, shifted } = reduceExp(s, inner, 254)
  const first = s.let(() => s.and(s.shl(s.get(shifted), 22), s.ki(0x7f800000)))
  const second = s.let(() => s.isub(s.shl(s.get(shifted), 23), s.get(first)))
  const y = expReduced(s, r, tail)
  const low = s.let(() => s.mul(s.get(y), s.get(first)))
  return s.let(() => s.mul(s.get(low), s.get(second)))
}

/** e^x for x <= 60 (not checked), subnormal results included: 2^(n + 30) and then 2^-30 are multiplied on. */
export const expBelow = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.atLeast(s.get(x), s.k(-104.5)))
  const { r, tail, shifted } = reduceExp(s, inner, 157)
  const y = expReduced(s, r, tail)
  const raised = s.let(() => s.mul(s.get(y), s.shl(s.get(shifted), 23)))
  return s.let(() => s.mul(s.get(raised), s.k(2 ** -30)))
}

/** e^x - 1: with x = n ln 2 + r it is 2^n (e^r - 1) + (2^n - 1), taken half as large where 2^n could overflow. */
export const expm1 = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.atLeast(s.atMost(s.get(x), s.k(89)), s.k(-18)))
  const { r, tail, shifted } = reduceExp(s, inner, 126)
  const near = s.let(() => s.add(s.mul(s.mul(s.get(r), s.get(r)), s.get(tail)), s.get(r)))
  const half = s.let(() => s.shl(s.get(shifted), 23))
  const m = s.let(() => s.add(s.mul(s.get(near), s.get(half)), s.sub(s.get(half), s.k(0.5))))
  return s.let(() => s.or(s.add(s.get(m), s.get(m)), signOf(s, x)))
}

/** 1 / (1 + e^-x) = c / (c + c e^-x) with c = 2^-30, which brings c e^-x into range where the result is subnormal. */
export const sigmoid = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.atMost(s.atLeast(s.get(x), s.k(-104.5)), s.k(60)))
  const { r, tail, shifted } = reduceExp(s, inner, 97, -1)
  const y = expReduced(s, r, tail, -1)
  const below = s.let(() => s.add(s.mul(s.get(y), s.shl(s.get(shifted), 23)), s.k(2 ** -30)))
  return s.let(() => s.div(s.k(2 ** -30), s.get(below)))
}

/** tanh x: with m = e^2x - 1 it is m / (m + 2), and m keeps its digits near 0. */
export const tanh = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.atLeast(s.atMost(s.get(x), s.k(9.1)), s.k(-9.1)))
  const { r, tail, shifted } = reduceExp(
    s,
    s.let(() => s.add(s.get(inner), s.get(inner))),
    127,
  )
  const scale = s.let(() => s.shl(s.get(shifted), 23))
  const near = s.let(() => s.add(s.mul(s.mul(s.get(r), s.get(r)), s.get(tail)), s.get(r)))
  const m = s.let(() => s.add(s.mul(s.get(near), s.get(scale)), s.sub(s.get(scale), s.k(1))))
  const y = s.let(() => s.div(s.get(m), s.add(s.get(m), s.k(2))))
  return s.let(() => s.or(s.get(y), signOf(s, x)))
}

/** ln(x) - less for normal x > 0 (and 2^23 times smaller ones where `small` says so), with x = 2^k (1 + f), s = f / (2 + f):
 *  f - (f^2/2 - s (f^2/2 + R(s^2))) + k ln 2. */
const logNormal = (s: Strands, y: Vec, less: Vec | undefined, small: Vec | undefined): Vec => {
  // Subtracting the bits of sqrt(1/2) leaves the exponent k, and 1 + f between sqrt(1/2) and sqrt(2).
  const bits = s.let(() => s.isub(s.get(y), s.ki(0x3f3504f3)))
  const k = s.let(() => s.f.op("i32x4.shr_s", s.get(bits), s.f.i32(23)))
  const f = s.let(() => s.sub(s.iadd(s.and(s.get(bits), s.ki(0x007fffff)), s.ki(0x3f3504f3)), s.k(1)))
  const whole = s.let(() => s.op1("f32x4.convert_i32x4_s", s.get(k)))
  const n = small ? s.let(() => s.sub(s.get(whole), s.and(s.get(small), s.k(23)))) : whole
  const q = s.let(() => s.div(s.get(f), s.add(s.get(f), s.k(2))))
  const z = s.let(() => s.mul(s.get(q), s.get(q)))
  const tail = s.horner(z, [0.666667819, 0.399770796, 0.298851907])
  const half = s.let(() => s.mul(s.mul(s.get(f), s.get(f)), s.k(0.5)))
  const low = s.let(() => s.mul(s.get(q), s.add(s.get(half), s.mul(s.get(z), s.get(tail)))))
  const rest = s.let(() => s.sub(s.get(half), s.add(s.get(low), s.mul(s.get(n), s.k(LN2_LO)))))
  const corrected = less ? s.let(() => s.add(s.get(rest), s.get(less))) : rest
  return s.let(() => s.add(s.mul(s.get(n), s.k(LN2_HI)), s.sub(s.get(f), s.get(corrected))))
}
/** What a logarithm is outside (0, inf): -inf at 0, NaN below, itself at inf and NaN. */
const logEnds = (s: Strands, x: Vec, inside: Vec): Vec => {
  const ends = s.let(() => s.choose(s.k(-Infinity), s.add(s.get(x), s.k(Number.NaN)), s.op("f32x4.eq", s.get(x), s.k(0))))
  const top = s.let(() => s.choose(s.get(x), s.get(ends), s.op("f32x4.eq", s.get(x), s.k(Infinity))))
  const good = s.let(() => s.and(s.op("f32x4.gt", s.get(x), s.k(0)), s.op("f32x4.lt", s.get(x), s.k(Infinity))))
  return s.let(() => s.choose(s.get(inside), s.get(top), s.get(good)))
}
/** ln x, subnormal x included. */
export const log = (s: Strands, x: Vec): Vec => {
  const small = s.let(() => s.op("f32x4.lt", s.get(x), s.k(1.1754943508222875e-38)))
  const y = s.let(() => s.choose(s.mul(s.get(x), s.k(8388608)), s.get(x), s.get(small)))
  return logEnds(s, x, logNormal(s, y, undefined, small))
}

/** (u - 1 - x) / u for u = fl(1 + x): what ln u lacks of ln(1 + x), with its sign turned. */
const lost = (s: Strands, x: Vec, u: Vec): Vec => s.let(() => s.div(s.sub(s.sub(s.get(u), s.k(1)), s.get(x)), s.get(u)))

/** ln(1 + x): with u = fl(1 + x), ln u + (x - (u - 1)) / u. u is 0 or normal. */
export const log1p = (s: Strands, x: Vec): Vec => {
  const u = s.let(() => s.add(s.get(x), s.k(1)))
  // Above 2^24 the rounding error of u is not x - (u - 1) but without influence.
  const less = lost(s, x, u)
  const kept = s.let(() => s.and(s.get(less), s.op("f32x4.lt", s.get(x), s.k(16777216))))
  const y = logEnds(s, u, logNormal(s, u, kept, undefined))
  return s.let(() => s.choose(s.get(x), s.get(y), s.op("f32x4.eq", s.get(u), s.k(1))))
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). The argument of the logarithm is from 1 to 2, or NaN. */
export const softplus = (s: Strands, x: Vec): Vec => {
  const e = expBelow(
    s,
    s.let(() => s.or(s.get(x), s.ki(SIGN))),
  )
  const u = s.let(() => s.add(s.get(e), s.k(1)))
  const y = logNormal(s, u, lost(s, e, u), undefined)
  const near = s.let(() => s.choose(s.get(e), s.get(y), s.op("f32x4.eq", s.get(u), s.k(1))))
  return s.let(() => s.add(s.atLeast(s.get(x), s.k(0)), s.get(near)))
}

/** -1, 1, or x itself at zeros and NaN. */
export const sign = (s: Strands, x: Vec): Vec => {
  const one = s.let(() => s.or(s.k(1), signOf(s, x)))
  return s.let(() => s.choose(s.get(one), s.get(x), s.op("f32x4.gt", absolute(s, x), s.k(0))))
}
