// The order of statements: what depends on memory comes after what fills it, donated memory is overwritten after its last other
// reader, and among what is ready the statement that frees most memory goes first.
import { size } from "../core/shape.ts"
import { bytesOf } from "../core/dtype.ts"
import type { Buf, Stmt } from "../core/ir/index.ts"
import type { Lowered } from "./lowered.ts"
import { type Effects, effectsOf, isIdentity, mayOverwrite } from "./effects.ts"

export interface Scheduled {
  readonly stmts: readonly Stmt[]
  readonly alias: readonly (number | undefined)[]
}
export const bytes = (b: Buf): number => size(b.shape) * bytesOf(b.dtype)

export const schedule = (
  stmts: readonly Stmt[],
  args: readonly Buf[],
  outs: readonly Buf[],
  donated: readonly boolean[],
): Scheduled => {
  const fx = stmts.map(effectsOf)
  const before = dependencies(fx)
  const alias = donate(stmts, fx, before, args, outs, donated)
  const order = greedy(fx, before, new Set([...args, ...outs]))
  return { stmts: order.map((j) => stmts[j]!), alias }
}
/** A copy of a donated argument to the output that has taken over its memory: a backend that shares the memory leaves it out. */
export const redundant = (l: Pick<Lowered, "args" | "outs" | "alias">, s: Stmt): boolean =>
  l.outs.some((o, k) => l.alias[k] !== undefined && s.k === "kernel" && s.out === o && isIdentity(s, l.args[l.alias[k]!]!))

/** before[j]: statements that must come before j. */
const dependencies = (fx: readonly Effects[]): Set<number>[] => {
  const before = fx.map(() => new Set<number>())
  const lastWrite = new Map<Buf, number>()
  const readers = new Map<Buf, number[]>()
  fx.forEach((f, j) => {
    const after = (i: number | undefined): void => void (i !== undefined && i !== j && before[j]!.add(i))
    for (const b of f.reads) {
      after(lastWrite.get(b))
      readers.set(b, [...(readers.get(b) ?? []), j])
    }
    for (const b of f.writes) {
      after(lastWrite.get(b))
      for (const i of readers.get(b) ?? []) after(i)
      lastWrite.set(b, j)
      readers.set(b, [])
    }
  })
  return before
}
/** Does a path of `before` lead from statement `from` back to `to`? */
const reaches = (before: readonly ReadonlySet<number>[], from: number, to: number): boolean => {
  const seen = new Set<number>()
  const stack = [from]
  for (let j = stack.pop(); j !== undefined; j = stack.pop()) {
    if (j === to) return true
    if (seen.has(j)) continue
    seen.add(j)
    stack.push(...before[j]!)
  }
  return false
}
/** Which output takes over which donated argument. Adds the anti-dependences to `before`; leaves out what would make a cycle. */
const donate = (
  stmts: readonly Stmt[],
  fx: readonly Effects[],
  before: Set<number>[],
  args: readonly Buf[],
  outs: readonly Buf[],
  donated: readonly boolean[],
): (number | undefined)[] => {
  const alias: (number | undefined)[] = outs.map(() => undefined)
  const taken = new Set<number>()
  const fits = (k: number, a: number): boolean =>
    donated[a]! &&
    !taken.has(a) &&
    alias[k] === undefined &&
    args[a]!.dtype === outs[k]!.dtype &&
    bytes(args[a]!) === bytes(outs[k]!)
  const writersOf = outs.map((o) => fx.flatMap((f, j) => (f.writes.has(o) ? [j] : [])))
  const attempt = (k: number, a: number): void => {
    const writers = writersOf[k]!
    const first = writers[0]
    if (!fits(k, a)) return
    if (first !== undefined && args[a]!.shape.join() !== outs[k]!.shape.join() && writers.some((j) => fx[j]!.reads.has(args[a]!)))
      return
    if (!writers.every((j) => mayOverwrite(stmts[j]!, outs[k]!, args[a]!))) return
    const others = fx.flatMap((f, j) => (f.reads.has(args[a]!) && !writers.includes(j) ? [j] : []))
    if (first !== undefined && others.some((j) => reaches(before, j, first))) return
    if (first !== undefined) for (const j of others) before[first]!.add(j)
    alias[k] = a
    taken.add(a)
  }
  // updates first (the writer reads the old value), then anything of the same size
  outs.forEach((_, k) => {
    args.forEach((arg, a) => {
      if (writersOf[k]!.some((j) => fx[j]!.reads.has(arg))) attempt(k, a)
    })
  })
  outs.forEach((_, k) => {
    args.forEach((_, a) => {
      attempt(k, a)
    })
  })
  return alias
}
/** List scheduling: of the ready statements, the one that frees most and allocates least; ties in the order given. */
const greedy = (fx: readonly Effects[], before: readonly ReadonlySet<number>[], fixed: ReadonlySet<Buf>): number[] => {
  const users = new Map<Buf, Set<number>>()
  fx.forEach((f, j) => {
    for (const b of [...f.reads, ...f.writes]) if (!fixed.has(b)) users.set(b, (users.get(b) ?? new Set()).add(j))
  })
  const waiting = before.map((s) => s.size)
  const after = fx.map(() => [] as number[])
  before.forEach((s, j) => {
    for (const i of s) after[i]!.push(j)
  })
  const live = new Set<Buf>()
  const gain = (j: number): number => {
    let g = 0
    for (const b of new Set([...fx[j]!.reads, ...fx[j]!.writes])) {
      const u = users.get(b)
      if (!u) continue
      if (!live.has(b)) g -= bytes(b)
      if (u.size === 1 && u.has(j)) g += bytes(b)
    }
    return g
  }
  const ready = new Set<number>(waiting.flatMap((w, j) => (w === 0 ? [j] : [])))
  const order: number[] = []
  while (ready.size > 0) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (const j of ready) {
      const g = gain(j)
      if (g > most || (g === most && j < best)) {
        best = j
        most = g
      }
    }
    ready.delete(best)
    order.push(best)
    for (const b of [...fx[best]!.reads, ...fx[best]!.writes]) {
      const u = users.get(b)
      if (!u) continue
      live.add(b)
      u.delete(best)
      if (u.size === 0) live.delete(b)
    }
    for (const j of after[best]!) if (--waiting[j]! === 0) ready.add(j)
  }
  return order
}
