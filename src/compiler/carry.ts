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
/** Buffers by other names; not in indices. */
export const renamed = (stmts: readonly Stmt[], to: ReadonlyMap<Buf, Buf>): Stmt[] => {
  const expr = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      const buf = x.k === "read" ? to.get(x.buf) : undefined
      return x.k === "read" && buf ? read(buf, x.at) : undefined
    })
  const kernel = (k: Kernel): Kernel => ({ ...k, out: to.get(k.out) ?? k.out, value: expr(k.value) })
  return stmts.map((s): Stmt => {
    if (s.k === "kernel") return kernel(s)
    return s.k === "loop" ? { ...s, body: renamed(s.body, to) } : { ...s, body: s.body.map(kernel) }
  })
}
/** A loop's body in which the value for the next step is written over the old one; undefined if that cannot be. */
export const inPlace = (body: readonly Stmt[], next: Buf, carry: Buf): Stmt[] | undefined => {
  const order = body.map((s) => ({ s, fx: effectsOf(s) }))
  const writers = order.filter(({ fx }) => fx.writes.has(next))
  const writer = writers[0]
  if (writers.length !== 1 || writer?.s.k !== "kernel" || !mayOverwrite(writer.s, next, carry)) return undefined
  if (indexBufs(body).has(next)) return undefined
  let at = order.indexOf(writer)
  for (const r of order.slice(at + 1)) {
    if (!r.fx.reads.has(carry)) continue
    const from = order.indexOf(r)
    if (order.slice(at, from).some(({ fx }) => conflict(fx, r.fx))) return undefined
    order.splice(from, 1)
    order.splice(at++, 0, r)
  }
  return renamed(
    order.map(({ s }) => s),
    new Map([[next, carry]]),
  )
}
