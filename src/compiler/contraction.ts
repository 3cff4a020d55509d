// Contractions are recognised, not declared: a sum of a product of two reads. With affine reads the address of A splits into
// f(m) + g(k) and that of B into h(n) + j(k), whatever the op was: matmul, all convolutions and their gradients, attention.
import { mul } from "../scalar/mul.ts"
import {
  type Atom,
  type Axis,
  axis,
  type Buf,
  type Cond,
  div,
  divides,
  type Expr,
  guard,
  inside,
  ix,
  type Ix,
  type Kernel,
  keyOf,
  mapExpr,
  plus,
  range,
  read,
  type Read,
  type Reduce,
} from "../core/ir/index.ts"
import type { DType } from "../core/dtype.ts"

export type NewBuf = (shape: readonly number[], dtype: DType) => Buf

/** The structure of a contraction kernel. N is the side that owns the innermost output axis. */
export interface Contraction {
  readonly reduce: Reduce
  readonly a: Read
  readonly b: Read
  readonly batch: readonly Axis[]
  readonly m: readonly Axis[]
  readonly n: readonly Axis[]
  readonly k: readonly Axis[]
}
const axesOf = (r: Read): Set<Atom> | undefined => {
  const s = new Set<Atom>()
  for (const e of r.at)
    for (const [, a] of e.t) {
      if (a.kind !== "axis") return undefined
      s.add(a)
    }
  return s
}
/** The factors of a product under zero guards, and those guards' conditions; not all of them where there are more than two. */
const factors = (e: Expr, conds: Cond[], out: Expr[]): void => {
  if (out.length > 2) return
  if (e.k === "guard" && e.other === 0) {
    conds.push(...e.when)
    factors(e.body, conds, out)
  } else if (e.k === "fn" && e.f === mul) for (const a of e.args) factors(a, conds, out)
  else out.push(e)
}
const productOf = (r: Reduce): { readonly reads: readonly [Read, Read]; readonly conds: readonly Cond[] } | undefined => {
  const conds: Cond[] = []
  const fs: Expr[] = []
  factors(r.body, conds, fs)
  const [a, b] = fs
  return fs.length === 2 && a?.k === "read" && b?.k === "read" ? { reads: [a, b], conds } : undefined
}
/** The first plain sum in a value; `seen` because values are DAGs: a shared one is looked through once. */
const findSum = (e: Expr, seen: Set<Expr> = new Set()): Reduce | undefined => {
  if (e.k === "reduce") return e.kind === "add" && !e.upto ? e : undefined
  if (e.k === "guard") return findSum(e.body, seen)
  if (e.k !== "fn" || seen.has(e)) return undefined
  seen.add(e)
  for (const a of e.args) {
    const r = findSum(a, seen)
    if (r) return r
  }
  return undefined
}
/** Is the value (part of) a sum of products of two reads, guarded or not? */
export const isProductSum = (e: Expr): boolean => {
  const r = findSum(e)
  return r !== undefined && productOf(r) !== undefined
}

/** The contraction that a kernel is, if all its reads are affine and unguarded. */
export const classify = (k: Kernel): Contraction | undefined => {
  const r = k.accumulate ? undefined : findSum(k.value)
  const product = r && productOf(r)
  if (!r || !product || product.conds.length > 0) return undefined
  let [a, b] = product.reads
  const sa = axesOf(a)
  const sb = axesOf(b)
  if (!sa || !sb || r.axes.some((x) => !sa.has(x) || !sb.has(x))) return undefined
  const only = (s: Set<Atom>, t: Set<Atom>): Axis[] => k.axes.filter((x) => s.has(x) && !t.has(x))
  let m = only(sa, sb)
  let n = only(sb, sa)
  const last = k.axes.at(-1)
  if (last && m.includes(last)) {
    ;[a, b] = [b, a]
    ;[m, n] = [n, m]
  }
  return { reduce: r, a, b, m, n, k: r.axes, batch: k.axes.filter((x) => !m.includes(x) && !n.includes(x)) }
}
/** A contraction with both sides: worth a packed kernel, and never part of a row nest. The rest are reductions. */
export const twoSided = (k: Kernel): boolean => {
  const c = classify(k)
  return c !== undefined && c.m.length > 0 && c.n.length > 0
}

