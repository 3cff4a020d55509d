// Axis splitting: a reshape leaves i div d and i mod d in indices; splitting axis i into (i1, i0) makes them affine again.
import { type Axis, axis, type Ix, type Kernel, plus, substitute, times, visit } from "../core/ir/index.ts"

const MOST = 8 // splits per kernel: more has not occurred; the bound only guards against a cycle

export const splitAxes = (kernel: Kernel): Kernel => {
  let k = kernel
  for (let pass = 0; pass < MOST; pass++) {
    const found = candidate(k)
    if (!found) return k
    const [a, inner] = found
    const hi = axis(a.n / inner)
    const lo = axis(inner)
    const to = plus(times(hi, inner), lo)
    const s = substitute((b) => (b === a ? to : undefined))
    k = { ...k, axes: k.axes.flatMap((b) => (b === a ? [hi, lo] : [b])), at: k.at.map(s.ix), value: s.expr(k.value) }
  }
  return k
}
/** An axis under a div or mod by d with coefficient c, and the inner extent d / c that splits it evenly. */
const candidate = (k: Kernel): readonly [Axis, number] | undefined => {
  let hit: readonly [Axis, number] | undefined
  const look = (e: Ix): void => {
    for (const [, a] of e.t) {
      if (hit || (a.kind !== "div" && a.kind !== "mod")) continue
      for (const [c, b] of a.e!.t) {
        const inner = a.d! / c
        if (b.kind === "axis" && c > 0 && Number.isInteger(inner) && inner > 1 && inner < b.n && b.n % inner === 0) {
          hit = [b, inner]
          break
        }
      }
    }
  }
  visit(k.value, () => {}, look)
  k.at.forEach(look)
  return hit
}
