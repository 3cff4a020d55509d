// Carries of a loop, in place: what a step computes for the next one goes straight to the carry's memory, where nothing that still
// needs the old value comes later. Statements that do, and that can, come first.
import { type Buf, type Expr, type Ix, type Kernel, kernelsOf, mapExpr, read, type Stmt, visit } from "../core/ir/index.ts"
import { conflict, effectsOf, mayOverwrite } from "./effects.ts"

/** Buffers that are read to compute an index. */
export const indexBufs = (stmts: readonly Stmt[]): Set<Buf> => {
  const bufs = new Set<Buf>()
  const look = (e: Ix): void => {
    for (const [, a] of e.t) if (a.x) visit(a.x, (x) => void (x.k === "read" && bufs.add(x.buf)))
  }
  for (const k of kernelsOf(stmts)) {
    visit(k.value, () => {}, look)
    k.at.forEach(look)
  }
  return bufs
}
/** Buffers by other names; not in indices. What does not name them stays the same object. */
export const renamed = (stmts: readonly Stmt[], to: ReadonlyMap<Buf, Buf>): Stmt[] => {
  const expr = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      const buf = x.k === "read" ? to.get(x.buf) : undefined
      return x.k === "read" && buf ? read(buf, x.at) : undefined
    })
  const kernel = (k: Kernel): Kernel => (names(k, to) ? { ...k, out: to.get(k.out) ?? k.out, value: expr(k.value) } : k)
  return stmts.map((s): Stmt => {
    if (s.k === "kernel") return kernel(s)
    if (!names(s, to)) return s
    return s.k === "loop" ? { ...s, body: renamed(s.body, to) } : { ...s, body: s.body.map(kernel) }
  })
}
const names = (s: Stmt, bufs: ReadonlyMap<Buf, unknown>): boolean => {
  const { reads, writes } = effectsOf(s)
  for (const b of reads) if (bufs.has(b)) return true
  for (const b of writes) if (bufs.has(b)) return true
  return false
}

/** What a step computes for a carry, and where the old value is. */
export interface Carried {
  readonly next: Buf
  readonly carry: Buf
}
/** A loop's body in which the values for the next step are written over the old ones, or copied there at its end where that cannot be. */
export const inPlace = (body: readonly Stmt[], carried: readonly Carried[], copied: (c: Carried) => Kernel): Stmt[] => {
  // statements change and move, and stay what they are to those who look them up
  interface Place {
    s: Stmt
  }
  let order = body.map((s): Place => ({ s }))
  const both = new Set(carried.flatMap((c) => [c.next, c.carry]))
  const readers = new Map<Buf, Set<Place>>()
  const writers = new Map<Buf, Set<Place>>()
  const note = (p: Place): void => {
    const { reads, writes } = effectsOf(p.s)
    for (const b of reads) if (both.has(b)) readers.set(b, (readers.get(b) ?? new Set()).add(p))
    for (const b of writes) if (both.has(b)) writers.set(b, (writers.get(b) ?? new Set()).add(p))
  }
  order.forEach(note)
  const indices = indexBufs(body)
  /** Those that still read the old value after it is overwritten come before; undefined if one cannot. */
  const readFirst = (writer: Place, carry: Buf): Place[] | undefined => {
    let at = order.indexOf(writer)
    const late = [...(readers.get(carry) ?? [])].filter((r) => r !== writer && order.indexOf(r, at) > at)
    if (late.length === 0) return order
    const moved = [...order]
    for (const r of late.sort((p, q) => order.indexOf(p) - order.indexOf(q))) {
      const from = moved.indexOf(r)
      if (moved.slice(at, from).some((p) => conflict(effectsOf(p.s), effectsOf(r.s)))) return undefined
      moved.splice(from, 1)
      moved.splice(at++, 0, r)
    }
    return moved
  }
  for (const c of carried) {
    const { next, carry } = c
    const [writer, ...others] = writers.get(next) ?? []
    const able = writer?.s.k === "kernel" && others.length === 0 && !indices.has(next) && mayOverwrite(writer.s, next, carry)
    const moved = able ? readFirst(writer, carry) : undefined
    if (moved) {
      order = moved
      for (const p of new Set([writer!, ...(readers.get(next) ?? [])])) {
        p.s = renamed([p.s], new Map([[next, carry]]))[0]!
        note(p)
      }
      readers.delete(next)
      writers.delete(next)
    } else {
      const copy = { s: copied(c) }
      order.push(copy)
      note(copy)
    }
  }
  return order.map((p) => p.s)
}
