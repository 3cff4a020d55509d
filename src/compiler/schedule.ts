// The order of statements: what depends on memory comes after what fills it, donated memory is overwritten after its last other
// reader, and among what is ready the statement that frees most memory goes first.
import type { Buf, Stmt } from "../core/ir/index.ts"
import { bytes } from "./buffers.ts"
import { donate } from "./donate.ts"
import { dependencies, type Effects, effectsOf, isIdentity, listedUnder } from "./effects.ts"
import { Heap } from "./heap.ts"
import type { Lowered } from "./lowered.ts"

export interface Scheduled {
  readonly stmts: readonly Stmt[]
  readonly alias: readonly (number | undefined)[]
}

export const schedule = (
  stmts: readonly Stmt[],
  args: readonly Buf[],
  outs: readonly Buf[],
  donated: readonly boolean[],
): Scheduled => {
  const fx = stmts.map(effectsOf)
  const before = dependencies(fx)
  const alias = donate(stmts, fx, before, args, outs, donated)
  const { touched, users } = touching(fx, new Set([...args, ...outs]))
  // Always what needs least; or what frees memory, and else what the results need next. Whichever needs less in all.
  const orders = [listed(touched, before, users, undefined), listed(touched, before, users, depthFirst(before))]
  const peaks = orders.map((o) => peak(touched, o, users))
  const order = orders[peaks.indexOf(Math.min(...peaks))]!
  return { stmts: order.map((j) => stmts[j]!), alias }
}
/** A copy of a donated argument to the output that has taken over its memory: a backend that shares the memory leaves it out. */
export const redundant = (l: Pick<Lowered, "args" | "outs" | "alias">, s: Stmt): boolean =>
  l.outs.some((o, k) => l.alias[k] !== undefined && s.k === "kernel" && s.out === o && isIdentity(s, l.args[l.alias[k]!]!))

type Users = ReadonlyMap<Buf, readonly number[]>
/** The temporaries that each statement touches, and the statements that touch each. */
const touching = (
  fx: readonly Effects[],
  fixed: ReadonlySet<Buf>,
): { readonly touched: readonly Buf[][]; readonly users: Users } => {
  const users = new Map<Buf, number[]>()
  const touched = fx.map((f, j) => {
    const mine = [...new Set([...f.reads, ...f.writes])].filter((b) => !fixed.has(b))
    for (const b of mine) listedUnder(users, b, j)
    return mine
  })
  return { touched, users }
}
/** Most bytes alive at once. */
const peak = (touched: readonly Buf[][], order: readonly number[], users: Users): number => {
  const left = new Map([...users].map(([b, u]) => [b, u.length]))
  let now = 0
  let most = 0
  for (const j of order) {
    for (const b of touched[j]!) if (left.get(b) === users.get(b)!.length) now += bytes(b)
    most = Math.max(most, now)
    for (const b of touched[j]!) {
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
  before.forEach((s, j) => {
    let most = 0
    for (const i of s) if (i < j) most = Math.max(most, depth[i]!)
    depth.push(1 + most)
  })
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
  touched: readonly Buf[][],
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
  const done = new Set<number>()
  // What a statement frees less what it allocates, kept up to date for all of them.
  const gain = touched.map((bufs) => bufs.reduce((g, b) => (users.get(b)!.length === 1 ? g : g - bytes(b)), 0))
  interface Entry {
    readonly j: number
    readonly gain: number
  }
  const worth = (j: number): number => (place ? Math.max(gain[j]!, 0) : gain[j]!)
  const rank = (j: number): number => place?.[j] ?? j
  const ready = new Heap<Entry>((p, q) => p.gain > q.gain || (p.gain === q.gain && rank(p.j) < rank(q.j)))
  const enter = (j: number): void => {
    if (waiting[j] === 0 && !done.has(j)) ready.push({ j, gain: worth(j) })
  }
  const better = (j: number, by: number): void => {
    gain[j]! += by
    enter(j)
  }
  before.forEach((_, j) => {
    enter(j)
  })
  const order: number[] = []
  for (let top = ready.pop(); top; top = ready.pop()) {
    const { j } = top
    if (done.has(j) || top.gain !== worth(j)) continue // entered again since, with its new worth
    done.add(j)
    order.push(j)
    for (const b of touched[j]!) {
      const all = users.get(b)!
      const n = left.get(b)! - 1
      left.set(b, n)
      if (n === all.length - 1) for (const i of all) better(i, bytes(b)) // it is there now
      if (n === 1) for (const i of all) if (!done.has(i)) better(i, bytes(b)) // the last one frees it
    }
    for (const i of after[j]!) {
      waiting[i]!--
      enter(i)
    }
  }
  return order
}
