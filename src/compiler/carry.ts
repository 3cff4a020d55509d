// Carries of a loop, in place: what a step computes for the next one goes straight to the carry's memory, where nothing that still
// needs the old value comes later. Statements that do, and that can, come first.
import { type Buf, type Expr, type Ix, type Kernel, kernelsOf, mapExpr, read, type Stmt, visit } from "../core/ir/index.ts"
import { conflict, effectsOf, mayOverwrite } from "./effects.ts"

/** Is the buffer read to compute an index? */
const inAnIndex = (k: Kernel, buf: Buf): boolean => {
  let found = false
  const look = (e: Ix): void => {
    for (const [, a] of e.t) if (a.x) visit(a.x, (x) => void (found ||= x.k === "read" && x.buf === buf))
  }
  visit(k.value, () => {}, look)
  k.at.forEach(look)
  return found
}
const renamed = (stmts: readonly Stmt[], from: Buf, to: Buf): Stmt[] => {
  const expr = (e: Expr): Expr => mapExpr(e, (x) => (x.k === "read" && x.buf === from ? read(to, x.at) : undefined))
  const kernel = (k: Kernel): Kernel => ({ ...k, out: k.out === from ? to : k.out, value: expr(k.value) })
  return stmts.map((s): Stmt => {
    if (s.k === "kernel") return kernel(s)
    return s.k === "loop" ? { ...s, body: renamed(s.body, from, to) } : { ...s, body: s.body.map(kernel) }
  })
}
/** A loop's body in which the value for the next step is written over the old one; undefined if that cannot be. */
export const inPlace = (body: readonly Stmt[], next: Buf, carry: Buf): Stmt[] | undefined => {
  const order = body.map((s) => ({ s, fx: effectsOf(s) }))
  const writers = order.filter(({ fx }) => fx.writes.has(next))
  const writer = writers[0]
  if (writers.length !== 1 || writer?.s.k !== "kernel" || !mayOverwrite(writer.s, next, carry)) return undefined
  if (kernelsOf(body).some((k) => inAnIndex(k, next))) return undefined
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
    next,
    carry,
  )
}
