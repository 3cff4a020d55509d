// Is each element read at most once over the axes in scope? If not, inlining a costly producer there would recompute it.
import type { Atom, Axis, Ix } from "../core/ir/index.ts"

/** Rows of an index determine variables: a row whose unknown variables form a mixed radix (each coefficient larger than all that the
 *  smaller ones can add up to) fixes them all. An axis that occurs as y/d and y%d counts as two variables. */
export const injective = (rows: readonly Ix[], axes: readonly Axis[]): boolean => {
  const live = new Set<Atom>(axes.filter((a) => a.n > 1))
  const splitBy = new Map<Atom, number>()
  const alone = (a: Atom): Atom | undefined =>
    a.e && a.e.t.length === 1 && a.e.t[0]![0] === 1 && live.has(a.e.t[0]![1]) ? a.e.t[0]![1] : undefined
  for (const e of rows)
    for (const [, a] of e.t) {
      const y = alone(a)
      if (y) splitBy.set(y, a.d!)
    }
  interface Variable {
    readonly name: string
    readonly coefficient: number
    readonly extent: number
  }
  const variables = (e: Ix, scale: number): Variable[] =>
    e.t.flatMap(([k, a]): Variable[] => {
      const y = alone(a)
      const d = splitBy.get(a)
      if (y && splitBy.get(y) === a.d)
        return [{ name: y.id + a.kind, coefficient: scale * k, extent: a.kind === "mod" ? a.d! : Math.ceil(y.n / a.d!) }]
      if (a.kind === "axis") {
        if (!live.has(a)) return []
        if (d === undefined) return [{ name: String(a.id), coefficient: scale * k, extent: a.n }]
        return [
          { name: `${a.id}div`, coefficient: scale * k * d, extent: Math.ceil(a.n / d) },
          { name: `${a.id}mod`, coefficient: scale * k, extent: d },
        ]
      }
      return a.kind === "div" ? variables(a.e!, (scale * k) / a.d!) : [] // a division under a guard is exact
    })
  const left = new Set([...live].flatMap((a) => (splitBy.has(a) ? [`${a.id}div`, `${a.id}mod`] : [String(a.id)])))
  const all = rows.map((e) => variables(e, 1))
  for (let progress = true; progress && left.size > 0; ) {
    progress = false
    for (const row of all) {
      const unknown = row.filter((v) => left.has(v.name)).sort((p, q) => Math.abs(p.coefficient) - Math.abs(q.coefficient))
      if (unknown.length === 0 || new Set(unknown.map((v) => v.name)).size < unknown.length) continue
      let reach = 0
      const radix = unknown.every((v) => {
        const fits = Math.abs(v.coefficient) > reach
        reach += Math.abs(v.coefficient) * (v.extent - 1)
        return fits
      })
      if (!radix) continue
      for (const v of unknown) left.delete(v.name)
      progress = true
    }
  }
  return left.size === 0
}
