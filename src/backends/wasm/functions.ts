// Vector functions over f32x4 that few networks have, as math.ts has the others: loaded with the first program that does (rooms.ts).
import type { Local } from "./asm.ts"
import type { Spell } from "./lanes.ts"
import { absolute, expBelow, signOf } from "./math.ts"
import type { Strands, V, Vec } from "./strands.ts"

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

/** By name of the scalar function. */
export const spelled: Readonly<Record<string, Spell>> = {
  erf: (s, [a]) => erf(s, a!),
  sin: (s, [a]) => sin(s, a!),
  cos: (s, [a]) => cos(s, a!),
  pow: (s, [a, b]) => pow(s, a!, b!),
}
