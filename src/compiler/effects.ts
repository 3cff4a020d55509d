// What statements read and write, and where donated memory may be reused.
import { type Axis, type Buf, type Ix, type Kernel, kernelsOf, keyOf, readsOf, type Stmt, visit } from "../core/ir/index.ts"
import { twoSided } from "./contraction.ts"

export interface Effects {
  readonly reads: ReadonlySet<Buf>
  readonly writes: ReadonlySet<Buf>
}
const known = new WeakMap<Stmt, Effects>()
export const effectsOf = (s: Stmt): Effects => {
  let f = known.get(s)
  if (!f) known.set(s, (f = effects(s)))
  return f
}
const effects = (s: Stmt): Effects => {
  const kernels = kernelsOf([s])
  const reads = new Set(kernels.flatMap((k) => readsOf(k).map((r) => r.buf)))
  for (const k of kernels) if (k.accumulate) reads.add(k.out)
  return { reads, writes: new Set(kernels.map((k) => k.out)) }
}
export const listedUnder = <K>(lists: Map<K, number[]>, key: K, j: number): void => {
  const list = lists.get(key)
  if (list) list.push(j)
  else lists.set(key, [j])
}
/** before[j]: statements that must come before j. */
export const dependencies = (fx: readonly Effects[]): Set<number>[] => {
  const before = fx.map(() => new Set<number>())
  const lastWrite = new Map<Buf, number>()
  const readers = new Map<Buf, number[]>()
  fx.forEach((f, j) => {
    const after = (i: number | undefined): void => void (i !== undefined && i !== j && before[j]!.add(i))
    for (const b of f.reads) {
      after(lastWrite.get(b))
      listedUnder(readers, b, j)
    }
    for (const b of f.writes) {
      after(lastWrite.get(b))
      for (const i of readers.get(b) ?? []) after(i)
      lastWrite.set(b, j)
      readers.delete(b)
    }
  })
  return before
}
/** The axis that an index is, if it is nothing else. */
export const plainAxis = (e: Ix | undefined): Axis | undefined =>
  e && e.c === 0 && e.t.length === 1 && e.t[0]![0] === 1 && e.t[0]![1].kind === "axis" ? e.t[0]![1] : undefined

/** Must the two stay in their order? */
export const conflict = (a: Effects, b: Effects): boolean =>
  [...a.writes].some((x) => b.reads.has(x) || b.writes.has(x)) || [...b.writes].some((x) => a.reads.has(x))
const sameIndex = (a: readonly Ix[], b: readonly Ix[]): boolean =>
  a.length === b.length && a.every((e, d) => keyOf(e) === keyOf(b[d]!))
/** Every read of `buf` by k is at the element that k writes. */
const onlyOwn = (k: Kernel, buf: Buf): boolean => readsOf(k).every((r) => r.buf !== buf || sameIndex(r.at, k.at))
const reads = (k: Kernel, buf: Buf): boolean => readsOf(k).some((r) => r.buf === buf)
/** out[i] = arg[i], nothing else: with shared memory it is nothing at all. */
export const isIdentity = (s: Stmt, arg: Buf): boolean =>
  s.k === "kernel" && !s.accumulate && s.value.k === "read" && s.value.buf === arg && sameIndex(s.value.at, s.at)

/** May `out` live in the memory of `arg`, as far as the statement that writes it is concerned? Other readers of `arg` are the scheduler's. */
export const mayOverwrite = (s: Stmt, out: Buf, arg: Buf): boolean => {
  if (s.k === "loop") return false
  if (s.k === "kernel") return s.accumulate ? !reads(s, arg) : onlyOwn(s, arg) && !(twoSided(s) && !epilogueOnly(s, arg))
  const at = s.body.findIndex((k) => k.out === out)
  return s.body.every((k, j) => {
    if (!reads(k, arg)) return true
    if (j > at) return false
    if (j === at) return onlyOwn(k, arg)
    return readsOf(k).every((r) => r.buf !== arg || s.axes.every((a, d) => plainAxis(r.at[d]) === a))
  })
}
const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))
/** Do the two write different elements, because along some dimension their remainders differ? */
export const apart = (a: Stmt, b: Stmt): boolean =>
  a.k === "kernel" &&
  b.k === "kernel" &&
  a.at.some((e, d) => {
    const terms = [...e.t, ...b.at[d]!.t]
    const step = terms.reduce((g, [k]) => gcd(g, k), 0)
    return terms.every(([, x]) => x.kind === "axis") && (e.c - b.at[d]!.c) % (step || Number.POSITIVE_INFINITY) !== 0
  })
/** `buf` is no operand of the contraction: it is read beside the sum. */
const epilogueOnly = (k: Kernel, buf: Buf): boolean => {
  let inside = false
  visit(k.value, (x) => {
    if (x.k === "reduce") visit(x.body, (y) => void (inside ||= y.k === "read" && y.buf === buf))
  })
  return !inside
}
