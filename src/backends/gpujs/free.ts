// What expressions and indices depend on.
import type { Atom, Expr, Ix } from "../../core/ir/index.ts"

/** The axes that expressions and indices depend on, each computed once. Axes bound inside do not count. */
export const freeAxes = (): {
  of(x: Expr): ReadonlySet<Atom>
  ofIx(e: Ix): ReadonlySet<Atom>
  ofAtom(a: Atom): ReadonlySet<Atom>
} => {
  const memo = new Map<Expr, ReadonlySet<Atom>>()
  const union = (sets: readonly ReadonlySet<Atom>[]): ReadonlySet<Atom> =>
    sets.length === 1 ? sets[0]! : new Set(sets.flatMap((s) => [...s]))
  const ofAtom = (a: Atom): ReadonlySet<Atom> => (a.kind === "axis" ? new Set([a]) : a.x ? of(a.x) : ofIx(a.e!))
  const ofIx = (e: Ix): ReadonlySet<Atom> => union(e.t.map(([, a]) => ofAtom(a)))
  const of = (x: Expr): ReadonlySet<Atom> => {
    const hit = memo.get(x)
    if (hit) return hit
    const s = compute(x)
    memo.set(x, s)
    return s
  }
  const compute = (x: Expr): ReadonlySet<Atom> => {
    switch (x.k) {
      case "num":
        return new Set()
      case "idx":
        return ofIx(x.e)
      case "read":
        return union(x.at.map(ofIx))
      case "fn":
        return union(x.args.map(of))
      case "guard":
        return union([of(x.body), ...x.when.map((c) => ofIx(c.e))])
      case "reduce": {
        const s = new Set([...of(x.body), ...(x.upto ? ofIx(x.upto) : [])])
        for (const a of x.axes) s.delete(a)
        return s
      }
    }
  }
  return { of, ofIx, ofAtom }
}
