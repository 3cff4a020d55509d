// Where a program's arrays live: its own arguments and results, and temporaries that share memory when their lives do not overlap.
import type { Buf } from "../../core/ir/index.ts"
import { sizeOf } from "./sizes.ts"
import type { Step } from "./plan.ts"

/** A temporary's place: which piece of memory; pieces are as large as their largest tenant. */
export interface Layout {
  readonly piece: ReadonlyMap<Buf, number>
  /** Floats of each piece. */
  readonly sizes: readonly number[]
}
/** First and last step (in running order) that touches each buffer. What a loop touches lives for the whole loop. */
const lives = (steps: readonly Step[]): Map<Buf, [number, number]> => {
  const span = new Map<Buf, [number, number]>()
  let now = 0
  const touch = (b: Buf, from: number, to: number): void => {
    const s = span.get(b)
    if (s) {
      s[0] = Math.min(s[0], from)
      s[1] = Math.max(s[1], to)
    } else span.set(b, [from, to])
  }
  const walk = (steps: readonly Step[], all: Set<Buf>): void => {
    for (const s of steps) {
      now++
      if (s.k === "loop") {
        const from = now
        const inside = new Set<Buf>()
        walk(s.body, inside)
        for (const b of inside) touch(b, from, now)
        for (const b of inside) all.add(b)
      } else
        for (const b of s.k === "run" ? [...s.source.inputs, s.out] : s.k === "copy" ? [s.from, s.to] : [s.at, s.value, s.out]) {
          touch(b, now, now)
          all.add(b)
        }
    }
  }
  walk(steps, new Set())
  return span
}
/** Smallest free piece that is large enough, else the largest free one grows, else a new one. */
export const layOut = (steps: readonly Step[]): Layout => {
  const temps = [...lives(steps)].filter(([b]) => b.role === "temp").sort(([, a], [, b]) => a[0] - b[0])
  const piece = new Map<Buf, number>()
  const sizes: number[] = []
  const busyUntil: number[] = []
  for (const [b, [from, to]] of temps) {
    const n = sizeOf(b)
    const free = sizes.map((_, k) => k).filter((k) => busyUntil[k]! < from)
    const large = free.filter((k) => sizes[k]! >= n).sort((x, y) => sizes[x]! - sizes[y]!)[0]
    const k = large ?? free.sort((x, y) => sizes[y]! - sizes[x]!)[0] ?? sizes.length
    sizes[k] = Math.max(sizes[k] ?? 0, n)
    busyUntil[k] = to
    piece.set(b, k)
  }
  return { piece, sizes }
}
