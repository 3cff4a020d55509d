// Scalar functions in gpu.js's kernel language, on f32 values. `native`: Math.* is JavaScript's own (webasm, cpu). Elsewhere (WGSL)
// Math.* inherits the shader language's bounds (sin within 2^-11, log and pow undefined for x <= 0, tanh NaN beyond 88), so those
// functions are written out here; measured errors stand beside them.
import { isFloat } from "../../core/dtype.ts"
import type { DType } from "../../core/dtype.ts"

/** What a spelling may ask of the kernel it is in. */
export interface Emit {
  readonly native: boolean
  /** A name for the value of the text. */
  readonly keep: (text: string) => string
  readonly inf: () => string
  readonly nan: () => string
}
type Spelling = (e: Emit, a: readonly string[], dtype: DType, to: DType) => string

/** A number as source text, rounded to f32; infinities and NaN have no literal and are passed as scalars. */
export const literal = (e: Emit, v: number): string => {
  const x = Math.fround(v)
  if (Number.isNaN(x)) return e.nan()
  if (!Number.isFinite(x)) return x > 0 ? e.inf() : `(-${e.inf()})`
  return Object.is(x, -0) || x < 0 ? `(-${String(-v)})` : String(v)
}
const horner = (x: string, c: readonly number[]): string =>
  c.slice(0, -1).reduceRight((s, k) => `(${s})*${x}${k < 0 ? "-" : "+"}${Math.abs(k)}`, String(c.at(-1)))

// Polynomials in x*x, fitted at Chebyshev nodes against float64; errors of the f32 evaluation.
const SIN = [1, -0.166666666, 0.00833332865, -0.000198391613, 0.00000271696801] // sin(x)/x on |x| <= pi/4: 8.6e-8
const COS = [1, -0.499999996, 0.0416666152, -0.00138865732, 0.000024375696] // cos(x) on |x| <= pi/4: 6.4e-8
const TANH = [0.999999996, -0.333332535, 0.133309573, -0.0537070676, 0.0205449053, -0.0056076887] // tanh(x)/x on |x| <= 0.625: 9.1e-8
const ERF = [1.12837917, -0.376126269, 0.112835975, -0.0268543288, 0.00518931194, -0.000801885497, 0.0000788249704] // |x| <= 1: 1.6e-7
// erfc(x) e^(x^2) as a polynomial in 1 / (1 + x/2) on 1 <= x <= 4.2: 6.2e-8 in erf
const ERFC = [0.000643725945, 0.273074156, 0.334048762, 0.091436942, 0.42039575, -0.0719002207, -0.0483066425]
// 2 atanh(s) / s on |s| <= 1/3, for logarithms of 1/2 to 2, where the shader's own are good to 2^-21 but not relatively: 2.2e-7
const ATANH = [2, 0.666666799, 0.399986375, 0.286222667, 0.213753471, 0.244847076]

