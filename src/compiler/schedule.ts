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
  const fixed = new Set([...args, ...outs])
  const users = usersOf(fx, fixed)
  // Always what needs least; or what frees memory, and else what the results need next. Whichever needs less in all.
  const orders = [listed(fx, before, users, undefined), listed(fx, before, users, depthFirst(before))]
  const peaks = orders.map((o) => peak(fx, o, users))
  const order = orders[peaks.indexOf(Math.min(...peaks))]!
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
type Users = ReadonlyMap<Buf, readonly number[]>
/** The statements that touch each temporary. */
const usersOf = (fx: readonly Effects[], fixed: ReadonlySet<Buf>): Users => {
  const users = new Map<Buf, number[]>()
  fx.forEach((f, j) => {
    for (const b of new Set([...f.reads, ...f.writes])) {
      if (fixed.has(b)) continue
      const list = users.get(b)
      if (list) list.push(j)
      else users.set(b, [j])
    }
  })
  return users
}
/** Most bytes alive at once. */
const peak = (fx: readonly Effects[], order: readonly number[], users: Users): number => {
  const left = new Map([...users].map(([b, u]) => [b, u.length]))
  const live = new Set<Buf>()
  let now = 0
  let most = 0
  for (const j of order) {
    const touched = [...new Set([...fx[j]!.reads, ...fx[j]!.writes])].filter((b) => left.has(b))
    for (const b of touched) {
      if (!live.has(b)) now += bytes(b)
      live.add(b)
    }
    most = Math.max(most, now)
    for (const b of touched) {
      const n = left.get(b)! - 1
      left.set(b, n)
      if (n === 0) now -= bytes(b)
    }
  }
  return most
}
/** The place of each statement in an order in which the deepest of what a statement needs comes first: what is computed again for a
 *  derivative then waits for the derivative that it meets. */
const depthFirst = (before: readonly ReadonlySet<number>[]): number[] => {
  const depth: number[] = []
  // statements come after what they depend on, but for anti-dependences: these may point ahead, and count for nothing here
  before.forEach((s, j) => depth.push(1 + Math.max(0, ...[...s].filter((i) => i < j).map((i) => depth[i]!))))
  const place: number[] = []
  let next = 0
  const stack: { readonly j: number; readonly needs: number[] }[] = []
  const seen = new Set<number>()
  const enter = (j: number): void => {
    if (seen.has(j)) return
    seen.add(j)
    stack.push({ j, needs: [...before[j]!].sort((p, q) => depth[p]! - depth[q]! || q - p) }) // taken from the end
  }
  before.forEach((_, j) => {
    enter(j)
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const need = top.needs.pop()
      if (need !== undefined) enter(need)
      else {
        place[top.j] = next++
        stack.pop()
      }
    }
  })
  return place
}
/** List scheduling: of the ready statements, the one that frees most and allocates least, ties in the order given; with `place`, the one
 *  that frees most if one does, and else the first. */
const listed = (
  fx: readonly Effects[],
  before: readonly ReadonlySet<number>[],
  users: Users,
  place: readonly number[] | undefined,
): number[] => {
  const after = before.map(() => [] as number[])
  before.forEach((s, j) => {
    for (const i of s) after[i]!.push(j)
  })
  const left = new Map([...users].map(([b, u]) => [b, u.length]))
  const waiting = before.map((s) => s.size)
  const touched = fx.map((f) => [...new Set([...f.reads, ...f.writes])].filter((b) => left.has(b)))
  const live = new Set<Buf>()
  const gainOf = (j: number): number => {
    let g = 0
    for (const b of touched[j]!) {
      if (!live.has(b)) g -= bytes(b)
      if (left.get(b) === 1) g += bytes(b)
    }
    return place ? Math.max(g, 0) : g
  }
  const rank = (j: number): number => place?.[j] ?? j
  const ready = new Map<number, number>(waiting.flatMap((w, j) => (w === 0 ? [[j, gainOf(j)]] : [])))
  const order: number[] = []
  while (ready.size > 0) {
    let best = -1
    let most = Number.NEGATIVE_INFINITY
    for (const [j, g] of ready) {
      if (g > most || (g === most && rank(j) < rank(best))) {
        best = j
        most = g
      }
    }
    ready.delete(best)
    order.push(best)
    for (const b of touched[best]!) {
      live.add(b)
      left.set(b, left.get(b)! - 1)
    }
    for (const j of after[best]!) if (--waiting[j]! === 0) ready.set(j, gainOf(j))
    for (const b of touched[best]!) for (const j of users.get(b)!) if (ready.has(j)) ready.set(j, gainOf(j))
  }
  return order
}
