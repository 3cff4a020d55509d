// Which output takes over the memory of which donated argument: it is written after the argument's last other reader.
import type { Buf, Stmt } from "../core/ir/index.ts"
import { bytes } from "./buffers.ts"
import { type Effects, mayOverwrite } from "./effects.ts"
import { Order } from "./order.ts"

/** Adds to `before` what must wait for readers of donated arguments; leaves out what would make a cycle. */
export const donate = (
  stmts: readonly Stmt[],
  fx: readonly Effects[],
  before: readonly Set<number>[],
  args: readonly Buf[],
  outs: readonly Buf[],
  donated: readonly boolean[],
): (number | undefined)[] => {
  const alias: (number | undefined)[] = outs.map(() => undefined)
  if (!donated.includes(true)) return alias
  const readers = places(args, fx, "reads")
  const writers = places(outs, fx, "writes")
  const order = new Order(before)
  const numbers = new Map(args.map((b, a) => [b, a]))
  const taken = new Set<number>()
  const alike = (b: Buf): string => `${b.dtype} ${bytes(b)}`
  const attempt = (k: number, a: number, followers: (j: number) => ReadonlySet<number>): void => {
    const [out, arg] = [outs[k]!, args[a]!]
    const mine = writers.get(out)!
    const first = mine[0]
    if (!donated[a] || taken.has(a) || alias[k] !== undefined || alike(arg) !== alike(out)) return
    if (first !== undefined && arg.shape.join() !== out.shape.join() && mine.some((j) => fx[j]!.reads.has(arg))) return
    if (!mine.every((j) => mayOverwrite(stmts[j]!, out, arg))) return
    const others = readers.get(arg)!.filter((j) => !mine.includes(j))
    if (first !== undefined) {
      if (order.behind(first, others) && others.some((j) => followers(first).has(j))) return
      order.wait(first, others)
    }
    alias[k] = a
    taken.add(a)
  }
  /** All that follows one output's first writer is found at most once. */
  const attempts = (k: number, among: Iterable<number>): void => {
    let found: ReadonlySet<number> | undefined
    for (const a of among) attempt(k, a, (j) => (found ??= order.followers(j)))
  }
  // updates first (the writer reads the old value), then anything of the same size
  outs.forEach((out, k) => {
    const read = new Set(writers.get(out)!.flatMap((j) => [...fx[j]!.reads].flatMap((b) => numbers.get(b) ?? [])))
    attempts(
      k,
      [...read].sort((p, q) => p - q),
    )
  })
  const left = new Map<string, Set<number>>()
  args.forEach((b, a) => {
    if (donated[a] && !taken.has(a)) left.set(alike(b), (left.get(alike(b)) ?? new Set()).add(a))
  })
  outs.forEach((out, k) => {
    const fitting = left.get(alike(out))
    if (alias[k] !== undefined || !fitting) return
    attempts(k, fitting)
    fitting.delete(alias[k] ?? -1)
  })
  return alias
}
/** The statements that read, or write, each of the buffers. */
const places = (bufs: readonly Buf[], fx: readonly Effects[], how: "reads" | "writes"): ReadonlyMap<Buf, readonly number[]> => {
  const found = new Map<Buf, number[]>(bufs.map((b) => [b, []]))
  fx.forEach((f, j) => {
    for (const b of f[how]) found.get(b)?.push(j)
  })
  return found
}
