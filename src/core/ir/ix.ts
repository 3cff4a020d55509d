// Integer index expressions of the loop IR: affine over atoms, normalised on construction, so that equal indices are equal by key.
import type { Expr } from "./expr.ts"

/** A variable of an index: a loop axis, a quotient or remainder that did not simplify, or a value read from memory. 0 <= value < n. */
export interface Atom {
  readonly id: number
  readonly n: number
  readonly kind: "axis" | "div" | "mod" | "dyn"
  /** div, mod: the dividend and the divisor. */
  readonly e?: Ix
  readonly d?: number
  /** dyn: the expression whose (clamped) value is the index. */
  readonly x?: Expr
}
export type Axis = Atom

/** c + sum of coefficient * atom, sorted by atom id, without zero coefficients. */
export interface Ix {
  readonly c: number
  readonly t: readonly (readonly [number, Atom])[]
}
export type IxLike = number | Atom | Ix

let ids = 0
/** A fresh loop axis of n iterations. */
export const axis = (n: number): Axis => ({ id: ++ids, n, kind: "axis" })

const isAtom = (v: Atom | Ix): v is Atom => "kind" in v
/** An axis of one iteration is the constant 0: singleton dimensions never reach a kernel's loops. */
export const ix = (v: IxLike): Ix =>
  typeof v === "number"
    ? { c: v, t: [] }
    : !isAtom(v)
      ? v
      : v.n === 1 && v.kind !== "dyn"
        ? { c: 0, t: [] }
        : { c: 0, t: [[1, v]] }

export const plus = (...vs: readonly IxLike[]): Ix => {
  const sum = new Map<Atom, number>()
  let c = 0
  for (const v of vs) {
    const e = ix(v)
    c += e.c
    for (const [k, a] of e.t) sum.set(a, (sum.get(a) ?? 0) + k)
  }
  const t: (readonly [number, Atom])[] = []
  for (const [a, k] of sum) if (k !== 0) t.push([k, a])
  return rejoined(c, t) ?? { c, t: t.sort((p, q) => p[1].id - q[1].id) }
}
/** d * (e div d) + e mod d is e again. */
const rejoined = (c: number, t: readonly (readonly [number, Atom])[]): Ix | undefined => {
  for (const [k, m] of t) {
    if (m.kind !== "mod") continue
    const key = keyOf(m.e!)
    const partner = t.find(([q, a]) => a.kind === "div" && a.d === m.d && q === k * m.d! && keyOf(a.e!) === key)
    if (partner) return plus({ c, t: t.filter(([, a]) => a !== m && a !== partner[1]) }, times(m.e!, k))
  }
  return undefined
}
export const times = (v: IxLike, k: number): Ix => {
  const e = ix(v)
  return { c: e.c * k, t: k === 0 ? [] : e.t.map(([q, a]) => [q * k, a] as const) }
}

/** Smallest and largest value that the ranges of its atoms allow. */
export const range = (e: Ix): readonly [number, number] => {
  let lo = e.c
  let hi = e.c
  for (const [k, a] of e.t) {
    if (k > 0) hi += k * (a.n - 1)
    else lo += k * (a.n - 1)
  }
  return [lo, hi]
}
export const keyOf = (e: Ix): string => e.c + e.t.map(([k, a]) => `+${k}*${a.id}`).join("")

// ---- quotients and remainders --------------------------------------------------------------------------------------
// Equal quotients must be one atom, or indices would not cancel. The table lives for one compilation only (`interning`).
let table: Map<string, Atom> | undefined
/** Runs f with a table of its own for quotient and remainder atoms. Nested calls share the outer table. */
export const interning = <T>(f: () => T): T => {
  if (table) return f()
  table = new Map()
  try {
    return f()
  } finally {
    table = undefined
  }
}
const divisionAtom = (kind: "div" | "mod", e: Ix, d: number): Ix => {
  const key = `${kind}${d}:${keyOf(e)}`
  let a = table?.get(key)
  if (!a) {
    a = { id: ++ids, n: kind === "mod" ? d : Math.floor(range(e)[1] / d) + 1, kind, e, d }
    table?.set(key, a)
  }
  return ix(a)
}
/** e = d * q + r: terms whose coefficients divide by d leave the division, the rest stays inside. */
const halves = (e: Ix, d: number): readonly [Ix, Ix] => {
  const whole = Math.floor(e.c / d)
  const out = e.t.filter(([k]) => k % d === 0).map(([k, a]) => times(a, k / d))
  const rest = e.t.filter(([k]) => k % d !== 0).map(([k, a]) => times(a, k))
  return [plus(...out, whole), plus(...rest, e.c - d * whole)]
}
const within = (r: Ix, d: number): boolean => {
  const [lo, hi] = range(r)
  return lo >= 0 && hi < d
}
/** Floor division. The dividend of the atom is shifted by a multiple of d so that atoms are never negative. */
export const div = (v: IxLike, d: number): Ix => {
  const e = ix(v)
  if (d === 1) return e
  const [q, r] = halves(e, d)
  if (within(r, d)) return q
  const lo = Math.floor(range(r)[0] / d)
  return plus(q, divisionAtom("div", plus(r, -lo * d), d), lo)
}
/** Remainder in [0, d). */
export const mod = (v: IxLike, d: number): Ix => {
  if (d === 1) return ix(0)
  const r = halves(ix(v), d)[1]
  if (within(r, d)) return r
  const lo = Math.floor(range(r)[0] / d)
  return divisionAtom("mod", plus(r, -lo * d), d)
}
/** The value of an expression as an index into a dimension of n: backends clamp it to [0, n). */
export const dyn = (x: Expr, n: number): Ix => {
  if (x.k === "num") return ix(Math.min(Math.max(Math.trunc(x.v), 0), Math.max(n - 1, 0)))
  if (x.k === "idx") {
    const [lo, hi] = range(x.e)
    if (lo >= 0 && hi < n) return x.e
  }
  return ix({ id: ++ids, n, kind: "dyn", x })
}

// ---- row-major order -----------------------------------------------------------------------------------------------
export const flat = (i: readonly IxLike[], shape: readonly number[]): Ix => {
  let e = ix(0)
  shape.forEach((n, k) => {
    e = plus(times(e, n), i[k]!)
  })
  return e
}
export const unflat = (e: Ix, shape: readonly number[]): Ix[] => {
  const out: Ix[] = []
  for (let k = shape.length - 1; k >= 0; k--) {
    out.unshift(k === 0 ? e : mod(e, shape[k]!))
    e = div(e, shape[k]!)
  }
  return out
}
/** Index into `to` for an element of `from` of the same size. Works group by group of axes whose sizes multiply to the same, so that
 *  axes a reshape does not touch pass through verbatim: under a guard their range is not known, and i/d*d + i%d would not cancel. */
export const reindex = (i: readonly Ix[], from: readonly number[], to: readonly number[]): Ix[] => {
  if (from.includes(0) || to.includes(0)) return to.map(() => ix(0))
  const out: Ix[] = []
  let a = 0
  let b = 0
  while (a < from.length || b < to.length) {
    const a0 = a
    const b0 = b
    let p = a < from.length ? from[a++]! : 1
    let q = b < to.length ? to[b++]! : 1
    while (p !== q) {
      if (p < q) p *= from[a++]!
      else q *= to[b++]!
    }
    const f = from.slice(a0, a)
    const t = to.slice(b0, b)
    const e = i.slice(a0, a)
    out.push(...(f.length === 1 && t.length === 1 ? e : unflat(flat(e, f), t)))
  }
  return out
}