/** A guarded read becomes an unguarded read of a padded (and, where needed, zero-dilated) copy, made by one map kernel. */
const padded = (
  r: Read,
  conds: readonly Cond[],
  newBuf: NewBuf,
  made: Map<string, Buf>,
): { pre?: Kernel; read: Read; used: Set<Cond> } => {
  const used = new Set<Cond>()
  const axes: Axis[] = []
  const from: Ix[] = []
  const at: Ix[] = []
  const when: Cond[] = []
  let name = String(r.buf.id)
  r.at.forEach((e, d) => {
    // x[(inner) div s] under a divisibility condition: the copy holds `inner`'s range, dilated
    const only = e.t.length === 1 && e.c === 0 && e.t[0]![0] === 1 ? e.t[0]![1] : undefined
    const quotient = only?.kind === "div" ? only : undefined
    const inner = quotient ? quotient.e! : e
    const key = keyOf(inner)
    const mine = conds.filter((c) => keyOf(c.e) === key)
    for (const c of mine) used.add(c)
    const [lo, hi] = mine.length > 0 ? range(inner) : [0, r.buf.shape[d]! - 1]
    const j = axis(hi - lo + 1)
    const v = plus(j, lo)
    name += `|${lo},${hi},${quotient?.d},${mine.map((c) => ("n" in c ? `n${c.n}` : `by${c.by}`)).sort()}`
    axes.push(j)
    at.push(mine.length > 0 ? plus(inner, -lo) : e)
    from.push(mine.length > 0 && quotient ? div(v, quotient.d!) : v)
    when.push(...mine.map((c): Cond => ("n" in c ? inside(v, c.n) : divides(c.by, v))))
  })
  const old = made.get(name)
  if (old) return { read: read(old, at) as Read, used }
  const buf = newBuf(
    axes.map((a) => a.n),
    r.buf.dtype,
  )
  if (used.size > 0) made.set(name, buf)
  return {
    pre: { k: "kernel", out: buf, axes, at: axes.map(ix), value: guard(when, read(r.buf, from), 0) },
    read: read(buf, at) as Read,
    used,
  }
}
/** The kernel as an unguarded contraction, with the copies it needs before it; undefined if it is none. `made`: copies so far, shared. */
export const asContraction = (k: Kernel, newBuf: NewBuf, made: Map<string, Buf>): readonly Kernel[] | undefined => {
  if (classify(k)) return [k]
  const r = k.accumulate ? undefined : findSum(k.value)
  const product = r && productOf(r)
  if (!r || !product || product.conds.length === 0) return undefined
  const pre: Kernel[] = []
  const left = new Set(product.conds)
  const trial = new Map(made) // taken over only if all conditions could be moved into copies
  const reads = product.reads.map((f) => {
    const p = padded(f, product.conds, newBuf, trial)
    if (p.used.size === 0) return f
    for (const c of p.used) left.delete(c)
    if (p.pre) pre.push(p.pre)
    return p.read
  })
  if (left.size > 0) return undefined
  const body: Expr = { k: "fn", dtype: r.dtype, f: mul, args: reads }
  const k2: Kernel = { ...k, value: mapExpr(k.value, (e) => (e === r ? { ...r, body } : undefined)) }
  if (!classify(k2)) return undefined
  for (const [key, buf] of trial) made.set(key, buf)
  return [...pre, k2]
}

/** Coefficient of each axis in the flat (element) address of a read, and the constant part. */
export const addressOf = (r: {
  readonly buf: Buf
  readonly at: readonly Ix[]
}): { readonly base: number; readonly of: ReadonlyMap<Atom, number> } => {
  const of = new Map<Atom, number>()
  let base = 0
  let stride = 1
  for (let d = r.buf.shape.length - 1; d >= 0; d--) {
    const e = r.at[d]!
    base += e.c * stride
    for (const [k, a] of e.t) of.set(a, (of.get(a) ?? 0) + k * stride)
    stride *= r.buf.shape[d]!
  }
  return { base, of }
}
