// Rewrites of single kernels whose memory access would be slow as written: long column sums and transpositions.
import {
  type Axis,
  axis,
  type Buf,
  type Expr,
  type Ix,
  ix,
  type Kernel,
  mapExpr,
  plus,
  read,
  type Reduce,
  reduceOver,
  substitute,
  times,
  unit,
  visit,
} from "../../core/ir/index.ts"
import type { Scope } from "./frame.ts"

/** Largest divisor of n that is at most `most`. */
const divisor = (n: number, most: number): number => {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d
  return 1
}
const coefficient = (x: { readonly buf: Buf; readonly at: Kernel["at"] }, a: Axis, scope: Scope): number =>
  scope.frame.address(x).t.find(([, b]) => b === a)?.[0] ?? 0
const readsIn = (x: Expr): Extract<Expr, { k: "read" }>[] => {
  const out: Extract<Expr, { k: "read" }>[] = []
  visit(x, (y) => void (y.k === "read" && out.push(y)))
  return out
}

/** Rows taken in one pass: with three vectors of each, and of the strip, as many as there are registers. */
const ROWS = 4
/** Passes that one part of a sum takes, at least. */
const PART = 16
/** Shorter rows fit the registers of one pass over all rows. */
const LONG = 64

/** A kernel, or steps for each value of some axes. */
export type Step = Kernel | { readonly over: readonly Axis[]; readonly steps: readonly Step[] }
export interface Streamed {
  /** Axes around everything. */
  readonly outer: readonly Axis[]
  readonly strips: readonly Buf[]
  /** The axis that runs through the lanes. */
  readonly along: Axis
  /** Rows that are read. */
  readonly rows: number
  /** strip = unit; strip (kind)= some rows, again and again; out = the kernel's value of strip. */
  readonly steps: readonly Step[]
}
/** A reduction over rows, with lanes along them: rows are streamed in order, four at a time, into a strip that stays in cache. By
 *  columns instead, each step would touch another page (column sums of [2048, 2048]: 0.79 ms, so 0.24). */
export const streamed = (k: Kernel, scope: Scope): Streamed | undefined => {
  const v = k.axes.at(-1)
  if (!v || k.accumulate || v.n < LONG || coefficient({ buf: k.out, at: k.at }, v, scope) !== 1) return undefined
  const found: Reduce[] = []
  let guarded = false
  visit(k.value, (y) => {
    if (y.k === "reduce") found.push(y)
    guarded ||= y.k === "guard"
  })
  const [r] = found
  if (found.length !== 1 || guarded || !r || r.upto || r.axes.reduce((p, a) => p * a.n, 1) < 2 * ROWS) return undefined
  const reads = readsIn(r.body)
  if (!reads.some((x) => coefficient(x, v, scope) === 1 && r.axes.some((a) => coefficient(x, a, scope) !== 0))) return undefined
  if (reads.some((x) => r.axes.some((a) => Math.abs(coefficient(x, a, scope)) === 1))) return undefined
  const [strip, part] = [0, 1].map((n): Buf => ({ id: -1 - 2 * k.out.id - n, shape: [v.n], dtype: r.dtype, role: "temp" })) as [
    Buf,
    Buf,
  ]
  const w = r.axes.at(-1)!
  const others = r.axes.slice(0, -1)
  const onto = (out: Buf, value: Expr, accumulate?: Reduce["kind"]): Kernel => ({
    k: "kernel",
    out,
    axes: [v],
    at: [ix(v)],
    value,
    ...(accumulate ? { accumulate } : {}),
  })
  const neutral: Expr = { k: "num", dtype: r.dtype, v: unit(r.kind, r.dtype) }
  /** `rows` rows from `first` on. */
  const add = (out: Buf, first: Ix, rows: number): Kernel => {
    const row = axis(rows)
    const body = substitute((a) => (a === w ? plus(first, row) : undefined)).expr(r.body)
    return onto(out, reduceOver(r.kind, [row], body), r.kind)
  }
  const passes = (out: Buf, from: Ix, count: number, rows: number): Step => {
    const block = axis(count)
    return { over: [block], steps: [add(out, plus(from, times(block, rows)), rows)] }
  }
  const rows = Math.min(ROWS, w.n)
  const whole = Math.floor(w.n / rows)
  const rest = w.n - whole * rows
  const all = r.axes.reduce((p, a) => p * a.n, 1)
  // A sum is taken in parts of about as many passes as there are parts, so that no term meets a sum that has outgrown it: its error is at
  // most (sqrt(n) + 14) 2^-24 of the sum of magnitudes for n rows.
  const passesInAll = all / rows
  const long = r.dtype === "f32" && r.kind === "add" && passesInAll > PART
  const run = long ? Math.min(whole, Math.max(PART, Math.ceil(Math.sqrt(passesInAll)))) : whole
  const inPart = (steps: readonly Step[]): readonly Step[] =>
    long ? [onto(part, neutral), ...steps, onto(strip, read(part, [ix(v)]), r.kind)] : steps
  const to = long ? part : strip
  const runs = Math.floor(whole / run)
  const run0 = axis(runs)
  const left = whole - runs * run
  const sums: Step[] = [{ over: [run0], steps: inPart([passes(to, times(run0, run * rows), run, rows)]) }]
  if (left > 0) sums.push(...inPart([passes(to, ix(runs * run * rows), left, rows)]))
  if (rest > 0) sums.push(...inPart([add(to, ix(whole * rows), rest)]))
  const value = mapExpr(k.value, (e) => (e === r ? read(strip, [ix(v)]) : undefined))
  return {
    outer: k.axes.slice(0, -1),
    strips: long ? [strip, part] : [strip],
    along: v,
    rows: all,
    steps: [onto(strip, neutral), { over: others, steps: sums }, { ...k, axes: [v], value }],
  }
}

/** A kernel that writes along v what it reads along w goes tile by tile, so that each cache line read is used up while it is there
 *  (transposing [1024, 1024]: 4.5 ms, so 0.4). */
export const tiled = (k: Kernel, scope: Scope): Kernel => {
  const v = k.axes.at(-1)
  if (!v || k.accumulate || coefficient({ buf: k.out, at: k.at }, v, scope) !== 1) return k
  let reduces = false
  visit(k.value, (y) => void (reduces ||= y.k === "reduce"))
  if (reduces) return k
  const across = readsIn(k.value).filter((x) => Math.abs(coefficient(x, v, scope)) >= 16)
  const w = k.axes.find((a) => a !== v && across.some((x) => coefficient(x, a, scope) === 1))
  if (!w || v.n * w.n < 4096) return k
  const [tv, tw] = [divisor(v.n, 16), divisor(w.n, 16)]
  if (tv < 8 || tw < 4) return k
  const [v1, v0, w1, w0] = [axis(v.n / tv), axis(tv), axis(w.n / tw), axis(tw)]
  const s = substitute((a) => (a === v ? plus(times(v1, tv), v0) : a === w ? plus(times(w1, tw), w0) : undefined))
  const rest = k.axes.filter((a) => a !== v && a !== w)
  return { ...k, axes: [...rest, w1, v1, w0, v0].filter((a) => a.n > 1), at: k.at.map(s.ix), value: s.expr(k.value) }
}
