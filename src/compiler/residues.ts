// Sums in which the remainder of an index decides which terms there are: row h of the input gradient of a convolution of stride s gets
// tap r only where s divides h + low - r d. Instead of zeros among the terms, one statement for each remainder: h = s q + c, for a fixed c
// the taps that fit are every so many-th, and what is left is a plain sum whose results lie s apart. Together they write every element once.
import { mul } from "../scalar/mul.ts"
import {
  type Atom,
  type Axis,
  axis,
  type Cond,
  type Expr,
  inside,
  type Ix,
  type Kernel,
  keyOf,
  mapExpr,
  num,
  plus,
  type Reduce,
  substitute,
  times,
  unit,
  visit,
} from "../core/ir/index.ts"

/** Statements that one may become: strides of 3 over three axes, 5 over two. Above, zeros are computed with. */
const MOST = 32

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))

/** Conditions without which a term of the sum is nothing: those of guards around it, and around factors of it. */
const conditions = (r: Reduce): Cond[] => {
  const nothing = unit(r.kind, r.dtype)
  const out: Cond[] = []
  const seen = new Set<Expr>()
  const walk = (e: Expr): void => {
    if (seen.has(e)) return
    seen.add(e)
    if (e.k === "guard" && e.other === nothing) {
      out.push(...e.when)
      walk(e.body)
    } else if (nothing === 0 && e.k === "fn" && e.f === mul) e.args.forEach(walk)
  }
  walk(r.body)
  return out
}
/** The axis of `own` on whose remainder e mod d depends, and nothing else; and after how many steps the remainders repeat. */
const turning = (e: Ix, d: number, own: ReadonlySet<Atom>): readonly [Axis, number] | undefined => {
  const terms = e.t.filter(([k]) => k % d !== 0)
  const [term] = terms
  return terms.length === 1 && term && own.has(term[1]) ? [term[1], d / gcd(term[0], d)] : undefined
}
/** Axes whose remainders decide which terms a sum has, and the period of each. */
const periods = (k: Kernel): Map<Axis, number> => {
  const own = new Set<Atom>(k.axes)
  const out = new Map<Axis, number>()
  const take = (found: readonly [Axis, number] | undefined): void => {
    if (!found) return
    const [a, n] = found
    const old = out.get(a) ?? 1
    out.set(a, (old * n) / gcd(old, n))
  }
  visit(k.value, (x) => {
    if (x.k !== "reduce" || x.upto) return
    const folded = new Set<Atom>(x.axes)
    for (const c of conditions(x)) {
      // what is folded takes any remainder
      if ("by" in c) take(turning({ ...c.e, t: c.e.t.filter(([, a]) => !folded.has(a)) }, c.by, own))
      else
        for (const [f, m] of c.e.t)
          if (m.kind === "mod" && f === 1 && c.e.t.every(([g, a]) => a === m || g % m.d! === 0)) take(turning(m.e!, m.d!, own))
    }
  })
  return out
}

/** A folded axis on which alone it depends whether the condition holds, and the values for which it does: from, from + step, ... */
const allowed = (
  c: Cond,
  folded: readonly Axis[],
): { readonly a: Axis; readonly from: number; readonly step: number; readonly n: number } | undefined => {
  const terms = "by" in c ? c.e.t.filter(([k]) => k % c.by !== 0) : c.e.t
  const [term] = terms
  if (terms.length !== 1 || !term || !folded.includes(term[1])) return undefined
  const [k, a] = term
  const held: number[] = []
  for (let r = 0; r < a.n; r++) {
    const v = k * r + c.e.c
    if ("n" in c ? v >= 0 && v < c.n : v % c.by === 0) held.push(r)
  }
  const [from = 0, second = from + 1] = held
  return { a, from, step: second - from, n: held.length }
}
/** 0 <= 3 j + 4 < 9 is 0 <= j + 1 < 3: the condition about what is read at j + 1, which a copy with a margin takes away. */
const reduced = (c: Cond): Cond => {
  const d = c.e.t.reduce((g, [k]) => gcd(g, k), 0)
  if (!("n" in c) || d < 2) return c
  const low = Math.ceil(-c.e.c / d)
  return inside({ c: -low, t: c.e.t.map(([k, a]) => [k / d, a]) }, Math.ceil((c.n - c.e.c) / d) - low)
}
/** Conditions are about indices that are read, where they can be. */
const aboutReads = (r: Reduce): Reduce => {
  const read = new Set<string>()
  visit(r.body, (x) => {
    if (x.k === "read") for (const e of x.at) read.add(keyOf(e))
  })
  const body = mapExpr(r.body, (x) =>
    x.k === "guard" ? { ...x, when: x.when.map((c) => (read.has(keyOf(c.e)) ? c : reduced(c))) } : undefined,
  )
  return { ...r, body }
}
/** The sum over those terms only for which conditions about single axes hold. */
const narrowed = (r: Reduce): Expr => {
  for (const c of conditions(r)) {
    const to = allowed(c, r.axes)
    if (!to) continue
    if (to.n === 0) return num(unit(r.kind, r.dtype), r.dtype)
    const j = plus(times(axis(to.n), to.step), to.from)
    const less = substitute((b) => (b === to.a ? j : undefined)).expr(r)
    return less.k === "reduce" ? narrowed(less) : less
  }
  return aboutReads(r)
}

/** The kernel as statements for the remainders of its axes, without the terms that are not there; itself, if there are none such. */
export const residues = (k: Kernel): readonly Kernel[] => {
  if (k.accumulate) return [k]
  const found = periods(k)
  if ([...found.values()].reduce((p, n) => p * n, 1) > MOST) return [k]
  return split(k, found)
}
const split = (k: Kernel, found: ReadonlyMap<Axis, number>): readonly Kernel[] => {
  const [first] = found
  if (!first) return [k]
  const [a, n] = first
  return Array.from({ length: Math.min(n, a.n) }, (_, c): readonly Kernel[] => {
    const q = axis(Math.ceil((a.n - c) / n))
    const s = substitute((b) => (b === a ? plus(times(q, n), c) : undefined))
    const value = mapExpr(s.expr(k.value), (x) => (x.k === "reduce" ? narrowed(x) : undefined))
    const part = { ...k, axes: k.axes.map((b) => (b === a ? q : b)), at: k.at.map(s.ix), value }
    return split(part, periods(part)) // where no terms are left, other remainders do not matter
  }).flat()
}
