// The shape of a kernel's threads, and its axes as numbers made from their indices.
import type { Atom, Axis } from "../../core/ir/index.ts"

/** Largest dividend whose quotient by a rounded reciprocal is exact: (e + 1/2) / d is off by 1.2e-7 e / d, and 1/2d away from a whole. */
export const EXACT_QUOTIENT = 3_000_000

/** Threads in up to three dimensions, x fastest, where the innermost axes fit them well; else in one. */
export const threads = (axes: readonly Axis[], fits: (x: number, y: number) => boolean): number[] => {
  const sizes = axes.map((a) => a.n)
  const total = sizes.reduce((n, m) => n * m, 1)
  const x = sizes.at(-1) ?? 1
  const y = sizes.at(-2) ?? 1
  const z = sizes.slice(0, -2).reduce((n, m) => n * m, 1)
  if (axes.length < 2 || !fits(x, y) || Math.max(x, y, z) > 65535) return [Math.max(total, 1)]
  return axes.length === 2 ? [x, y] : [x, y, z]
}
export const bindThreads = (
  axes: readonly Axis[],
  output: readonly number[],
  names: Map<Atom, string>,
  keep: (text: string) => string,
): void => {
  const split = (rest: string, axes: readonly Axis[]): void => {
    const n = axes.reduce((n, a) => n * a.n, 1)
    let left = n
    for (let k = axes.length - 1; k >= 0; k--) {
      const a = axes[k]!
      if (k === 0) {
        names.set(a, rest)
        return
      }
      const q = keep(divided(rest, a.n, left))
      const exact = left < EXACT_QUOTIENT ? q : keep(`${q}+(${rest}-${q}*${a.n}>=${a.n}?1:0)-(${rest}-${q}*${a.n}<0?1:0)`)
      names.set(a, keep(`${rest}-${exact}*${a.n}`))
      rest = exact
      left /= a.n
    }
  }
  if (output.length === 1) return split(keep("this.thread.x+0"), axes)
  names.set(axes.at(-1)!, keep("this.thread.x+0"))
  names.set(axes.at(-2)!, keep("this.thread.y+0"))
  if (output.length === 3) split(keep("this.thread.z+0"), axes.slice(0, -2))
}
const divided = (x: string, d: number, n: number): string =>
  n < EXACT_QUOTIENT ? `Math.floor((${x}+0.5)*${Math.fround(1 / d)})` : `Math.floor(${x}*${Math.fround(1 / d)})`
