// Row fusion: neighbouring kernels that agree on their leading axes, and read each other only at their own row, share one loop over
// the rows. softmax becomes max, exp, sum, divide on a row that stays in cache; what lives only inside shrinks to one row.
import {
  type Atom,
  type Axis,
  axis,
  type Buf,
  type Expr,
  type Ix,
  ix,
  type Kernel,
  mapExpr,
  type Nest,
  read,
  readsOf,
  type Stmt,
  substitute,
  visit,
} from "../core/ir/index.ts"
import { type NewBuf, twoSided } from "./contraction.ts"

/** The axis that an index is, if it is nothing else. */
export const plainAxis = (e: Ix | undefined): Axis | undefined =>
  e && e.c === 0 && e.t.length === 1 && e.t[0]![0] === 1 && e.t[0]![1].kind === "axis" ? e.t[0]![1] : undefined

/** The same place along a leading axis: one axis in both, or the only place there is. */
const sameRow = (a: Ix | undefined, b: Ix | undefined): boolean =>
  a?.t.length === 0 && b?.t.length === 0 ? a.c === b.c : plainAxis(a) !== undefined && plainAxis(a) === plainAxis(b)
/** How many leading axes k can share with the group, the last of them with more than one row; 0: none. */
const shared = (group: readonly Kernel[], k: Kernel, most: number): number => {
  if (k.accumulate || twoSided(k)) return 0
  const lead = group[0] ?? k
  let depth = 0
  while (depth < Math.min(most, k.out.shape.length) && k.out.shape[depth] === lead.out.shape[depth]) {
    const a = plainAxis(k.at[depth])
    if (k.out.shape[depth] !== 1 && !(a && k.axes.includes(a) && a.n === k.out.shape[depth])) break
    depth++
  }
  const made = new Set(group.map((g) => g.out))
  const seen = new Set(group.flatMap((g) => readsOf(g).map((r) => r.buf)))
  if (made.has(k.out) || seen.has(k.out)) return 0
  const reads = readsOf(k)
  for (const r of reads) {
    if (!made.has(r.buf)) continue
    let d = 0
    while (d < depth && sameRow(r.at[d], k.at[d])) d++
    depth = d
  }
  while (k.out.shape[depth - 1] === 1) depth--
  const related = group.length === 0 || reads.some((r) => made.has(r.buf) || seen.has(r.buf))
  return related ? depth : 0
}
const indexBufs = (group: readonly Kernel[]): Set<Buf> => {
  const bufs = new Set<Buf>()
  const look = (e: Ix): void => {
    for (const [, a] of e.t) if (a.x) visit(a.x, (x) => void (x.k === "read" && bufs.add(x.buf)))
  }
  for (const g of group) {
    visit(g.value, () => {}, look)
    g.at.forEach(look)
  }
  return bufs
}

/** `usedOutside`: is the buffer read by a kernel that is not in the list? */
export const fuseRows = (
  stmts: readonly Stmt[],
  newBuf: NewBuf,
  usedOutside: (b: Buf, inside: readonly Kernel[]) => boolean,
): Stmt[] => {
  const out: Stmt[] = []
  let group: Kernel[] = []
  let depth = 0
  const flush = (): void => {
    if (group.length < 2) out.push(...group)
    else out.push(nestOf(group, depth))
    group = []
    depth = 0
  }
  const nestOf = (group: readonly Kernel[], depth: number): Nest => {
    const rows = group[0]!.out.shape.slice(0, depth).map(axis) // an axis of one row is no loop: its index is 0
    const local = new Map<Buf, Buf>()
    const keepShape = indexBufs(group) // buffers read inside an index are left alone
    for (const g of group)
      if (g.out.role === "temp" && !keepShape.has(g.out) && !usedOutside(g.out, group))
        local.set(g.out, newBuf(g.out.shape.slice(depth), g.out.dtype))
    const shrink = (e: Expr): Expr =>
      mapExpr(e, (x) => {
        if (x.k !== "read") return undefined
        const to = local.get(x.buf)
        return to && read(to, x.at.slice(depth))
      })
    const body = group.map((g): Kernel => {
      const own = g.at.slice(0, depth).map(plainAxis)
      const s = substitute((a: Atom) => {
        const d = own.indexOf(a)
        return d >= 0 ? ix(rows[d]!) : undefined
      })
      const to = local.get(g.out)
      return {
        ...g,
        out: to ?? g.out,
        axes: g.axes.filter((a) => !own.includes(a)),
        at: g.at.slice(to ? depth : 0).map(s.ix),
        value: shrink(s.expr(g.value)),
      }
    })
    return { k: "nest", axes: rows.filter((a) => a.n > 1), body }
  }
  for (const s of stmts) {
    if (s.k !== "kernel") {
      flush()
      out.push(s.k === "loop" ? { ...s, body: fuseRows(s.body, newBuf, usedOutside) } : s)
      continue
    }
    const d = shared(group, s, group.length > 0 ? depth : Number.POSITIVE_INFINITY)
    if (d === 0) flush()
    depth = d > 0 ? d : shared([], s, Number.POSITIVE_INFINITY)
    if (depth > 0) group.push(s)
    else out.push(s)
  }
  flush()
  return out
}
