// Long reductions to few results are cut into parts: one statement reduces each part, a second one the parts' results. Threads divide
// the first. How many parts there are depends on the shapes alone, so that results do not depend on the number of threads, one included.
import { twoSided } from "../../compiler/contraction.ts"
import type { Lowered, Placed } from "../../compiler/lowered.ts"
import { bytesOf } from "../../core/dtype.ts"
import {
  type Axis,
  axis,
  type Buf,
  bufsOf,
  type Expr,
  flat,
  type Ix,
  ix,
  type Kernel,
  mapExpr,
  plus,
  read,
  type Reduce,
  reduceOver,
  type Stmt,
  substitute,
  times,
  visit,
} from "../../core/ir/index.ts"
import { size } from "../../core/shape.ts"
import { workOf } from "./reduce.ts"

/** Parts: at least and at most. A part's sum is at most MOST + 1 terms away from the whole, fewer than a register takes before it is added
 *  to the next level (cascade.ts), of which a part needs as many fewer. */
const FEWEST = 16
const MOST = 32
/** Vector operations that are worth it. */
const WORTH = 40_000
/** Rows of a part, at least; elements, where memory runs along them. */
const ROWS = 16
const RUN = 64
/** So many results can be divided themselves: in rows, in columns. */
const RESULTS = 16
const COLUMNS = 4096

const count = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.n, 1)
const coefficient = (at: readonly Ix[], of: Buf, a: Axis): number => flat(at, of.shape).t.find(([, b]) => b === a)?.[0] ?? 0

/** The one reduction of a kernel that is always computed and not inside another one. */
const reductionOf = (k: Kernel): Reduce | undefined => {
  const found = new Set<Reduce>()
  const seen = new Set<Expr>()
  let hidden = false
  const walk = (x: Expr): void => {
    if (seen.has(x)) return
    seen.add(x)
    if (x.k === "reduce") found.add(x)
    else if (x.k === "fn") x.args.forEach(walk)
    else if (x.k !== "num") visit(x, (y) => void (hidden ||= y.k === "reduce"))
  }
  walk(k.value)
  const [r] = found
  return found.size === 1 && !hidden && r && !r.upto ? r : undefined
}
/** The axis of a reduction that is cut, and into how many parts of how many. */
interface Cut {
  readonly along: Axis
  readonly parts: number
  readonly each: number
}
const cutOf = (k: Kernel, r: Reduce): Cut | undefined => {
  const reads: { readonly at: readonly Ix[]; readonly buf: Buf }[] = []
  let prefix = false
  visit(r.body, (x) => {
    if (x.k === "read") reads.push(x)
    prefix ||= x.k === "reduce" && x.upto !== undefined
  })
  if (prefix) return undefined
  const runs = (a: Axis): boolean => reads.some((x) => coefficient(x.at, x.buf, a) === 1)
  const last = k.axes.at(-1)
  const byColumn = last !== undefined && runs(last)
  const enough = byColumn ? count(k.axes.slice(0, -1)) >= RESULTS || last.n >= COLUMNS : count(k.axes) >= RESULTS
  if (enough) return undefined
  const along = r.axes.find((a) => a.n >= FEWEST * (runs(a) ? RUN : ROWS))
  if (!along || (byColumn && runs(along))) return undefined
  const unit = runs(along) ? RUN : 1
  let best: Cut | undefined
  const left = ({ parts, each }: Cut): number => along.n - parts * each
  for (let parts = FEWEST; parts <= MOST; parts++) {
    const cut = { along, parts, each: unit * Math.floor(along.n / parts / unit) }
    if (cut.each > 0 && (!best || left(cut) < left(best))) best = cut
  }
  return best
}
/** The kernels that take the place of one, and the buffer that one fills for the other. */
interface Parts {
  readonly kernels: readonly Kernel[]
  readonly partial: Buf
}
const partsOf = (k: Kernel, id: number): Parts | undefined => {
  if (k.accumulate || twoSided(k)) return undefined
  const r = reductionOf(k)
  if (!r || (count(k.axes) * count(r.axes) * (1 + workOf(r.body))) / 4 < WORTH) return undefined
  const cut = cutOf(k, r)
  if (!cut) return undefined
  const { along, parts, each } = cut
  const used = new Set<unknown>()
  visit(
    r.body,
    () => {},
    (e) => {
      for (const [, a] of e.t) used.add(a)
    },
  )
  const axes = k.axes.filter((a) => used.has(a))
  const left = along.n - parts * each
  const all = axis(parts + Math.sign(left))
  const partial: Buf = { id, shape: [all.n, ...axes.map((a) => a.n)], dtype: r.dtype, role: "temp" }
  const over = (outer: readonly Axis[], at: Ix, from: Ix, n: number): Kernel => {
    const inner = axis(n)
    const s = substitute((a) => (a === along ? plus(from, inner) : undefined))
    const body = s.expr(r.body)
    const value = reduceOver(
      r.kind,
      r.axes.map((a) => (a === along ? inner : a)),
      body,
    )
    return { k: "kernel", out: partial, axes: [...outer, ...axes], at: [at, ...axes.map(ix)], value }
  }
  const part = axis(parts)
  const whole = reduceOver(r.kind, [all], read(partial, [ix(all), ...axes.map(ix)]))
  return {
    partial,
    kernels: [
      over([part], ix(part), times(part, each), each),
      ...(left > 0 ? [over([], ix(parts), ix(parts * each), left)] : []),
      { ...k, value: mapExpr(k.value, (x) => (x === r ? whole : undefined)) },
    ],
  }
}
/** The program with its long reductions cut. All partial results share one place, behind the other temporaries. */
export const splitReductions = (l: Lowered): Lowered => {
  const partials: Buf[] = []
  let id = 0
  for (const b of [...bufsOf(l.stmts), ...l.args, ...l.outs]) id = Math.max(id, b.id + 1)
  const take = (list: readonly Stmt[]): readonly Stmt[] =>
    list.flatMap((s): readonly Stmt[] => {
      if (s.k === "loop") return [{ ...s, body: take(s.body) }]
      const parts = s.k === "kernel" ? partsOf(s, id + partials.length) : undefined
      if (!parts) return [s]
      partials.push(parts.partial)
      return parts.kernels
    })
  const stmts = take(l.stmts)
  if (partials.length === 0) return l
  const offset = 64 * Math.ceil(l.arena / 64)
  const bytes = Math.max(...partials.map((b) => bytesOf(b.dtype) * size(b.shape)))
  const temps = [...l.temps, ...partials.map((buf): Placed => ({ buf, offset }))]
  return { ...l, stmts, temps, arena: offset + bytes + 64 }
}
