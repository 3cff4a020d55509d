// exp, log and tanh on pairs of float64: the schemes of math.ts with more digits. Errors against the host's functions, which err by up to
// 1 ulp themselves: see test/backends/wasm/math.test.ts. Polynomials are Taylor series: on these intervals their rest is below 2^-54.
import type { Strands, V, Vec } from "./strands.ts"

const LN2_HI = 0.6931471803691238
const LN2_LO = 1.9082149292705877e-10
/** Adding 1.5 * 2^52 rounds to an integer, which then sits in the low bits. */
const ROUND = 6755399441055744

const lanes64 = (s: Strands, high: number, low = 0): V => s.f.get(s.f.constantLanes([low, high, low, high]))
const add = (s: Strands, a: V, b: V): V => s.op("f64x2.add", a, b)
const sub = (s: Strands, a: V, b: V): V => s.op("f64x2.sub", a, b)
const mul = (s: Strands, a: V, b: V): V => s.op("f64x2.mul", a, b)

/** x = n ln 2 + r: e^r - 1, and a number whose low bits hold n + bias. */
const reduceExp = (s: Strands, x: Vec, bias: number): { readonly near: Vec; readonly shifted: Vec } => {
  const shifted = s.let(() => add(s, mul(s, s.get(x), s.kd(Math.LOG2E)), s.kd(ROUND + bias)))
  const n = s.let(() => sub(s, s.get(shifted), s.kd(ROUND + bias)))
  const high = s.let(() => sub(s, s.get(x), mul(s, s.get(n), s.kd(LN2_HI))))
  const r = s.let(() => sub(s, s.get(high), mul(s, s.get(n), s.kd(LN2_LO))))
  let c = 1
  const series = Array.from({ length: 12 }, (_, k) => (c /= k + 2))
  const tail = s.poly(r, series, "f64")
  return { shifted, near: s.let(() => add(s, mul(s, mul(s, s.get(r), s.get(r)), s.get(tail)), s.get(r))) }
}
/** e^x, subnormal results included. */
export const exp = (s: Strands, x: Vec): Vec => {
  const inner = s.let(() => s.op("f64x2.pmax", s.op("f64x2.pmin", s.get(x), s.kd(710)), s.kd(-746)))
  const { near, shifted } = reduceExp(s, inner, 2046)
  const first = s.let(() => s.and(s.f.op("i64x2.shl", s.get(shifted), s.f.i32(51)), lanes64(s, 0x7ff00000)))
  const second = s.let(() => s.op("i64x2.sub", s.f.op("i64x2.shl", s.get(shifted), s.f.i32(52)), s.get(first)))
  const low = s.let(() => mul(s, add(s, s.get(near), s.kd(1)), s.get(first)))
  return s.let(() => mul(s, s.get(low), s.get(second)))
}
/** tanh x: with m = e^(-2|x|) - 1 it is -m / (m + 2). */
export const tanh = (s: Strands, x: Vec): Vec => {
  const sign = 0x80000000 | 0
  const a = s.let(() => s.op("f64x2.pmax", s.or(s.get(x), lanes64(s, sign)), s.kd(-20)))
  const twice = s.let(() => add(s, s.get(a), s.get(a)))
  const { near, shifted } = reduceExp(s, twice, 1023)
  const scale = s.let(() => s.f.op("i64x2.shl", s.get(shifted), s.f.i32(52)))
  const m = s.let(() => add(s, mul(s, s.get(near), s.get(scale)), sub(s, s.get(scale), s.kd(1))))
  const y = s.let(() => s.op("f64x2.div", s.get(m), add(s, s.get(m), s.kd(2))))
  return s.let(() => s.or(s.and(s.get(y), lanes64(s, 0x7fffffff, -1)), s.and(s.get(x), lanes64(s, sign))))
}
/** ln x, subnormal x included: x = 2^k (1 + f), s = f / (2 + f), f - (f^2/2 - s (f^2/2 + R(s^2))) + k ln 2. */
export const log = (s: Strands, x: Vec): Vec => {
  const small = s.let(() => s.op("f64x2.lt", s.get(x), s.kd(2.2250738585072014e-308)))
  const y = s.let(() => s.choose(mul(s, s.get(x), s.kd(2 ** 54)), s.get(x), s.get(small)))
  const half = 0x3fe6a09e
  const bits = s.let(() => s.op("i64x2.sub", s.get(y), lanes64(s, half)))
  const high = s.let(() => s.f.op("i32x4.shr_s", s.f.shuffle(s.get(bits), s.get(bits), [1, 3, 1, 3]), s.f.i32(20)))
  const n = s.let(() => sub(s, s.op1("f64x2.convert_low_i32x4_s", s.get(high)), s.and(s.get(small), s.kd(54))))
  const f = s.let(() => sub(s, s.op("i64x2.add", s.and(s.get(bits), lanes64(s, 0xfffff, -1)), lanes64(s, half)), s.kd(1)))
  const q = s.let(() => s.op("f64x2.div", s.get(f), add(s, s.get(f), s.kd(2))))
  const z = s.let(() => mul(s, s.get(q), s.get(q)))
  const tail = s.poly(
    z,
    Array.from({ length: 10 }, (_, k) => 2 / (2 * k + 3)),
    "f64",
  )
  const square = s.let(() => mul(s, mul(s, s.get(f), s.get(f)), s.kd(0.5)))
  const low = s.let(() => mul(s, s.get(q), add(s, s.get(square), mul(s, s.get(z), s.get(tail)))))
  const rest = s.let(() => sub(s, s.get(square), add(s, s.get(low), mul(s, s.get(n), s.kd(LN2_LO)))))
  const inside = s.let(() => add(s, mul(s, s.get(n), s.kd(LN2_HI)), sub(s, s.get(f), s.get(rest))))
  const ends = s.let(() => s.choose(s.kd(-Infinity), add(s, s.get(x), s.kd(Number.NaN)), s.op("f64x2.eq", s.get(x), s.kd(0))))
  const top = s.let(() => s.choose(s.get(x), s.get(ends), s.op("f64x2.eq", s.get(x), s.kd(Infinity))))
  const good = s.let(() => s.and(s.op("f64x2.gt", s.get(x), s.kd(0)), s.op("f64x2.lt", s.get(x), s.kd(Infinity))))
  return s.let(() => s.choose(s.get(inside), s.get(top), s.get(good)))
}
