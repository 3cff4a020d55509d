// Contractions are recognised, not declared: a sum of a product of two reads. With affine reads the address of A splits into
// f(m) + g(k) and that of B into h(n) + j(k), whatever the op was: matmul, all convolutions and their gradients, attention. A factor may
// also be an element-wise expression, which a backend computes block by block on its way into the product.
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
  visit,
} from "../core/ir/index.ts"
import type { DType } from "../core/dtype.ts"

export type NewBuf = (shape: readonly number[], dtype: DType) => Buf

/** The structure of a contraction kernel. N is the side that owns the innermost output axis. Factors are reads; where both sides have
 *  axes of their own, they may be element-wise expressions. */
export interface Contraction {
  readonly reduce: Reduce
  readonly a: Expr
  readonly b: Expr
  readonly batch: readonly Axis[]
  readonly m: readonly Axis[]
  readonly n: readonly Axis[]
  readonly k: readonly Axis[]
}
/** Axes that a factor depends on; undefined for a read at other indices than sums of axes, and for what holds a reduction. */
const axesOf = (factor: Expr): Set<Atom> | undefined => {
  const s = new Set<Atom>()
  let plain = true
  visit(
    factor,
    (x) => void (plain &&= x.k !== "reduce"),
    (e) => {
      for (const [, a] of e.t) {
        if (a.kind === "axis") s.add(a)
        else plain &&= factor.k !== "read"
      }
    },
  )
  return plain ? s : undefined
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
interface Product {
  readonly reads: readonly [Read, Read]
  readonly conds: readonly Cond[]
}
const productOf = (r: Reduce): Product | undefined => {
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
/** The factors of the product that a sum is of, as they stand in it. */
const factorsOf = (r: Reduce): readonly Expr[] => (r.body.k === "fn" && r.body.f === mul ? r.body.args : [])
/** The contraction that a kernel is, if all reads that are factors are affine and unguarded. */
export const classify = (k: Kernel): Contraction | undefined => {
  const r = k.accumulate ? undefined : findSum(k.value)
  const product = r && productOf(r)
  if (!r || (product && product.conds.length > 0)) return undefined
  let [a, b] = product?.reads ?? factorsOf(r)
  const sa = a && axesOf(a)
  const sb = b && axesOf(b)
  if (!a || !b || !sa || !sb || r.axes.some((x) => !sa.has(x) || !sb.has(x))) return undefined
  const only = (s: Set<Atom>, t: Set<Atom>): Axis[] => k.axes.filter((x) => s.has(x) && !t.has(x))
  let m = only(sa, sb)
  let n = only(sb, sa)
  if (!product && (m.length === 0 || n.length === 0)) return undefined
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

/** Are the kernel's factors reads, or expressions that a backend `takes` so? Of a kernel with more than one sum they are no contraction's. */
export const computesWell = (k: Kernel, takes: (c: Contraction) => boolean): boolean => {
  const c = classify(k)
  let sums = 0
  visit(k.value, (x) => void (x.k === "reduce" && sums++))
  return c !== undefined && sums === 1 && ((c.a.k === "read" && c.b.k === "read") || takes(c))
}

/** Along one dimension of a guarded read: what is looked up, x or (where `by` is given) x * by where that is whole; how far it goes; and
 *  where it is not zero. */
interface Margin {
  readonly inner: Ix
  readonly by: number | undefined
  readonly range: readonly [lo: number, hi: number]
  readonly conds: readonly Cond[]
}
type Ranges = readonly (readonly [lo: number, hi: number])[]
const marginsOf = (r: Read, conds: readonly Cond[]): readonly Margin[] =>
  r.at.map((e, d) => {
    // x[(inner) div s] under a divisibility condition: the copy holds `inner`'s range, dilated
    const only = e.t.length === 1 && e.c === 0 && e.t[0]![0] === 1 ? e.t[0]![1] : undefined
    const quotient = only?.kind === "div" ? only : undefined
    const inner = quotient ? quotient.e! : e
    const key = keyOf(inner)
    const mine = conds.filter((c) => keyOf(c.e) === key)
    return { inner, by: quotient?.d, range: mine.length > 0 ? range(inner) : [0, r.buf.shape[d]! - 1], conds: mine }
  })
/** Equal for reads that copies of one buffer can serve which differ in size only. */
const kindOf = (r: Read, margins: readonly Margin[]): string =>
  margins.reduce((name, { by, conds }, d) => {
    const own = conds.length > 0 ? conds.map((c) => ("n" in c ? `n${c.n}` : `by${c.by}`)).sort() : `n${r.buf.shape[d]}`
    return `${name}|${by},${own}`
  }, String(r.buf.id))

/** A guarded read becomes an unguarded read of a padded (and, where needed, zero-dilated) copy, made by one map kernel. */
const padded = (
  r: Read,
  conds: readonly Cond[],
  newBuf: NewBuf,
  made: Map<string, Buf>,
  reach: ReadonlyMap<string, Ranges>,
): { pre?: Kernel; read: Read; used: Set<Cond> } => {
  const margins = marginsOf(r, conds)
  const used = new Set(margins.flatMap((m) => m.conds))
  if (used.size === 0) return { read: r, used }
  const kind = kindOf(r, margins)
  const ranges = reach.get(kind) ?? margins.map((m) => m.range)
  const name = `${kind} ${ranges.join()}`
  const at = margins.map(({ inner }, d) => plus(inner, -ranges[d]![0]))
  const old = made.get(name)
  if (old) return { read: read(old, at) as Read, used }
  const axes = ranges.map(([lo, hi]) => axis(hi - lo + 1))
  const from = axes.map((j, d) => plus(j, ranges[d]![0]))
  const buf = newBuf(
    axes.map((a) => a.n),
    r.buf.dtype,
  )
  made.set(name, buf)
  const when = margins.flatMap(({ conds }, d) => {
    // another read may go further along a dimension that this one stays inside of
    if (conds.length === 0) return [inside(from[d]!, r.buf.shape[d]!)]
    return conds.map((c): Cond => ("n" in c ? inside(from[d]!, c.n) : divides(c.by, from[d]!)))
  })
  const source = from.map((v, d) => (margins[d]!.by === undefined ? v : div(v, margins[d]!.by)))
  return {
    pre: { k: "kernel", out: buf, axes, at: axes.map(ix), value: guard(when, read(r.buf, source), 0) },
    read: read(buf, at) as Read,
    used,
  }
}
/** Is there memory at every index, without a condition? */
const isInside = (r: Read): boolean =>
  r.at.every((e, d) => {
    const [lo, hi] = range(e)
    return lo >= 0 && hi < r.buf.shape[d]!
  })
/** The product that a kernel sums, if it is under conditions. */
const guardedProduct = (k: Kernel): { readonly reduce: Reduce; readonly product: Product } | undefined => {
  const reduce = k.accumulate ? undefined : findSum(k.value)
  const product = reduce && productOf(reduce)
  return product && product.conds.length > 0 ? { reduce, product } : undefined
}
/** The kernel as an unguarded contraction, with the copies it needs before it; undefined if it is none. `made`: copies so far, shared;
 *  `reach`: how far copies of a kind go at least. */
export const asContraction = (
  k: Kernel,
  newBuf: NewBuf,
  made: Map<string, Buf>,
  reach: ReadonlyMap<string, Ranges> = new Map(),
): readonly Kernel[] | undefined => {
  if (classify(k)) return [k]
  const found = guardedProduct(k)
  if (!found) return undefined
  const { reduce: r, product } = found
  const pre: Kernel[] = []
  const left = new Set(product.conds)
  const trial = new Map(made) // taken over only if all conditions could be moved into copies
  const reads = product.reads.map((f) => {
    const p = padded(f, product.conds, newBuf, trial, reach)
    for (const c of p.used) left.delete(c)
    if (p.pre) pre.push(p.pre)
    return p.read
  })
  if (left.size > 0 || !reads.every(isInside)) return undefined
  const body: Expr = { k: "fn", dtype: r.dtype, f: mul, args: reads }
  const k2: Kernel = { ...k, value: mapExpr(k.value, (e) => (e === r ? { ...r, body } : undefined)) }
  if (!classify(k2)) return undefined
  for (const [key, buf] of trial) made.set(key, buf)
  return [...pre, k2]
}
/** Kernels as contractions, those that are: copies that they need of the same buffer are one, as large as all of them need it. */
export const asContractions = (ks: readonly Kernel[], newBuf: NewBuf, made: Map<string, Buf>): readonly Kernel[] => {
  const reach = new Map<string, Ranges>()
  for (const k of ks) {
    const found = guardedProduct(k)?.product
    for (const r of found?.reads ?? []) {
      const margins = marginsOf(r, found!.conds)
      const kind = kindOf(r, margins)
      const others = reach.get(kind) ?? margins.map((m) => m.range)
      const both = margins.map(({ range: [lo, hi] }, d) => [Math.min(lo, others[d]![0]), Math.max(hi, others[d]![1])] as const)
      reach.set(kind, both)
    }
  }
  return ks.flatMap((k) => asContraction(k, newBuf, made, reach) ?? [k])
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
