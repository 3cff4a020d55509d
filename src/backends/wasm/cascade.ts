// Long float32 sums in levels. A register that has taken 64 terms is added to one of the next level and starts again from 0, and so on, so
// that no term meets a sum that has outgrown it: the error is at most (64 levels + 4) 2^-24 of the sum of magnitudes, with two levels for
// 2^12 terms a register, three for 2^18, four for 2^24, five for 2^30 (a register takes one in 16 of a contiguous row). Plain running sums lose
// n 2^-24, and stop growing at 2^24 equal terms. The order is fixed: results do not depend on the number of threads.
import type { Local, Value } from "./asm.ts"
import type { Scope } from "./frame.ts"
import type { Vec } from "./strands.ts"

type I32 = Local<"i32">
/** Terms that a register takes. */
export const RUN = 64

export interface Cascade {
  /** To be said after every n <= RUN terms. */
  readonly ran: (n: number) => void
  /** The registers' sums. */
  readonly parts: () => Vec
}
/** Registers of which each takes so many terms. Undefined if they are few. */
export const cascade = (acc: Vec, terms: number, scope: Scope): Cascade | undefined => {
  if (terms <= RUN) return undefined
  const { s } = scope
  const { f } = scope.frame
  const sums: Vec[] = [acc]
  const counts: I32[] = []
  for (let reach = RUN; reach < terms; reach *= RUN) {
    sums.push(s.let(() => s.k(0)))
    counts.push(f.let("i32", f.i32(0)))
  }
  const count = (level: number, n: number): void => {
    const [from, to, taken] = [sums[level]!, sums[level + 1], counts[level]]
    if (!to || !taken) return
    f.bump(taken, n)
    f.if(f.op("i32.ge_s", f.get(taken), f.i32(RUN)), () => {
      s.each(to, () => s.add(s.get(to), s.get(from)))
      s.each(from, () => s.k(0))
      f.set(taken, f.i32(0))
      count(level + 1, 1)
    })
  }
  return {
    ran: (n) => count(0, n),
    parts: () => sums.reduceRight((high, low) => s.let(() => s.add(s.get(high), s.get(low)))),
  }
}

/** index = 0, step, 2 step, ... below end, in runs of at most RUN; `ran` is called after each with its largest length. */
export const inRuns = (
  { f }: Scope["frame"],
  end: number,
  step: number,
  ran: ((n: number) => void) | undefined,
  body: (index: I32) => void,
): void => {
  const index = f.let("i32", f.i32(0))
  const run = (limit: () => Value<"i32">): void =>
    f.loop((again) => {
      body(index)
      f.bump(index, step)
      f.brIf(again, f.op("i32.lt_s", f.get(index), limit()))
    })
  const n = Math.ceil(end / step)
  if (!ran || n <= RUN) {
    run(() => f.i32(end))
    return ran?.(n)
  }
  const limit = f.local("i32")
  f.loop((again) => {
    const next = f.let("i32", f.op("i32.add", f.get(index), f.i32(RUN * step)))
    f.set(limit, f.select(f.get(next), f.i32(end), f.op("i32.lt_s", f.get(next), f.i32(end))))
    run(() => f.get(limit))
    ran(RUN)
    f.brIf(again, f.op("i32.lt_s", f.get(index), f.i32(end)))
  })
}
