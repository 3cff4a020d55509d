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
import { dependencies, effectsOf, plainAxis } from "./effects.ts"
import { Heap } from "./heap.ts"

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
/** Kernels that share their rows, and what they read and write. */
class Group {
  readonly kernels: Kernel[] = []
  depth = Number.POSITIVE_INFINITY
  private readonly made = new Map<Buf, Kernel>()
  private readonly readers = new Map<Buf, { readonly r: Read; readonly g: Kernel }[]>()
  add(k: Kernel, depth: number): void {
    this.kernels.push(k)
    this.depth = depth
    this.made.set(k.out, k)
    for (const r of readsOf(k)) {
      const list = this.readers.get(r.buf)
      if (list) list.push({ r, g: k })
      else this.readers.set(r.buf, [{ r, g: k }])
    }
  }
  /** How many leading axes k can share with the group, the last of them with more than one row; 0: none. */
  shared(k: Kernel, inLoop: boolean): number {
    const { made, readers } = this
    if (k.accumulate || twoSided(k) || made.has(k.out)) return 0
    const rowsOf = (g: Kernel): readonly number[] => g.out.shape.slice(leadOf(g))
    const lead = leadOf(k)
    const mine = rowsOf(k)
    const first = rowsOf(this.kernels[0] ?? k)
    let depth = 0
    while (depth < Math.min(this.depth, mine.length) && mine[depth] === first[depth]) {
      const a = plainAxis(k.at[lead + depth])
      if (mine[depth] !== 1 && !(a && k.axes.includes(a) && a.n === mine[depth])) break
      depth++
    }
    let related = this.kernels.length === 0 || inLoop // the steps of a loop are small: fewer statements, fewer waits between them
    // overwritten after its row has been read
    for (const { r, g } of readers.get(k.out) ?? []) depth = aligned(r, k, g, depth)
    for (const r of readsOf(k)) {
      const g = made.get(r.buf)
      if (g) depth = aligned(r, g, k, depth)
      related ||= g !== undefined || readers.has(r.buf)
    }
    while (mine[depth - 1] === 1) depth--
    return related ? depth : 0
  }
}
/** `usedOutside`: is the buffer read or written by a kernel that is not in the list? */
export const fuseRows = (
  stmts: readonly Stmt[],
  newBuf: NewBuf,
  usedOutside: (b: Buf, inside: ReadonlySet<Kernel>) => boolean,
  inLoop = false,
): Stmt[] => {
  const out: Stmt[] = []
  const emit = ({ kernels, depth }: Group): void => {
    if (kernels.length < 2) out.push(...kernels)
    else out.push(nestOf(kernels, depth))
  }
  const nestOf = (group: readonly Kernel[], depth: number): Nest => {
    const from = leadOf(group[0]!)
    const rows = group[0]!.out.shape.slice(from, from + depth).map(axis) // an axis of one row is no loop: its index is 0
    const local = new Map<Buf, Buf>()
    const keepShape = indexBufs(group) // buffers read inside an index are left alone
    const inside = new Set(group)
    for (const g of group)
      if (g.out.role === "temp" && leadOf(g) === 0 && !keepShape.has(g.out) && !usedOutside(g.out, inside))
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
  /** Kernels that follow each other. */
  const neighbours = (kernels: readonly Kernel[]): void => {
    let group = new Group()
    for (const k of kernels) {
      let depth = group.shared(k, false)
      if (depth === 0) {
        emit(group)
        group = new Group()
        depth = group.shared(k, false)
      }
      if (depth > 0) group.add(k, depth)
      else out.push(k)
    }
    emit(group)
  }
  /** In a loop: all that can join the first, what comes between them can as well come after them; then the same with the rest. */
  const gathered = (kernels: readonly Kernel[]): void => {
    const before = dependencies(kernels.map(effectsOf))
    const after = kernels.map(() => [] as number[])
    before.forEach((s, j) => {
      for (const i of s) after[i]!.push(j)
    })
    const waiting = before.map((s) => s.size)
    const done = new Set<number>()
    const able = kernels.map((k) => new Group().shared(k, true) > 0)
    let ready = new Heap<number>((i, j) => i < j)
    const enter = (j: number): void => {
      if (waiting[j] === 0 && able[j]) ready.push(j)
    }
    const finish = (j: number): void => {
      done.add(j)
      for (const i of after[j]!) {
        waiting[i]!--
        enter(i)
      }
    }
    kernels.forEach((_, j) => {
      enter(j)
    })
    kernels.forEach((k, j) => {
      if (done.has(j)) return
      if (!able[j]) {
        out.push(k)
        finish(j)
        return
      }
      const group = new Group()
      const rest = new Heap<number>((p, q) => p < q)
      for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
        const depth = group.shared(kernels[i]!, true)
        if (depth > 0) {
          group.add(kernels[i]!, depth)
          finish(i)
        } else rest.push(i)
      }
      ready = rest
      emit(group)
    })
  }
  for (let j = 0; j < stmts.length; ) {
    const s = stmts[j]!
    if (s.k !== "kernel") {
      out.push(s.k === "loop" ? { ...s, body: fuseRows(s.body, newBuf, usedOutside, true) } : s)
      j++
      continue
    }
    const kernels: Kernel[] = []
    for (let k: Stmt | undefined = s; k?.k === "kernel"; k = stmts[++j]) kernels.push(k)
    if (inLoop) gathered(kernels)
    else neighbours(kernels)
  }
  return out
}
