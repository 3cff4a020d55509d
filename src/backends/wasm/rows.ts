// Nests whose rows are a few elements long: sixteen rows at once, one in each lane. Along a row, most of each vector would be empty and
// every reduction would fold its lanes (softmax of [131072, 10]: 5.2 ns an element, so 1.4).
import {
  type Axis,
  axis,
  type Buf,
  ix,
  type Kernel,
  mapExpr,
  type Nest,
  plus,
  read,
  substitute,
  times,
  visit,
} from "../../core/ir/index.ts"
import { size } from "../../core/shape.ts"
import type { Frame } from "./frame.ts"
import { lanesPossible } from "./lanewise.ts"
import { workOf } from "./reduce.ts"

/** Rows in a block. */
const ROWS = 16
/** Longer rows are better taken one by one: of little work, and of more (`HEAVY` operations an element). */
const LONGEST = 11
const LONGEST_HEAVY = 32
const HEAVY = 24
/** Fewer rows do not fill two vectors. */
const FEWEST = 8

export interface ShortRows {
  /** Axes around everything, and the blocks of rows, of which the first `whole` are full. */
  readonly outer: readonly Axis[]
  readonly block: Axis
  readonly whole: number
  /** The nest's kernels on a full block and on the rest; the last axis of each is the row within the block,
   *  unless the rest is one row. */
  readonly full: readonly Kernel[]
  readonly rest: readonly Kernel[]
  readonly single: boolean
  /** What stood for one row in the nest's temporaries holds a block of them. */
  readonly strips: readonly Buf[]
}
const count = (axes: readonly Axis[]): number => axes.reduce((n, a) => n * a.n, 1)
const short = (k: Kernel, longest: number): boolean => {
  let most = count(k.axes)
  visit(k.value, (x) => {
    if (x.k === "reduce") most = x.upto ? Number.POSITIVE_INFINITY : Math.max(most, count(x.axes))
  })
  return !k.accumulate && most <= longest
}

export const shortRows = (nest: Nest, frame: Frame): ShortRows | undefined => {
  const row = nest.axes.at(-1)
  const longest = nest.body.reduce((n, k) => n + workOf(k.value), 0) > HEAVY ? LONGEST_HEAVY : LONGEST
  if (!row || row.n < FEWEST || !nest.body.every((k) => short(k, longest))) return undefined
  const strips = new Map<Buf, Buf>()
  for (const { out, at } of nest.body)
    if (out.role === "temp" && !frame.freeOf(at).has(row))
      strips.set(out, { ...out, id: -1 - out.id, shape: [...out.shape, ROWS] })
  const block = axis(Math.ceil(row.n / ROWS))
  const whole = Math.floor(row.n / ROWS)
  const over = (rows: number): readonly Kernel[] => {
    if (rows === 0) return []
    const lane = axis(rows)
    const s = substitute((a) => (a === row ? plus(times(block, ROWS), lane) : undefined))
    return nest.body.map((k) => {
      const strip = strips.get(k.out)
      const value = mapExpr(s.expr(k.value), (x) => {
        const to = x.k === "read" ? strips.get(x.buf) : undefined
        return to && x.k === "read" ? read(to, [...x.at, ix(lane)]) : undefined
      })
      const at = k.at.map(s.ix)
      return { ...k, out: strip ?? k.out, axes: rows > 1 ? [...k.axes, lane] : k.axes, at: strip ? [...at, ix(lane)] : at, value }
    })
  }
  const full = over(whole > 0 ? ROWS : 0)
  const rest = over(row.n - whole * ROWS)
  const possible = (whole > 0 ? full : rest).every((k) => lanesPossible([k.value], k.axes.at(-1)!, frame))
  return possible
    ? { outer: nest.axes.slice(0, -1), block, whole, full, rest, single: row.n % ROWS === 1, strips: [...strips.values()] }
    : undefined
}
export const bytesOfStrip = (b: Buf): number => 4 * size(b.shape) + 64
