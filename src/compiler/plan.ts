// Memory plan: one arena for all temporaries, by liveness over the scheduled statements; first fit, largest first.
import { type Buf, type Stmt } from "../core/ir/index.ts"
import { effectsOf } from "./effects.ts"
import type { Placed } from "./lowered.ts"
import { bytes } from "./schedule.ts"

export interface Plan {
  readonly temps: readonly Placed[]
  readonly arena: number
  readonly bound: number
}
const ALIGN = 64
const SLACK = 32 // vector tails may read and write this far past the end of a buffer
const room = (b: Buf): number => Math.ceil((bytes(b) + SLACK) / ALIGN) * ALIGN

interface Life {
  first: number
  last: number
}
/** First and last moment at which each temporary holds something. What a loop shares with its surroundings lives for the whole loop. */
export const lifetimes = (stmts: readonly Stmt[], fixed: ReadonlySet<Buf>): Map<Buf, Life> => {
  const life = new Map<Buf, Life>()
  let now = 0
  const touch = (b: Buf, from: number, to: number): void => {
    if (fixed.has(b)) return
    const l = life.get(b)
    if (!l) life.set(b, { first: from, last: to })
    else {
      l.first = Math.min(l.first, from)
      l.last = Math.max(l.last, to)
    }
  }
  const all = (s: Stmt): Set<Buf> => {
    const f = effectsOf(s)
    return new Set([...f.reads, ...f.writes])
  }
  const walk = (list: readonly Stmt[], elsewhere: ReadonlySet<Buf>): void => {
    list.forEach((s) => {
      const from = ++now
      if (s.k === "loop") {
        // touched outside this loop, or read before it is written in an iteration: carried, alive throughout
        const outside = new Set(elsewhere)
        for (const o of list) if (o !== s) for (const b of all(o)) outside.add(b)
        walk(s.body, outside)
        const written = new Set<Buf>()
        const carried = new Set<Buf>()
        for (const inner of s.body) {
          const f = effectsOf(inner)
          if (inner.k !== "nest") for (const b of f.reads) if (!written.has(b)) carried.add(b)
          for (const b of f.writes) written.add(b)
        }
        for (const b of all(s)) if (outside.has(b) || carried.has(b)) touch(b, from, now)
      } else for (const b of all(s)) touch(b, from, from)
    })
  }
  walk(stmts, new Set())
  return life
}

export const plan = (stmts: readonly Stmt[], args: readonly Buf[], outs: readonly Buf[]): Plan => {
  const life = lifetimes(stmts, new Set([...args, ...outs]))
  const temps: Placed[] = []
  let arena = 0
  for (const buf of [...life.keys()].sort((p, q) => bytes(q) - bytes(p) || life.get(p)!.first - life.get(q)!.first)) {
    const { first, last } = life.get(buf)!
    const busy = temps
      .filter((t) => life.get(t.buf)!.first <= last && first <= life.get(t.buf)!.last)
      .map((t) => ({ from: t.offset, to: t.offset + room(t.buf) }))
      .sort((p, q) => p.from - q.from)
    let offset = 0
    for (const b of busy) {
      if (b.from - offset >= room(buf)) break
      offset = Math.max(offset, b.to)
    }
    temps.push({ buf, offset })
    arena = Math.max(arena, offset + room(buf))
  }
  const moments = Math.max(0, ...[...life.values()].map((l) => l.last))
  const at = Array.from({ length: moments + 2 }, () => 0)
  for (const [b, l] of life) {
    at[l.first]! += bytes(b)
    at[l.last + 1]! -= bytes(b)
  }
  let live = 0
  let bound = 0
  for (const d of at) bound = Math.max(bound, (live += d))
  return { temps, arena, bound }
}
