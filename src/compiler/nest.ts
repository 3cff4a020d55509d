// Row fusion: neighbouring kernels that agree on their leading axes, and read each other only at their own row, share one loop over
// the rows. softmax becomes max, exp, sum, divide on a row that stays in cache; what lives only inside shrinks to one row.
import {
  type Atom,
  axis,
  type Buf,
  type Expr,
  type Ix,
  ix,
  type Kernel,
  mapExpr,
  type Nest,
  type Read,
  read,
  readsOf,
  type Stmt,
  substitute,
} from "../core/ir/index.ts"
import { indexBufs } from "./carry.ts"
import { type NewBuf, twoSided } from "./contraction.ts"
import { conflict, effectsOf, plainAxis } from "./effects.ts"

/** The same place along a leading axis: one axis in both, or the only place there is. */
const sameRow = (a: Ix | undefined, b: Ix | undefined): boolean =>
  a?.t.length === 0 && b?.t.length === 0 ? a.c === b.c : plainAxis(a) !== undefined && plainAxis(a) === plainAxis(b)
/** Leading places of what a kernel writes that are the iterations of loops around it. */
const leadOf = (k: Kernel): number => {
  let d = 0
  for (let a = plainAxis(k.at[d]); a && !k.axes.includes(a); a = plainAxis(k.at[d])) d++
  return d
}
/** How many of `depth` rows' axes a read of what `made` writes shares with the kernel that reads. */
const aligned = (r: Read, made: Kernel, k: Kernel, depth: number): number => {
  const lead = leadOf(made)
  const own = leadOf(k)
  if (!made.at.slice(0, lead).every((e, d) => sameRow(e, r.at[d]))) return 0
  let d = 0
  while (d < depth && sameRow(r.at[lead + d], k.at[own + d])) d++
  return d
}
/** How many leading axes k can share with the group, the last of them with more than one row; 0: none. */
const shared = (group: readonly Kernel[], k: Kernel, most: number, inLoop: boolean): number => {
  if (k.accumulate || twoSided(k)) return 0
  const rowsOf = (g: Kernel): readonly number[] => g.out.shape.slice(leadOf(g))
  const lead = leadOf(k)
  const mine = rowsOf(k)
  const first = rowsOf(group[0] ?? k)
  let depth = 0
  while (depth < Math.min(most, mine.length) && mine[depth] === first[depth]) {
    const a = plainAxis(k.at[lead + depth])
    if (mine[depth] !== 1 && !(a && k.axes.includes(a) && a.n === mine[depth])) break
    depth++
  }
  const made = new Map(group.map((g) => [g.out, g]))
  if (made.has(k.out)) return 0
  const reads = readsOf(k)
  let related = group.length === 0 || inLoop // the steps of a loop are small: fewer statements, fewer waits between them
  const seen = new Set<Buf>()
  for (const g of group)
    for (const r of readsOf(g)) {
      seen.add(r.buf)
      // overwritten after its row has been read
      if (r.buf === k.out) depth = aligned(r, k, g, depth)
    }
  for (const r of reads) {
    const g = made.get(r.buf)
    if (g) depth = aligned(r, g, k, depth)
    related ||= g !== undefined || seen.has(r.buf)
  }
  while (mine[depth - 1] === 1) depth--
  return related ? depth : 0
}
/** `usedOutside`: is the buffer read or written by a kernel that is not in the list? */
export const fuseRows = (
  stmts: readonly Stmt[],
  newBuf: NewBuf,
  usedOutside: (b: Buf, inside: readonly Kernel[]) => boolean,
  inLoop = false,
): Stmt[] => {
  const out: Stmt[] = []
  let group: Kernel[] = []
  let depth = 0
  let passed: Kernel[] = [] // in a loop: what came between the group's kernels, and can as well come after them
  const flush = (): void => {
    if (group.length < 2) out.push(...group)
    else out.push(nestOf(group, depth))
    const rest = passed
    group = []
    depth = 0
    passed = []
    if (rest.length > 0) out.push(...fuseRows(rest, newBuf, usedOutside, inLoop))
  }
  const nestOf = (group: readonly Kernel[], depth: number): Nest => {
    const from = leadOf(group[0]!)
    const rows = group[0]!.out.shape.slice(from, from + depth).map(axis) // an axis of one row is no loop: its index is 0
    const local = new Map<Buf, Buf>()
    const keepShape = indexBufs(group) // buffers read inside an index are left alone
    for (const g of group)
      if (g.out.role === "temp" && leadOf(g) === 0 && !keepShape.has(g.out) && !usedOutside(g.out, group))
        local.set(g.out, newBuf(g.out.shape.slice(depth), g.out.dtype))
    const shrink = (e: Expr): Expr =>
      mapExpr(e, (x) => {
        if (x.k !== "read") return undefined
        const to = local.get(x.buf)
        return to && read(to, x.at.slice(depth))
      })
    const body = group.map((g): Kernel => {
      const lead = leadOf(g)
      const own = g.at.slice(lead, lead + depth).map(plainAxis)
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
      out.push(s.k === "loop" ? { ...s, body: fuseRows(s.body, newBuf, usedOutside, true) } : s)
      continue
    }
    const d = shared(group, s, group.length > 0 ? depth : Number.POSITIVE_INFINITY, inLoop)
    const blocked = passed.some((p) => conflict(effectsOf(p), effectsOf(s)))
    if (inLoop && group.length > 0 && (d === 0 || blocked)) {
      passed.push(s)
      continue
    }
    if (d === 0) flush()
    depth = d > 0 ? d : shared([], s, Number.POSITIVE_INFINITY, inLoop)
    if (depth > 0) group.push(s)
    else out.push(s)
  }
  flush()
  return out
}
