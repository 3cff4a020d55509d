// Walking and rewriting loop IR. Expressions are DAGs, so every walk visits a shared node once.
import { type Atom, div, dyn, type Ix, mod, plus, times } from "./ix.ts"
import { type Buf, call, type Cond, type Expr, guard, idx, type Read, read, reduceOver } from "./expr.ts"
import type { Kernel, Stmt } from "./stmt.ts"

/** Every expression below x once, and every index. Indices computed from memory (dyn) are entered. */
export const visit = (x: Expr, f: (x: Expr) => void, g: (e: Ix) => void = () => {}): void => {
  const seen = new Set<Expr>()
  const index = (e: Ix): void => {
    g(e)
    for (const [, a] of e.t) {
      if (a.e) index(a.e)
      if (a.x) go(a.x)
    }
  }
  const go = (x: Expr): void => {
    if (seen.has(x)) return
    seen.add(x)
    f(x)
    if (x.k === "idx") index(x.e)
    else if (x.k === "read") x.at.forEach(index)
    else if (x.k === "fn") x.args.forEach(go)
    else if (x.k === "guard") {
      for (const c of x.when) index(c.e)
      go(x.body)
    } else if (x.k === "reduce") {
      if (x.upto) index(x.upto)
      go(x.body)
    }
  }
  go(x)
}
const found = new WeakMap<Kernel, readonly Read[]>()
/** Every read of a kernel: in its value and in its indices, store index included. Kernels never change: looked for once. */
export const readsOf = (k: Kernel): readonly Read[] => {
  let out = found.get(k)
  if (!out) found.set(k, (out = reads(k)))
  return out
}
const reads = (k: Kernel): Read[] => {
  const out: Read[] = []
  const take = (x: Expr): void => void (x.k === "read" && out.push(x))
  visit(k.value, take)
  for (const e of k.at) visit(idx(e, "i32"), take)
  return out
}
/** All kernels below the statements, in order. */
export const kernelsOf = (stmts: readonly Stmt[]): Kernel[] => stmts.flatMap((s) => (s.k === "kernel" ? [s] : kernelsOf(s.body)))
export const bufsOf = (stmts: readonly Stmt[]): Set<Buf> =>
  new Set(kernelsOf(stmts).flatMap((k) => [...readsOf(k).map((r) => r.buf), k.out]))

/** Replaces atoms (axes) in an index or expression; results are normalised again. */
export type Substitution = (a: Atom) => Ix | undefined

export const substitute = (m: Substitution): { ix(e: Ix): Ix; expr(x: Expr): Expr } => {
  const memo = new Map<Expr, Expr>()
  const ixs = (e: Ix): Ix =>
    plus(
      e.c,
      ...e.t.map(([k, a]) => {
        const r = m(a)
        if (r) return times(r, k)
        if (a.kind === "div") return times(div(ixs(a.e!), a.d!), k)
        if (a.kind === "mod") return times(mod(ixs(a.e!), a.d!), k)
        return times(a.kind === "dyn" ? dyn(expr(a.x!), a.n) : a, k)
      }),
    )
  const cond = (c: Cond): Cond => ({ ...c, e: ixs(c.e) })
  const expr = (x: Expr): Expr => {
    const hit = memo.get(x)
    if (hit) return hit
    const y = rebuilt(x)
    memo.set(x, y)
    return y
  }
  const rebuilt = (x: Expr): Expr => {
    switch (x.k) {
      case "num":
        return x
      case "idx":
        return idx(ixs(x.e), x.dtype)
      case "read":
        return read(x.buf, x.at.map(ixs))
      case "fn":
        return call(x.f, x.args.map(expr), x.dtype)
      case "guard":
        return guard(x.when.map(cond), expr(x.body), x.other)
      case "reduce": {
        const axes = x.axes.flatMap((a) => m(a)?.t.map(([, b]) => b) ?? [a])
        return reduceOver(x.kind, axes, expr(x.body), x.upto && ixs(x.upto), x.tag)
      }
    }
  }
  return { ix: ixs, expr }
}
/** Rebuilds an expression with some of its nodes replaced; shared nodes stay shared. */
export const mapExpr = (x: Expr, f: (x: Expr) => Expr | undefined): Expr => {
  const memo = new Map<Expr, Expr>()
  const go = (x: Expr): Expr => {
    let y = memo.get(x)
    if (!y)
      memo.set(
        x,
        (y =
          f(x) ??
          (x.k === "fn" ? { ...x, args: x.args.map(go) } : x.k === "guard" || x.k === "reduce" ? { ...x, body: go(x.body) } : x)),
      )
    return y
  }
  return go(x)
}
