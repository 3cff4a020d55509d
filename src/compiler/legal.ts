// The rules that loop IR must obey after every pass. Run in tests, and on demand; a violation is a bug of the compiler.
import { type Atom, type Axis, type Buf, type Expr, type Ix, type Kernel, type Stmt } from "../core/ir/index.ts"
import type { Lowered } from "./lowered.ts"
import { lifetimes } from "./plan.ts"
import { bytes } from "./buffers.ts"

/** Sentences about what is wrong; empty if the program is legal. */
export const illegal = (l: Lowered): string[] => {
  const problems: string[] = []
  const say = (s: string): void => void problems.push(s)
  const filled = new Set<Buf>(l.args)
  const args = new Set(l.args)

  const index = (e: Ix, scope: ReadonlySet<Atom>, where: string): void => {
    for (const [, a] of e.t) {
      if (a.kind === "axis" && !scope.has(a)) say(`${where}: axis ${a.id} is not in scope`)
      if (a.e) index(a.e, scope, where)
      if (a.x) expr(a.x, scope, where)
    }
  }
  const seen = new WeakMap<ReadonlySet<Atom>, Set<Expr>>() // values are DAGs: what is shared is checked once in each scope
  const expr = (x: Expr, scope: ReadonlySet<Atom>, where: string): void => {
    const done = seen.get(scope) ?? new Set()
    if (done.has(x)) return
    seen.set(scope, done.add(x))
    switch (x.k) {
      case "num":
        return
      case "idx":
        return index(x.e, scope, where)
      case "read":
        if (x.at.length !== x.buf.shape.length)
          say(`${where}: b${x.buf.id} of rank ${x.buf.shape.length} is read with ${x.at.length} indices`)
        if (!filled.has(x.buf)) say(`${where}: b${x.buf.id} is read before it is written`)
        for (const e of x.at) index(e, scope, where)
        return
      case "fn":
        if (x.args.length !== x.f.arity) say(`${where}: ${x.f.name} has ${x.args.length} arguments`)
        for (const a of x.args) expr(a, scope, where)
        return
      case "guard":
        for (const c of x.when) index(c.e, scope, where)
        return expr(x.body, scope, where)
      case "reduce": {
        const inner = new Set([...scope, ...x.axes])
        if (x.upto) index(x.upto, scope, where)
        return expr(x.body, inner, where)
      }
    }
  }
  const kernel = (k: Kernel, outer: readonly Axis[]): void => {
    const where = `b${k.out.id}`
    const scope = new Set<Atom>([...outer, ...k.axes])
    if (args.has(k.out)) say(`${where}: an argument is written`)
    if (k.at.length !== k.out.shape.length) say(`${where}: of rank ${k.out.shape.length} is written with ${k.at.length} indices`)
    if (k.value.dtype !== k.out.dtype) say(`${where}: holds ${k.out.dtype}, is given ${k.value.dtype}`)
    if (k.accumulate && !filled.has(k.out)) say(`${where}: accumulates into nothing`)
    for (const e of k.at) index(e, scope, where)
    expr(k.value, scope, where)
    filled.add(k.out)
  }
  const walk = (stmts: readonly Stmt[], outer: readonly Axis[]): void => {
    for (const s of stmts) {
      if (s.k === "kernel") kernel(s, outer)
      else if (s.k === "nest") for (const k of s.body) kernel(k, [...outer, ...s.axes])
      else walk(s.body, [...outer, s.t])
    }
  }
  walk(l.stmts, [])
  l.outs.forEach((o) => {
    if (!filled.has(o) && !o.shape.includes(0)) say(`output b${o.id} is never written`)
  })
  const life = lifetimes(l.stmts, new Set([...l.args, ...l.outs]))
  const offset = new Map(l.temps.map((t) => [t.buf, t.offset]))
  const placed = [...life].map(([buf, at]) => ({ buf, at, from: offset.get(buf) ?? -1 }))
  for (const p of placed) if (p.from < 0 || p.from + bytes(p.buf) > l.arena) say(`b${p.buf.id} has no place in the arena`)
  placed.forEach((p, j) => {
    for (const q of placed.slice(j + 1)) {
      const together = p.at.first <= q.at.last && q.at.first <= p.at.last
      const overlap = p.from < q.from + bytes(q.buf) && q.from < p.from + bytes(p.buf)
      if (together && overlap) say(`b${p.buf.id} and b${q.buf.id} share memory while both are alive`)
    }
  })
  return problems
}
