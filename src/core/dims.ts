// Arithmetic on dimensions before anything runs, where a dimension may be a name or an expression over names: the run-time twin of
// typelevel/symbolic.ts, which says what the normal form is. The same text comes out for the same operands.
import type { Dim } from "../../typelevel/dim.ts"

/** The dimension of a plan that is not known before the program runs. */
export const UNKNOWN = "?"

/** A coefficient, and factors in order, joined by "*"; "" for the constant. */
interface Term {
  readonly count: number
  readonly factors: string
}
type Sum = readonly Term[]
export type Names = { readonly [name: string]: Dim }

export const isExpression = (d: Dim): d is string => typeof d === "string" && /[+\-*/(]/.test(d)

const NAME = "[^\\d+\\-*/()][^+\\-*/()]*"
const ATOM = `(?:${NAME}|0|[1-9]\\d*)`
const FACTOR = `(?:${NAME}/)?${ATOM}`
const PRODUCT = `(?:${FACTOR}|\\(${FACTOR}\\))(?:\\*(?:${FACTOR}|\\(${FACTOR}\\)))*`
const SUM = new RegExp(`^-?${PRODUCT}(?:[+-]${PRODUCT})*$`)
/** Is d a name, or an expression: a sum of products of names, sizes and quotients? */
export const isDimension = (d: string): boolean => {
  const text = d.replaceAll(" ", "")
  return SUM.test(text) && !/^\d+$/.test(text)
}

// ---- order ---------------------------------------------------------------------------------------------------------
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz(/)*+- "
export const order = (a: string, b: string): number => {
  if (a === b) return 0
  for (let k = 0; ; k++) {
    if (k === a.length) return -1
    if (k === b.length) return 1
    if (a[k] === b[k]) continue
    const at = ALPHABET.indexOf(a[k]!)
    return at >= 0 && ALPHABET.indexOf(b[k]!, at + 1) >= 0 ? -1 : 1
  }
}
/** The constant is the last. */
const place = (a: string, b: string): number => (a === b ? 0 : a === "" ? 1 : b === "" ? -1 : order(a, b))

// ---- sums of terms -------------------------------------------------------------------------------------------------
const factorsOf = (f: string): string[] => (f === "" ? [] : f.split("*"))
/** Sorted by insertion, as the types do it. */
const sorted = (factors: readonly string[]): string[] =>
  factors.reduce<string[]>((seen, f) => {
    const at = seen.findIndex((g) => order(f, g) < 0)
    return at < 0 ? [...seen, f] : seen.toSpliced(at, 0, f)
  }, [])
const insert = (sum: Sum, t: Term): Sum => {
  const at = sum.findIndex((h) => place(t.factors, h.factors) <= 0)
  if (at < 0) return [...sum, t]
  const here = sum[at]!
  if (here.factors !== t.factors) return sum.toSpliced(at, 0, t)
  const count = here.count + t.count
  return count === 0 ? sum.toSpliced(at, 1) : sum.with(at, { ...here, count })
}
const collect = (terms: Sum): Sum => terms.reduce(insert, [])
const termOf = (text: string): Term => {
  const [head, rest] = text.startsWith("-") ? [-1, text.slice(1)] : [1, text]
  let count = head
  const factors: string[] = []
  for (const f of rest.split("*").map((s) => s.replace(/ /g, "").replace(/^\((.*)\)$/, "$1")))
    if (/^\d+$/.test(f)) count *= Number(f)
    else factors.push(f.includes("/") ? `(${f})` : f)
  return { count, factors: sorted(factors).join("*") }
}
const parse = (d: Dim): Sum => {
  if (typeof d === "number") return d === 0 ? [] : [{ count: d, factors: "" }]
  if (!isExpression(d)) return [{ count: 1, factors: d }]
  const terms = d.replace(/ /g, "").match(/-?[^+-]+/g) ?? []
  return collect(terms.map(termOf).filter((t) => t.count !== 0))
}
const textOf = ({ count, factors }: Term): string => {
  const c = Math.abs(count)
  if (factors === "") return String(c)
  if (c !== 1) return `${c}*${factors}`
  return /^\([^*]*\)$/.test(factors) ? factors.slice(1, -1) : factors
}
/** A number where it is constant; negative ones too. */
const print = (p: Sum): Dim => {
  if (p.length === 0) return 0
  if (p.length === 1 && p[0]!.factors === "") return p[0]!.count
  const added = p.filter((t) => t.count > 0).map(textOf)
  return added.join("+") + p.flatMap((t) => (t.count < 0 ? `-${textOf(t)}` : [])).join("")
}
const scaled = (p: Sum, by: number): Sum => p.map((t) => ({ ...t, count: t.count * by }))
const product = (p: Sum, q: Sum): Sum =>
  collect(
    p.flatMap((s) =>
      q.map((t) => ({
        count: s.count * t.count,
        factors: factorsOf(t.factors)
          .reduce((f, g) => sorted([...f, g]), factorsOf(s.factors))
          .join("*"),
      })),
    ),
  )
const without = (factors: readonly string[], f: string): readonly string[] | undefined =>
  factors.includes(f) ? factors.toSpliced(factors.indexOf(f), 1) : undefined
const quotient = (h: Term, t: Term): Term | undefined => {
  const left = factorsOf(t.factors).reduce<readonly string[] | undefined>((f, g) => f && without(f, g), factorsOf(h.factors))
  return left && h.count % t.count === 0 ? { count: h.count / t.count, factors: left.join("*") } : undefined
}

// ---- the value: declarations cancelled -----------------------------------------------------------------------------
/** h*(d/h) becomes d. */
const cancelled = (t: Term): Term => {
  const factors = factorsOf(t.factors)
  for (const [k, f] of factors.entries()) {
    const [, n, m] = /^\((.*)\/(.*)\)$/.exec(f) ?? []
    if (n === undefined || m === undefined) continue
    const rest = factors.toSpliced(k, 1)
    const number = /^\d+$/.test(m)
    if (number && t.count % Number(m) === 0)
      return cancelled({ count: t.count / Number(m), factors: sorted([...rest, n]).join("*") })
    const other = number ? undefined : without(rest, m)
    if (other) return cancelled({ count: t.count, factors: sorted([...other, n]).join("*") })
  }
  return t
}
const value = (p: Sum): Sum => collect(p.map(cancelled))

// ---- the public arithmetic -----------------------------------------------------------------------------------------
const known = (...dims: readonly Dim[]): boolean => dims.every((d) => d !== UNKNOWN)

export const plus = (a: Dim, b: Dim): Dim =>
  typeof a === "number" && typeof b === "number" ? a + b : known(a, b) ? print(collect([...parse(a), ...parse(b)])) : UNKNOWN
/** a - b; a negative number where b is greater. */
export const minus = (a: Dim, b: Dim): Dim =>
  typeof a === "number" && typeof b === "number"
    ? a - b
    : b === 0
      ? a
      : known(a, b)
        ? print(value(collect([...parse(a), ...scaled(parse(b), -1)])))
        : UNKNOWN
export const times = (a: Dim, b: Dim): Dim => {
  if (typeof a === "number" && typeof b === "number") return a * b
  if (a === 0 || b === 0) return 0
  return a === 1 ? b : b === 1 ? a : known(a, b) ? print(product(parse(a), parse(b))) : UNKNOWN
}
/** a / b, exactly; undefined where a is not a multiple of b, or (names) is not known to be one. */
export const over = (a: Dim, b: Dim): Dim | undefined => {
  if (typeof a === "number" && typeof b === "number") return b > 0 && a % b === 0 ? a / b : undefined
  if (b === 1) return a
  if (b === 0) return undefined
  if (!known(a, b)) return UNKNOWN
  const [t, ...more] = parse(b)
  const parts = more.length === 0 ? parse(a).map((h) => quotient(h, t!)) : [undefined]
  if (parts.every((q) => q !== undefined)) return print(parts)
  return alike(a, b) ? 1 : undefined
}
/** Are two dimensions equal for all sizes? */
export const alike = (a: Dim, b: Dim): boolean =>
  a === b || ((isExpression(a) || isExpression(b)) && print(value(parse(a))) === print(value(parse(b))))
/** Can the two be one size? */
export const fits = (a: Dim, b: Dim): boolean => !known(a, b) || alike(a, b)

// ---- what names stand for ------------------------------------------------------------------------------------------
const namesInFactor = (f: string): string[] => {
  const [, n, m] = /^\((.*)\/(.*)\)$/.exec(f) ?? []
  return n === undefined || m === undefined ? [f] : /^\d+$/.test(m) ? [n] : [n, m]
}
const namesIn = (p: Sum): string[] => [...new Set(p.flatMap((t) => factorsOf(t.factors).flatMap(namesInFactor)))]
/** The names in a dimension. */
export const namesOf = (d: Dim): string[] => (typeof d === "number" ? [] : namesIn(parse(d)))
/** Those that its value depends on: d alone in h*(d/h). */
export const namesOfValue = (d: Dim): string[] => (typeof d === "number" ? [] : namesIn(value(parse(d))))
/** The quotients in a dimension, as pairs. */
export const quotientsOf = (d: Dim): (readonly [string, Dim])[] =>
  [...String(d).matchAll(/([^(*+-]+)\/([^)*+-]+)/g)].map(([, n, m]) => [n!, /^\d+$/.test(m!) ? Number(m) : m!])

const evalFactor = (f: string, names: Names): Dim | undefined => {
  const [, n, m] = /^\((.*)\/(.*)\)$/.exec(f) ?? []
  if (n === undefined || m === undefined) return names[f] ?? UNKNOWN
  return over(names[n] ?? UNKNOWN, /^\d+$/.test(m) ? Number(m) : (names[m] ?? UNKNOWN))
}
const evalSum = (p: Sum, names: Names): Dim | undefined => {
  let sum: Dim = 0
  for (const sign of [1, -1])
    for (const t of p.filter((s) => Math.sign(s.count) === sign)) {
      let v: Dim = Math.abs(t.count)
      for (const f of factorsOf(t.factors)) {
        const w = evalFactor(f, names)
        if (w === undefined) return undefined
        v = times(v, w)
      }
      sum = sign > 0 ? plus(sum, v) : minus(sum, v)
      if (typeof sum === "number" && sum < 0) return undefined
    }
  return sum
}
/** The value of d with its names replaced; evidence of names that are not known is not asked for. */
export const evaluateValue = (d: string, names: Names): Dim | undefined =>
  isExpression(d) ? evalSum(value(parse(d)), names) : (names[d] ?? UNKNOWN)
/** d with its names replaced; UNKNOWN where a name is not among them; undefined where a quotient is not exact. */
export const evaluate = (d: string, names: Names): Dim | undefined =>
  isExpression(d) ? evalSum(parse(d), names) : (names[d] ?? UNKNOWN)
/** The sum as a u + b; null where u occurs otherwise. */
const parted = (d: string, u: string): readonly [a: Sum, b: Sum] | null => {
  const a: Term[] = []
  const b: Term[] = []
  for (const t of value(parse(d))) {
    const factors = factorsOf(t.factors)
    if (!factors.flatMap(namesInFactor).includes(u)) b.push(t)
    else {
      const rest = without(factors, u)
      if (!rest || rest.flatMap(namesInFactor).includes(u)) return null
      a.push({ count: t.count, factors: rest.join("*") })
    }
  }
  return [a, b]
}
/** Is d a u + b, so that it tells what u is? */
export const isLinear = (d: string, u: string): boolean => parted(d, u) !== null
/** The name u for which d is y; undefined where there is none; null where d is not linear in u. */
export const solve = (d: string, u: string, y: Dim, names: Names): Dim | undefined | null => {
  const parts = parted(d, u)
  if (parts === null) return null
  const [a, b] = parts
  const down = a[0] !== undefined && a[0].count < 0
  const [c, r] = [evalSum(down ? scaled(a, -1) : a, names), evalSum(b, names)]
  if (c === undefined || r === undefined) return undefined
  const v = down ? minus(r, y) : minus(y, r)
  return typeof v === "number" && v < 0 ? undefined : over(v, c)
}
