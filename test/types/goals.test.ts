// The cost of single rules, measured as a survey of shape systems did: a thousand drawn sizes, the types alone. Its generator is kept, low
// bits and all, so that the numbers compare; calls of ops, over sizes that hardly repeat, are in budgets.test.ts.
import { describe, expect, it } from "vitest"
import { instantiations } from "./cost.ts"

const CASES = 1000
/** The survey's generator. */
const lcg = (seed: number): ((n: number) => number) => {
  let s = seed
  return (n) => (s = (s * 1103515245 + 12345) & 0x7fffffff) % n
}
interface Goal {
  readonly most: number
  readonly head: string
  readonly seed: number
  readonly line: (r: (n: number) => number) => string
}
const reshape = 'import type { Reshape } from "../../../typelevel/reshape.ts"'
const image = (r: (n: number) => number): readonly [number, number, number, number] => [
  1 + r(512),
  1 + r(1024),
  1 + r(512),
  1 + r(512),
]
const goals: Readonly<Record<string, Goal>> = {
  "reshape, a leading axis stays": {
    most: 120,
    head: reshape,
    seed: 4242,
    line: (r) => {
      const [b, c, h, w] = image(r)
      return `Reshape<"r", [${b}, ${c}, ${h}, ${w}], [${b}, ${c * h * w}]> = [${b}, ${c * h * w}]`
    },
  },
  "reshape, nothing stays": {
    most: 330,
    head: reshape,
    seed: 4242,
    line: (r) => {
      const [b, c, h, w] = image(r)
      return `Reshape<"r", [${b}, ${c}, ${h}, ${w}], [${c * h * w}, ${b}]> = [${c * h * w}, ${b}]`
    },
  },
  "reshape, -1": {
    most: 850,
    head: reshape,
    seed: 4242,
    line: (r) => {
      const [b, c, h, w] = image(r)
      return `Reshape<"r", [${b}, ${c}, ${h}, ${w}], [${b}, -1]> = [${b}, ${c * h * w}]`
    },
  },
  "a convolution's size": {
    most: 260,
    head: 'import type { Windows } from "../../../typelevel/conv.ts"',
    seed: 12345,
    line: (r) => {
      for (;;) {
        const [n, k, stride, pad, dilation] = [7 + r(1018), 1 + r(11), 1 + r(4), r(6), 1 + r(3)]
        const room = n + 2 * pad - dilation * (k - 1) - 1
        if (room >= 0) return `Windows<"c", ${n}, ${k}, ${stride}, ${pad}, ${dilation}> = ${Math.floor(room / stride) + 1}`
      }
    },
  },
}

describe("goals: instantiations of a rule, over a thousand sizes", () => {
  for (const [name, { most, head, seed, line }] of Object.entries(goals))
    it(name, () => {
      const r = lcg(seed)
      const lines = Array.from({ length: CASES }, (_, k) => `export const v${k}: ${line(r)}`)
      const of = (n: number): number => instantiations(`${head}\n${lines.slice(0, n).join("\n")}\n`)
      const cost = (of(CASES) - of(1)) / (CASES - 1)
      console.log(`${name}: ${cost.toFixed(1)} of ${most}`)
      expect(cost).toBeLessThanOrEqual(most)
      expect(cost, "nothing was measured").toBeGreaterThan(50)
    })
})
