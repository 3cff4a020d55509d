// 32-bit unsigned integers out of f32 numbers: a pair of 16-bit halves [h, l], every step exact (below 2^24). gpu.js computes in f32
// and has no integers; with these, threefry gives the same bits here as everywhere else.
import type { DType } from "../../core/dtype.ts"
import { isFloat } from "../../core/dtype.ts"
import type { Emit } from "./math.ts"

/** Source texts (names or literals) of the two halves. */
export type Pair = readonly [string, string]

export const pairOf = (v: number): Pair => [String((v >>> 0) >>> 16), String((v >>> 0) & 65535)]
const isLiteral = (s: string): boolean => /^\d+$/.test(s)

/** x mod 65536 for 0 <= x < 131072. */
const wrapOnce = (e: Emit, x: string): string => e.keep(`${x}>65535?${x}-65536:${x}`)
const mod16 = (e: Emit, x: string): string => e.keep(`${x}-65536*Math.floor(${x}*0.0000152587890625)`)

const add = (e: Emit, [ah, al]: Pair, [bh, bl]: Pair): Pair => {
  const l = e.keep(`${al}+${bl}`)
  const h = e.keep(`${ah}+${bh}+(${l}>65535?1:0)`)
  return [wrapOnce(e, h), wrapOnce(e, l)]
}
const sub = (e: Emit, [ah, al]: Pair, [bh, bl]: Pair): Pair => {
  const l = e.keep(`${al}-${bl}`)
  const h = e.keep(`${ah}-${bh}-(${l}<0?1:0)`)
  return [e.keep(`${h}<0?${h}+65536:${h}`), e.keep(`${l}<0?${l}+65536:${l}`)]
}
/** a * b mod 2^16 of halves: 8 x 16 bit products stay below 2^24. */
const mulLow = (e: Emit, a: string, b: string): string => {
  const high = e.keep(`Math.floor(${a}*0.00390625)`)
  const p = e.keep(`${high}*${b}`)
  const q = e.keep(`(${a}-256*${high})*${b}`)
  const s = e.keep(`256*(${p}-256*Math.floor(${p}*0.00390625))`)
  return mod16(e, e.keep(`${s}+${q}`))
}
const mul = (e: Emit, [ah, al]: Pair, [bh, bl]: Pair): Pair => {
  const high = e.keep(`Math.floor(${al}*0.00390625)`)
  const p = e.keep(`${high}*${bl}`) // al * bl = 256 p + q
  const q = e.keep(`(${al}-256*${high})*${bl}`)
  const ph = e.keep(`Math.floor(${p}*0.00390625)`)
  const s = e.keep(`256*(${p}-256*${ph})+${q}`)
  const carry = e.keep(`Math.floor(${s}*0.0000152587890625)`)
  const cross = e.keep(`${mulLow(e, ah, bl)}+${mulLow(e, al, bh)}`)
  return [mod16(e, e.keep(`${cross}+${ph}+${carry}`)), e.keep(`${s}-65536*${carry}`)]
}
const bitwise = (e: Emit, op: string, a: Pair, b: Pair): Pair => [
  e.keep(`(${a[0]}${op}${b[0]})`),
  e.keep(`(${a[1]}${op}${b[1]})`),
]

const shift = (e: Emit, a: Pair, by: string, left: boolean): Pair => {
  const [from, to] = left ? [a[1], a[0]] : [a[0], a[1]] // bits move from `from` into `to`
  const near = (s: string): Pair =>
    left
      ? [e.keep(`(((${to}<<${s})&65535)|(${from}>>(16-${s})))`), e.keep(`((${from}<<${s})&65535)`)]
      : [e.keep(`(${from}>>${s})`), e.keep(`((${to}>>${s})|((${from}<<(16-${s}))&65535))`)]
  const far = (s: string): string => e.keep(left ? `((${from}<<${s})&65535)` : `(${from}>>${s})`)
  if (isLiteral(by)) {
    const s = Number(by) & 31
    if (s === 0) return a
    if (s < 16) return near(String(s))
    const moved = far(String(s - 16))
    return left ? [moved, "0"] : ["0", moved]
  }
  const s = e.keep(`(${by}&31)`)
  const small = near(e.keep(`Math.min(${s},15)`))
  const big = far(e.keep(`Math.max(${s}-16,0)`))
  const pick = (x: string, y: string): string => e.keep(`${s}<16?${x}:${y}`)
  return left ? [pick(small[0], big), pick(small[1], "0")] : [pick(small[0], "0"), pick(small[1], big)]
}
export const less = (e: Emit, a: Pair, b: Pair): string =>
  e.keep(`(${a[0]}<${b[0]}?1:(${a[0]}===${b[0]}?(${a[1]}<${b[1]}?1:0):0))`)
export const select = (e: Emit, c: string, a: Pair, b: Pair): Pair => [
  e.keep(`(${c}>0.5?${a[0]}:${b[0]})`),
  e.keep(`(${c}>0.5?${a[1]}:${b[1]})`),
]

/** Functions of pairs to pairs. */
export const pairFunctions: Readonly<Record<string, (e: Emit, ...args: readonly Pair[]) => Pair>> = {
  abs: (_, a) => a!,
  add: (e, a, b) => add(e, a!, b!),
  and: (e, a, b) => bitwise(e, "&", a!, b!),
  max: (e, a, b) => select(e, less(e, a!, b!), b!, a!),
  min: (e, a, b) => select(e, less(e, a!, b!), a!, b!),
  mul: (e, a, b) => mul(e, a!, b!),
  neg: (e, a) => sub(e, ["0", "0"], a!),
  or: (e, a, b) => bitwise(e, "|", a!, b!),
  shl: (e, a, b) => shift(e, a!, b![1], true),
  shr: (e, a, b) => shift(e, a!, b![1], false),
  sign: (e, a) => ["0", e.keep(`(${a![0]}+${a![1]}>0?1:0)`)],
  sub: (e, a, b) => sub(e, a!, b!),
  xor: (e, a, b) => bitwise(e, "^", a!, b!),
}
/** Comparisons of pairs: 0 or 1. */
export const pairRelations: Readonly<Record<string, (e: Emit, a: Pair, b: Pair) => string>> = {
  eq: (e, a, b) => e.keep(`(${a[0]}===${b[0]}&&${a[1]}===${b[1]}?1:0)`),
  le: (e, a, b) => e.keep(`1-${less(e, b, a)}`),
  lt: less,
}
/** From a pair: to a float (one rounding), to i32 (two's complement; exact to 2^24), to bool. */
export const fromPair = (e: Emit, [h, l]: Pair, to: DType): string => {
  if (to === "bool") return e.keep(`(${h}+${l}>0?1:0)`)
  if (isFloat(to)) return e.keep(`${h}*65536+${l}`)
  return e.keep(`(${h}>32767?${h}-65536:${h})*65536+${l}`)
}
/** To a pair: a float is cut to [0, 2^32), NaN is 0; i32 keeps its bits. */
export const toPair = (e: Emit, x: string, from: DType): Pair => {
  if (from === "bool") return ["0", x]
  if (isFloat(from)) {
    const t = e.keep(`${x}>=1?Math.floor(${x}):0`)
    const h = e.keep(`Math.min(Math.floor(${t}*0.0000152587890625),65535)`)
    return [h, e.keep(`Math.min(${t}-65536*${h},65535)`)]
  }
  const h = e.keep(`Math.floor(${x}*0.0000152587890625)`)
  return [e.keep(`${h}<0?${h}+65536:${h}`), e.keep(`${x}-65536*${h}`)]
}
