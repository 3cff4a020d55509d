// Memory plan: one arena for all temporaries, by liveness over the scheduled statements; first fit, largest first.
import { type Buf, type Stmt } from "../core/ir/index.ts"
import { effectsOf } from "./effects.ts"
import type { Placed } from "./lowered.ts"
import { bytes } from "./buffers.ts"

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
/** Memory that is in use for a while. */
interface Taken extends Readonly<Life> {
  readonly from: number
  readonly to: number
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
  const walk = (list: readonly Stmt[], elsewhere: (b: Buf) => boolean): void => {
    const users = new Map<Buf, number>() // how many of these statements touch it
    if (list.some((s) => s.k === "loop")) for (const s of list) for (const b of all(s)) users.set(b, (users.get(b) ?? 0) + 1)
    list.forEach((s) => {
      const from = ++now
      if (s.k === "loop") {
        // touched outside this loop, or read before it is written in an iteration: carried, alive throughout
        const outside = (b: Buf): boolean => users.get(b)! > 1 || elsewhere(b)
        walk(s.body, outside)
        const written = new Set<Buf>()
        const carried = new Set<Buf>()
        for (const inner of s.body) {
          const f = effectsOf(inner)
          if (inner.k !== "nest") for (const b of f.reads) if (!written.has(b)) carried.add(b)
          for (const b of f.writes) written.add(b)
        }
        for (const b of all(s)) if (outside(b) || carried.has(b)) touch(b, from, now)
      } else for (const b of all(s)) touch(b, from, from)
    })
  }
  walk(stmts, () => false)
  return life
}

export const plan = (stmts: readonly Stmt[], args: readonly Buf[], outs: readonly Buf[]): Plan => {
  const life = lifetimes(stmts, new Set([...args, ...outs]))
  const temps: Placed[] = []
  let arena = 0
  const placed: Taken[] = [] // by offset
  for (const buf of [...life.keys()].sort((p, q) => bytes(q) - bytes(p) || life.get(p)!.first - life.get(q)!.first)) {
    const { first, last } = life.get(buf)!
    const needs = room(buf)
    let from = 0
    let at = 0
    for (; at < placed.length; at++) {
      const other = placed[at]!
      if (other.first > last || first > other.last) continue
      if (other.from - from >= needs) break
      if (other.to > from) from = other.to
    }
    while (at > 0 && placed[at - 1]!.from > from) at--
    placed.splice(at, 0, { first, last, from, to: from + needs })
    temps.push({ buf, offset: from })
    arena = Math.max(arena, from + needs)
  }
  let moments = 0
  for (const l of life.values()) moments = Math.max(moments, l.last)
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
