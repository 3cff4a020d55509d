// Running steps where the host can reach the arrays: kernels one by one, copies, scatters and loops in JavaScript.
import type { Axis, Buf, Ix, Kind } from "../../core/ir/index.ts"
import type { Run, Step } from "./plan.ts"

export interface HostMachine {
  readonly run: (r: Run) => () => void
  /** Where a buffer is, asked at each use: memories move when they grow. */
  readonly array: (b: Buf) => () => Float32Array
  readonly setIndex: (t: Axis, v: number) => void
}
const fold: Record<Kind, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: Math.max,
  min: Math.min,
}

/** One function that runs all steps; kernels are built now. */
export const hostSteps = (steps: readonly Step[], m: HostMachine): (() => void) => {
  const now = new Map<Axis, number>()
  const build = (steps: readonly Step[]): (() => void)[] =>
    steps.map((s) => {
      switch (s.k) {
        case "run":
          return m.run(s)
        case "copy": {
          const from = m.array(s.from)
          const to = m.array(s.to)
          const wide = s.to.dtype === "u32" ? 2 : 1
          return () => to().set(from(), wide * valueOf(s.offset, now))
        }
        case "scatter": {
          const [at, value, out] = [m.array(s.at), m.array(s.value), m.array(s.out)]
          const f = fold[s.kind]
          return () => {
            const [p, v, o] = [at(), value(), out()]
            for (let u = 0; u < p.length; u++) o[p[u]!] = f(o[p[u]!]!, v[u]!)
          }
        }
        case "loop": {
          const body = build(s.body)
          return () => {
            for (let k = 0; k < s.t.n; k++) {
              const t = s.reverse ? s.t.n - 1 - k : k
              now.set(s.t, t)
              m.setIndex(s.t, t)
              for (const step of body) step()
            }
          }
        }
      }
    })
  const all = build(steps)
  return () => {
    for (const step of all) step()
  }
}
/** An index over loop axes alone. */
export const valueOf = (e: Ix, now: ReadonlyMap<Axis, number>): number => e.t.reduce((s, [q, a]) => s + q * now.get(a)!, e.c)