/** sin (quarter 0) or cos (quarter 1): Cody-Waite reduction by pi/2 in three parts, good to 1e-6 up to |x| of some 10^4. */
const wave = (e: Emit, x: string, quarter: 0 | 1): string => {
  const k = e.keep(`Math.floor(${x}*0.6366197723675814+0.5)`)
  const r = e.keep(`((${x}-${k}*1.5703125)-${k}*0.000484466552734375)+${k}*6.39757837817001e-7`)
  const z = e.keep(`${r}*${r}`)
  const s = e.keep(`${r}*(${horner(z, SIN)})`)
  const c = e.keep(horner(z, COS))
  const q = e.keep(quarter ? `${k}+1` : k)
  const m = e.keep(`${q}-4*Math.floor(${q}*0.25)`)
  const even = e.keep(`(${m}-2*Math.floor(${m}*0.5))>0.5?${c}:${s}`)
  return `(${m}>1.5?(-${even}):${even})`
}
/** log x as 2 atanh((x - 1) / (x + 1)); `s`: that quotient. */
const nearOne = (e: Emit, s: string): string => e.keep(`${s}*(${horner(e.keep(`${s}*${s}`), ATANH)})`)
const far = (e: Emit, x: string): string => `(${x}>0?Math.log(${x}>0?${x}:1):(${x}===0?(-${e.inf()}):${e.nan()}))`
const log = (e: Emit, x: string): string => {
  if (e.native) return `Math.log(${x})`
  const near = nearOne(e, e.keep(`(${x}-1)/(${x}+1)`))
  return `(${x}>0.5&&${x}<2?${near}:${far(e, x)})`
}
const tanh = (e: Emit, x: string): string => {
  if (e.native) return `Math.tanh(${x})`
  const a = e.keep(`Math.min(Math.abs(${x}),20)`)
  const far = e.keep(`1-2/(Math.exp(2*${a})+1)`)
  const z = e.keep(`${a}*${a}`)
  return `(${a}<0.625?${x}*(${horner(z, TANH)}):(${x}<0?(-${far}):${far}))`
}
const erf = (e: Emit, x: string): string => {
  const a = e.keep(`Math.min(Math.abs(${x}),4.2)`)
  const z = e.keep(`${a}*${a}`)
  const t = e.keep(`1/(1+0.5*${a})`)
  const far = e.keep(`1-Math.exp(-${z})*(${horner(t, ERFC)})`)
  return `(${a}<1?${x}*(${horner(z, ERF)}):(${x}<0?(-${far}):${far}))`
}
const log1p = (e: Emit, x: string): string => {
  if (e.native) return `Math.log1p(${x})`
  const near = nearOne(e, e.keep(`${x}/(2+${x})`))
  return `(${x}>-0.5&&${x}<1?${near}:${far(e, e.keep(`1+${x}`))})`
}
/** x^y. A literal whole exponent is a product; else |x|^y with the sign and the exceptions of IEEE 754. */
const pow = (e: Emit, x: string, y: string): string => {
  const n = Number(y.replace(/^\(-(.*)\)$/, "-$1"))
  if (Number.isInteger(n) && Math.abs(n) <= 8 && n !== 0) {
    const product = e.keep(Array.from({ length: Math.abs(n) }, () => x).join("*"))
    return n < 0 ? `(1/${product})` : product
  }
  if (e.native) return `(${x}===1?1:(${x}===(-1)&&Math.abs(${y})===${e.inf()}?1:Math.pow(${x},${y})))`
  const a = e.keep(`Math.abs(${x})`)
  const p = e.keep(`Math.exp(${y}*${e.keep(log(e, e.keep(`${a}>0?${a}:1`)))})`)
  const whole = e.keep(`Math.floor(${y})`)
  const odd = e.keep(`(${whole}-2*Math.floor(${whole}*0.5))>0.5?1:0`)
  const at0 = e.keep(`${y}>0?0:${e.inf()}`)
  const negative = e.keep(`${whole}===${y}?(${odd}>0.5?(-${p}):${p}):${e.nan()}`)
  return `(${y}===0?1:(${a}===0?${at0}:(${x}<0?${negative}:${p})))`
}
/** To an integer: towards zero, NaN to 0, beyond the range to its end. */
const toInteger = (e: Emit, x: string, low: number, high: number): string => {
  const t = e.keep(`${x}<0?Math.ceil(${x}):Math.floor(${x})`)
  return `(${x}===${x}?Math.min(Math.max(${t},${literal(e, low)}),${high}):0)`
}
const cast: Spelling = (e, [x], from, to) => {
  if (from === to || from === "bool") return x!
  if (to === "bool") return `(${x}!==0?1:0)`
  return to === "i32" && isFloat(from) ? toInteger(e, x!, -2147483648, 2147483647) : x!
}
const math =
  (f: string): Spelling =>
  (_, a) =>
    `Math.${f}(${a.join(",")})`
const compare =
  (op: string): Spelling =>
  (_, [a, b]) =>
    `(${a}${op}${b}?1:0)`
const bits =
  (op: string, bool: (a: string, b: string) => string): Spelling =>
  (_, [a, b], dtype) =>
    dtype === "bool" ? bool(a!, b!) : `(${a}${op}${b})`

/** Primitives on f32, i32 (exact to 2^24) and bool (0 or 1), by name. */
export const spellings: Readonly<Record<string, Spelling>> = {
  abs: math("abs"),
  add: (_, [a, b], d) => (d === "bool" ? `Math.max(${a},${b})` : `${a}+${b}`),
  and: bits("&", (a, b) => `Math.min(${a},${b})`),
  cast,
  cos: (e, [x]) => (e.native ? `Math.cos(${x})` : wave(e, x!, 1)),
  div: (_, [a, b]) => `${a}/${b}`,
  eq: compare("==="),
  erf: (e, [x]) => erf(e, x!),
  exp: math("exp"),
  floor: math("floor"),
  le: compare("<="),
  log: (e, [x]) => log(e, x!),
  log1p: (e, [x]) => log1p(e, x!),
  lt: compare("<"),
  max: math("max"),
  min: math("min"),
  mul: (_, [a, b]) => `${a}*${b}`,
  neg: (_, [x]) => `(-${x})`,
  not: (_, [x]) => `1-${x}`,
  or: bits("|", (a, b) => `Math.max(${a},${b})`),
  pow: (e, [x, y]) => pow(e, x!, y!),
  shl: (_, [a, b]) => `(${a}<<${b})`,
  shr: (_, [a, b]) => `(${a}>>${b})`,
  sign: (_, [x]) => `(${x}>0?1:(${x}<0?(-1):${x}))`,
  sin: (e, [x]) => (e.native ? `Math.sin(${x})` : wave(e, x!, 0)),
  sqrt: math("sqrt"),
  sub: (_, [a, b]) => `${a}-${b}`,
  tanh: (e, [x]) => tanh(e, x!),
  where: (_, [c, a, b]) => `(${c}>0.5?${a}:${b})`,
  xor: bits("^", (a, b) => `Math.abs(${a}-${b})`),
}
