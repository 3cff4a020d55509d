// Vector functions over f32x4, inlined by the code generator into its loops. All treat NaN, infinities and signed zeros as IEEE 754
// and ECMAScript do, and give subnormal results. Coefficients: own minimax fits. Reductions: Cody & Waite, Software Manual for the Elementary
// Functions (1980); log and log1p: the argument transformation of Tang (1990) with s = f / (2 + f).
import type { Local } from "./asm.ts"
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

const absolute = (s: Strands, x: Vec): V => s.and(s.get(x), s.ki(0x7fffffff))
const signOf = (s: Strands, x: Vec): V => s.and(s.get(x), s.ki(SIGN))

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
const expBelow = (s: Strands, x: Vec): Vec => {
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

/** Error function: x + x P(x^2) below 0.95, 1 - exp(Q(|x|)) with Q = ln erfc above, 1 from 4 on. */
export const erf = (s: Strands, x: Vec): Vec => {
  const z = s.let(() => s.mul(s.get(x), s.get(x)))
  const p = s.poly(z, [0.128379166, -0.376126319, 0.112836726, -0.0268580914, 0.00519777136, -0.000810571015, 0.0000821448266])
  const near = s.let(() => s.add(s.get(x), s.mul(s.get(x), s.get(p))))
  const a = s.let(() => s.atMost(absolute(s, x), s.k(4)))
  const q = s.poly(a, [-0.000253861159, -1.12743711, -0.637580991, -0.103584118, 0.0220605601, -0.00300175673, 0.000191737243])
  const c = expBelow(s, q)
  const far = s.let(() => s.or(s.sub(s.k(1), s.get(c)), signOf(s, x)))
  return s.let(() => s.choose(s.get(near), s.get(far), s.op("f32x4.lt", absolute(s, x), s.k(0.95))))
}

/** pi / 2 as a multiple of 2^-32, which times n < 2^21 is exact in float64, and the rest. */
const HALF_PI_HI = 6746518852 / 2 ** 32
const HALF_PI_LO = 6.077100506506192e-11
/** From here on reduction takes more digits of pi. */
const FAR = 2 ** 20
/** x = n pi/2 + r for every finite x: in float64, where the two parts of pi/2 leave an error of |x| 2^-86; beyond 2^20 by
 *  Payne & Hanek (1983), lane by lane. */
const reduceTrig = (s: Strands, x: Vec): { readonly r: Vec; readonly n: Vec } => {
  const two = (half: Vec): readonly [shifted: Vec, r: Vec] => {
    const wide = s.let(() => s.op1("f64x2.promote_low_f32x4", s.get(half)))
    const shifted = s.let(() => s.op("f64x2.add", s.op("f64x2.mul", s.get(wide), s.kd(2 / Math.PI)), s.kd(6755399441055744)))
    const n = s.let(() => s.op("f64x2.sub", s.get(shifted), s.kd(6755399441055744)))
    const high = s.let(() => s.op("f64x2.sub", s.get(wide), s.op("f64x2.mul", s.get(n), s.kd(HALF_PI_HI))))
    const r = s.let(() => s.op("f64x2.sub", s.get(high), s.op("f64x2.mul", s.get(n), s.kd(HALF_PI_LO))))
    return [shifted, s.let(() => s.op1("f32x4.demote_f64x2_zero", s.get(r)))]
  }
  const [n0, r0] = two(x)
  const [n1, r1] = two(s.let(() => s.f.shuffle(s.get(x), s.get(x), [2, 3, 2, 3])))
  const r = s.let(() => s.f.shuffle(s.get(r0), s.get(r1), [0, 1, 4, 5]))
  const n = s.let(() => s.f.shuffle(s.get(n0), s.get(n1), [0, 2, 4, 6]))
  reduceFar(s, x, r, n)
  return { r, n }
}
/** 8 zeros and the first 248 bits of 2 / pi, in words of 64 bits (low half first). */
const TWO_OVER_PI = [
  [0x6e4e4415, 0x00a2f983],
  [0xd1f534dd, 0x29fc2757],
  [0x993c4390, 0xc0db6295],
  [0xabdebbc5, 0x41fe5163],
] as const
/** Overwrites r and n where 2^20 <= |x| < inf. With |x| = m 2^k, m an integer of 24 bits, |x| / (2 pi) without its whole turns is m
 *  times 96 bits of 2 / pi from bit k - 2 on, as a fraction of 64 bits; half a unit in its second bit is where n is rounded. */
const reduceFar = (s: Strands, x: Vec, r: Vec, n: Vec): void => {
  const { f } = s
  const far = s.let(() => s.and(s.op("f32x4.ge", absolute(s, x), s.k(FAR)), s.op("f32x4.lt", absolute(s, x), s.k(Infinity))))
  x.slice(0, s.width).forEach((all, u) => {
    f.if(f.op("v128.any_true", f.get(far[u]!)), () => {
      const left = f.let("v128", f.get(all))
      // One lane after the other comes to lane 0; after four turns all are in their places.
      f.times(4, () => {
        const bits = f.let("i32", f.extractI32(f.get(left), 0))
        const exponent = f.let("i32", f.op("i32.and", f.op("i32.shr_u", f.get(bits), f.i32(23)), f.i32(255)))
        f.if(f.op("i32.lt_u", f.op("i32.sub", f.get(exponent), f.i32(147)), f.i32(255 - 147)), () => {
          const rest = fractionOfTurn(s, bits, f.let("i32", f.op("i32.sub", f.get(exponent), f.i32(144))))
          const half = f.constantLanes([0, 0x20000000, 0, 0])
          const quadrant = f.let("v128", f.op("i64x2.shr_u", f.op("i64x2.add", f.get(rest), f.get(half)), f.i32(62)))
          f.set(rest, f.op("i64x2.sub", f.get(rest), f.op("i64x2.shl", f.get(quadrant), f.i32(62))))
          const angle = f.let(
            "f64",
            f.op(
              "f64.add",
              f.op("f64.mul", f.op("f64.convert_i32_s", f.extractI32(f.get(rest), 1)), f.f64((Math.PI / 2) * 2 ** -30)),
              f.op("f64.mul", f.op("f64.convert_i32_u", f.extractI32(f.get(rest), 0)), f.f64((Math.PI / 2) * 2 ** -62)),
            ),
          )
          // -1 or 1, by the sign of x
          const sign = f.let("i32", f.op("i32.or", f.op("i32.shr_s", f.get(bits), f.i32(31)), f.i32(1)))
          f.set(
            r[u]!,
            f.replaceF32(
              f.get(r[u]!),
              0,
              f.op("f32.demote_f64", f.op("f64.mul", f.get(angle), f.op("f64.convert_i32_s", f.get(sign)))),
            ),
          )
          f.set(n[u]!, f.replaceI32(f.get(n[u]!), 0, f.op("i32.mul", f.extractI32(f.get(quadrant), 0), f.get(sign))))
        })
        for (const v of [left, r[u]!, n[u]!]) f.set(v, f.shuffle(f.get(v), f.get(v), [1, 2, 3, 0]))
      })
    })
  })
}
/** m 2^(from - 8) / (2 pi) modulo 1, times 2^64, in the low half of a vector. */
const fractionOfTurn = (s: Strands, bits: Local<"i32">, from: Local<"i32">): Local<"v128"> => {
  const { f } = s
  const words = TWO_OVER_PI.map(([low, high]) => f.constantLanes([low | 0, high | 0, 0, 0]))
  const word = (k: 0 | 1 | 2): Local<"v128"> =>
    f.let("v128", f.select(f.get(words[k + 1]!), f.get(words[k]!), f.op("i32.ge_s", f.get(from), f.i32(64))))
  const [a, b, c] = [word(0), word(1), word(2)]
  // Distances of shifts count modulo 64.
  const joined = (high: Local<"v128">, low: Local<"v128">): V => {
    const top = f.let("v128", f.op("i64x2.shl", f.get(high), f.get(from)))
    const below = f.op("i64x2.shr_u", f.op("i64x2.shr_u", f.get(low), f.i32(1)), f.op("i32.sub", f.i32(63), f.get(from)))
    f.set(top, f.op("v128.or", below, f.get(top)))
    return f.get(top)
  }
  const high = f.let("v128", joined(a, b))
  const low = f.let("v128", f.op("i64x2.shr_u", joined(b, c), f.i32(32)))
  const m = f.let(
    "v128",
    f.replaceI32(
      f.get(f.constantLanes([0, 0, 0, 0])),
      0,
      f.op("i32.or", f.op("i32.and", f.get(bits), f.i32(0x7fffff)), f.i32(0x800000)),
    ),
  )
  return f.let(
    "v128",
    f.op(
      "i64x2.add",
      f.op("i64x2.mul", f.get(high), f.get(m)),
      f.op("i64x2.shr_u", f.op("i64x2.mul", f.get(low), f.get(m)), f.i32(32)),
    ),
  )
}
/** sin (turn 0) and cos (turn 1): quadrant n + turn picks the polynomial and the sign. */
const trig = (s: Strands, x: Vec, turn: 0 | 1): Vec => {
  const { r, n } = reduceTrig(s, x)
  const quadrant = turn === 0 ? n : s.let(() => s.iadd(s.get(n), s.ki(1)))
  const z = s.let(() => s.mul(s.get(r), s.get(r)))
  const p = s.horner(z, [-0.166666552, 0.00833216868, -0.000195160115])
  const sine = s.let(() => s.or(s.add(s.get(r), s.mul(s.mul(s.get(r), s.get(z)), s.get(p))), signOf(s, r))) // or -0 is lost
  const q = s.horner(z, [0.0416666456, -0.00138873036, 0.0000244316652])
  const far = s.let(() => s.mul(s.mul(s.get(z), s.get(z)), s.get(q)))
  const cosine = s.let(() => s.add(s.sub(s.k(1), s.mul(s.get(z), s.k(0.5))), s.get(far)))
  const odd = s.let(() => s.op("i32x4.eq", s.and(s.get(quadrant), s.ki(1)), s.ki(1)))
  const flip = s.let(() => s.shl(s.and(s.get(quadrant), s.ki(2)), 30))
  return s.let(() => s.xor(s.choose(s.get(cosine), s.get(sine), s.get(odd)), s.get(flip)))
}
export const sin = (s: Strands, x: Vec): Vec => trig(s, x, 0)
export const cos = (s: Strands, x: Vec): Vec => trig(s, x, 1)

/** -1, 1, or x itself at zeros and NaN. */
export const sign = (s: Strands, x: Vec): Vec => {
  const one = s.let(() => s.or(s.k(1), signOf(s, x)))
  return s.let(() => s.choose(s.get(one), s.get(x), s.op("f32x4.gt", absolute(s, x), s.k(0))))
}

/** log2 of two positive float64 by the series of atanh (relative error 2e-12), times y, as a power of 2, back to float32. */
const powHalf = (s: Strands, base: Vec, exponent: Vec): Vec => {
  const a = s.let(() => s.op1("f64x2.promote_low_f32x4", s.get(base)))
  const y = s.let(() => s.op1("f64x2.promote_low_f32x4", s.get(exponent)))
  const fraction = 2.2250738585072009e-308 // the bits of the fraction
  const mantissa = s.let(() => s.or(s.and(s.get(a), s.kd(fraction)), s.kd(1)))
  const large = s.let(() => s.op("f64x2.gt", s.get(mantissa), s.kd(Math.SQRT2)))
  const m = s.let(() => s.choose(s.op("f64x2.mul", s.get(mantissa), s.kd(0.5)), s.get(mantissa), s.get(large)))
  const biased = s.let(() => s.or(s.f.op("i64x2.shr_u", s.get(a), s.f.i32(52)), s.kd(2 ** 52)))
  const e = s.let(() => s.op("f64x2.add", s.op("f64x2.sub", s.get(biased), s.kd(2 ** 52 + 1023)), s.and(s.get(large), s.kd(1))))
  const q = s.let(() => s.op("f64x2.div", s.op("f64x2.sub", s.get(m), s.kd(1)), s.op("f64x2.add", s.get(m), s.kd(1))))
  const z = s.let(() => s.op("f64x2.mul", s.get(q), s.get(q)))
  const series = s.horner(
    z,
    [1, 3, 5, 7, 9, 11, 13].map((k) => 2 / (k * Math.LN2)),
    "f64",
  )
  const inside = s.let(() => s.op("f64x2.add", s.get(e), s.op("f64x2.mul", s.get(q), s.get(series))))
  const low = s.let(() => s.choose(s.kd(-Infinity), s.get(inside), s.op("f64x2.eq", s.get(a), s.kd(0))))
  const log2 = s.let(() => s.choose(s.get(low), s.get(a), s.op("f64x2.lt", s.get(a), s.kd(Infinity))))
  const t = s.let(() => s.op("f64x2.mul", s.get(y), s.get(log2)))
  const inner = s.let(() => s.op("f64x2.pmax", s.op("f64x2.pmin", s.get(t), s.kd(160)), s.kd(-160)))
  const shifted = s.let(() => s.op("f64x2.add", s.get(inner), s.kd(6755399441055744)))
  const r = s.let(() => s.op("f64x2.sub", s.get(inner), s.op("f64x2.sub", s.get(shifted), s.kd(6755399441055744))))
  let c = 1
  const p = s.horner(
    r,
    Array.from({ length: 10 }, (_, k) => (k === 0 ? 1 : (c *= Math.LN2 / k))),
    "f64",
  )
  const scaled = s.let(() => s.op("i64x2.add", s.get(p), s.f.op("i64x2.shl", s.get(shifted), s.f.i32(52))))
  // The bits of a NaN must not be added to.
  const safe = s.let(() => s.choose(s.get(scaled), s.get(t), s.op("f64x2.eq", s.get(t), s.get(t))))
  return s.let(() => s.op1("f32x4.demote_f64x2_zero", s.get(safe)))
}
/** x^y, computed in float64, with the special cases of IEEE 754-2008 `pow`. */
export const pow = (s: Strands, x: Vec, y: Vec): Vec => {
  const a = s.let(() => absolute(s, x))
  const upper = (v: Vec): Vec => s.let(() => s.f.shuffle(s.get(v), s.get(v), [2, 3, 2, 3]))
  const low = powHalf(s, a, y)
  const high = powHalf(s, upper(a), upper(y))
  const size = s.let(() => s.f.shuffle(s.get(low), s.get(high), [0, 1, 4, 5]))
  const half = s.let(() => s.mul(s.get(y), s.k(0.5)))
  const integer = s.let(() => s.op("f32x4.eq", s.op1("f32x4.floor", s.get(y)), s.get(y)))
  const odd = s.let(() => s.op("v128.andnot", s.get(integer), s.op("f32x4.eq", s.op1("f32x4.floor", s.get(half)), s.get(half))))
  const signed = s.let(() => s.xor(s.get(size), s.and(s.get(odd), signOf(s, x))))
  const negative = s.let(() => s.and(s.op("f32x4.lt", s.get(x), s.k(0)), s.op("f32x4.gt", s.get(x), s.k(-Infinity))))
  const undefinedAt = s.let(() => s.op("v128.andnot", s.get(negative), s.get(integer)))
  const real = s.let(() => s.choose(s.k(Number.NaN), s.get(signed), s.get(undefinedAt)))
  const minusOne = s.let(() => s.and(s.op("f32x4.eq", s.get(x), s.k(-1)), s.op("f32x4.eq", absolute(s, y), s.k(Infinity))))
  const one = s.let(() => s.or(s.or(s.op("f32x4.eq", s.get(x), s.k(1)), s.op("f32x4.eq", s.get(y), s.k(0))), s.get(minusOne)))
  return s.let(() => s.choose(s.k(1), s.get(real), s.get(one)))
}
