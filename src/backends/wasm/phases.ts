// How threads divide a program. Its divided statements are phases, which follow each other; a phase's outputs are cut into chunks, and
// whoever is there takes the next one. Thread 0, the caller's, goes through the program in order: it opens a phase when all before it
// is done, takes chunks like the others, and waits at the end for chunks that others have taken and not finished, never for a
// thread that has taken none. What is not divided it does alone. So nobody waits for a worker that sleeps, that the system has not
// scheduled yet, or that has ended: its work is done by those who are there, and when it comes it finds nothing to do and goes on to the
// phase that is open, or to the end.
//
// Tickets: a phase has a number, its ticket, larger by STEP than the one before, across all runs. Each thread has a range of `count` chunks,
// [0, count) of the phase, and a claim word; opening the phase stores the ticket in all claim words, and the word t means that chunks
// below t - ticket are taken. A chunk is taken by exchanging t for t + 1, first in one's own range, so that a thread meets the
// same part of the data again in the next phase while that is in its cache, then in those of the others. Tickets only grow, so an exchange
// cannot succeed in another phase than the one it was meant for (differences are taken modulo 2^32; the pool starts again from 0 before
// 2^30 when no worker is inside a program).
//
// Order of memory: all words here are sequentially consistent. What a phase reads was written before it was opened, or before the
// chunks of earlier phases were counted as finished, which thread 0 saw before it opened this one.
import type { Code, Func, Local } from "./asm.ts"
import type { Module } from "./module.ts"

/** Bytes of the memory's first page, below all blocks. Words that different threads write lie on cache lines of their own. */
export const at = {
  /** The call: its number (odd while the three words after it change), the program, its table, the ticket of its first phase. */
  call: 1024,
  program: 1028,
  table: 1032,
  ticket: 1036,
  /** Ticket of the last phase that was opened. */
  phase: 1088,
  /** What workers sleep on. */
  bell: 1152,
  /** Chunks finished by workers; whether thread 0 sleeps until there are more. */
  finished: 1216,
  waits: 1220,
  /** Thread 0 alone: chunks that it must see finished. */
  wanted: 1280,
  /** Has a worker failed inside a chunk? */
  failed: 1344,
  /** Messages sent to each worker so far. */
  mail: 1408,
} as const
/** Of thread k, from `line(k)` on: the claim word of its range, and what the pool wants to know of it. */
export const own = { claim: 0, holds: 4, state: 8, inside: 12 } as const
export const line = (k: number): number => 2048 + 64 * k
/** As many lines as there are below the first block. */
export const MOST_THREADS = 32
/** `own.state`: there is none or it is starting; it looks for work; it sleeps on the bell. */
export const AWAKE = 1
export const ASLEEP = 2

/** Tickets from phase to phase; a range has fewer chunks. */
export const STEP = 64
/** Phases of one run, at most. */
export const MOST_PHASES = 2 ** 22
/** Chunks: none is left; all of them, for a thread that runs the program alone (its number is -1). */
const NONE = -1
const WHOLE = -2
/** Looks before a thread goes to sleep: some 50 microseconds. */
const SPINS = 50_000
const FOREVER = 1e6

export interface Phases {
  /** (thread, ticket, chunks of a range, ring the bell?): thread 0 opens the phase, others wait until it is open. Their first chunk. */
  readonly enter: Func<readonly ["i32", "i32", "i32", "i32"], "i32">
  /** (thread, ticket, chunks of a range): one chunk is finished; the next one. */
  readonly next: Func<readonly ["i32", "i32", "i32"], "i32">
  /** (thread): thread 0 waits for the chunks of others. */
  readonly join: Func<readonly ["i32"], "none">
}
/** `wait` is called by a thread 0 that has looked for long at so many finished chunks, and returns when there may be more. */
export const emitPhases = (module: Module, threads: number, wait: Func<readonly ["i32"], "none">): Phases => {
  const claim = emitClaim(module, threads)
  return { enter: emitEnter(module, threads, claim), next: emitNext(module, claim), join: emitJoin(module, wait) }
}
const lineOf = (f: Code, thread: Local<"i32">) => f.op("i32.add", f.i32(line(0)), f.op("i32.shl", f.get(thread), f.i32(6)))
const bump = (f: Code, word: number, by: () => ReturnType<Code["i32"]>): void =>
  f.store("i32.store", f.i32(word), f.op("i32.add", f.load("i32.load", f.i32(word)), by()))

const emitClaim = (module: Module, threads: number): Func<readonly ["i32", "i32", "i32"], "i32"> => {
  const f = module.func(["i32", "i32", "i32"], "i32")
  const [id, ticket, count] = f.args
  const range = f.let("i32", f.get(id))
  const [k, word, t, taken] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")]
  f.set(k, f.i32(threads))
  f.loop((others) => {
    f.set(word, lineOf(f, range))
    f.loop((again) => {
      f.set(t, f.atomicLoad(f.get(word)))
      f.set(taken, f.op("i32.sub", f.get(t), f.get(ticket)))
      f.if(f.op("i32.lt_u", f.get(taken), f.get(count)), () => {
        const before = f.exchange(f.get(word), f.get(t), f.op("i32.add", f.get(t), f.i32(1)))
        f.brIf(again, f.op("i32.ne", before, f.get(t)))
        f.if(f.op("i32.eqz", f.get(id)), () => bump(f, at.wanted, () => f.i32(-1)))
        f.return(f.op("i32.add", f.op("i32.mul", f.get(range), f.get(count)), f.get(taken)))
      })
    })
    f.set(range, f.op("i32.add", f.get(range), f.i32(1)))
    f.if(f.op("i32.eq", f.get(range), f.i32(threads)), () => f.set(range, f.i32(0)))
    f.brIf(others, f.tee(k, f.op("i32.sub", f.get(k), f.i32(1))))
  })
  f.if(f.get(id), () => f.atomicStore(lineOf(f, id), f.i32(0), own.holds))
  f.i32(NONE)
  return f
}

const emitEnter = (module: Module, threads: number, claim: Func<readonly ["i32", "i32", "i32"], "i32">): Phases["enter"] => {
  const f = module.func(["i32", "i32", "i32", "i32"], "i32")
  const [id, ticket, count, ring] = f.args
  f.if(f.op("i32.lt_s", f.get(id), f.i32(0)), () => f.return(f.i32(WHOLE)))
  const open = (): void => {
    bump(f, at.wanted, () => f.op("i32.mul", f.get(count), f.i32(threads)))
    for (let k = 0; k < threads; k++) f.atomicStore(f.i32(line(k)), f.get(ticket))
    f.atomicStore(f.i32(at.phase), f.get(ticket))
    f.if(f.get(ring), () => {
      f.drop(f.atomicAdd(f.i32(at.bell), f.i32(1)))
      f.drop(f.notify(f.i32(at.bell), f.i32(threads)))
    })
  }
  const closed = () => f.op("i32.lt_s", f.op("i32.sub", f.atomicLoad(f.i32(at.phase)), f.get(ticket)), f.i32(0))
  const wait = (): void => {
    const [spins, bell] = [f.let("i32", f.i32(SPINS)), f.local("i32")]
    f.loop((again) =>
      f.if(closed(), () => {
        f.brIf(again, f.tee(spins, f.op("i32.sub", f.get(spins), f.i32(1))))
        f.set(bell, f.atomicLoad(f.i32(at.bell)))
        f.atomicStore(lineOf(f, id), f.i32(ASLEEP), own.state)
        f.if(closed(), () => f.drop(f.wait(f.i32(at.bell), f.get(bell), FOREVER)))
        f.atomicStore(lineOf(f, id), f.i32(AWAKE), own.state)
        f.set(spins, f.i32(SPINS))
        f.br(again)
      }),
    )
    // Said before a chunk is taken: who stops the program waits for those who may hold one.
    f.atomicStore(lineOf(f, id), f.i32(1), own.holds)
  }
  f.if(f.op("i32.eqz", f.get(id)), open, wait)
  f.call(claim, f.get(id), f.get(ticket), f.get(count))
  return f
}

const emitNext = (module: Module, claim: Func<readonly ["i32", "i32", "i32"], "i32">): Phases["next"] => {
  const f = module.func(["i32", "i32", "i32"], "i32")
  const [id, ticket, count] = f.args
  f.if(f.get(id), () => {
    f.drop(f.atomicAdd(f.i32(at.finished), f.i32(1)))
    f.if(f.atomicLoad(f.i32(at.waits)), () => f.drop(f.notify(f.i32(at.finished), f.i32(1))))
  })
  f.call(claim, f.get(id), f.get(ticket), f.get(count))
  return f
}

const emitJoin = (module: Module, wait: Func<readonly ["i32"], "none">): Phases["join"] => {
  const f = module.func(["i32"], "none")
  const [id] = f.args
  const [spins, seen] = [f.let("i32", f.i32(SPINS)), f.local("i32")]
  const missing = () => f.op("i32.ne", f.tee(seen, f.atomicLoad(f.i32(at.finished))), f.load("i32.load", f.i32(at.wanted)))
  f.if(f.get(id), () => f.return())
  f.loop((again) =>
    f.if(missing(), () => {
      f.brIf(again, f.tee(spins, f.op("i32.sub", f.get(spins), f.i32(1))))
      f.set(spins, f.i32(SPINS))
      f.call(wait, f.get(seen))
      f.br(again)
    }),
  )
  return f
}

/** One divided statement: its function enters the phase, and runs once for each chunk that it gets. */
export interface Team {
  readonly size: number
  /** This thread among those that share memory: 0 for one that runs the program alone. */
  readonly id: Local<"i32">
  /** The thread's number as it is given to the functions above, and the ticket of the phase. */
  readonly thread: Local<"i32">
  readonly ticket: Local<"i32">
  readonly phases: Phases
  /** Vector operations below which a statement is not worth dividing. */
  readonly least: number
}
/** Vector operations of a chunk, at least: some 5 microseconds. */
const GRAIN = 20_000
/** Chunks of a thread's range, smaller and smaller, so that a thread that is slowed down leaves little behind. */
const MOST_CHUNKS = 4
/** Work of a phase for which sleeping workers are woken: some 100 microseconds; waking takes 40, and 5 of thread 0. */
export const WAKE = 400_000

/** This part's limits [from, to) of n things in units; undefined if there is nothing to divide. All code that follows runs for each
 *  chunk, until `close`. `again`: vector operations that every chunk repeats. */
export class Division {
  readonly limits: readonly [Local<"i32">, Local<"i32">]
  readonly close: () => void

  constructor(f: Code, team: Team, n: number, unit: number, work: number, again: number) {
    const { size, id, thread, ticket, phases } = team
    let step = unit
    while (Math.ceil(n / step) * size * MOST_CHUNKS * (MOST_CHUNKS + 1) >= 2 ** 31) step *= 2
    const units = Math.ceil(n / step)
    let count = Math.max(1, Math.min(MOST_CHUNKS, Math.floor(units / size), Math.floor(work / (size * GRAIN))))
    while (count > 1 && count * size * again > work / 32) count--
    const chunk = f.local("i32")
    f.first(() => {
      f.set(chunk, f.call(phases.enter, f.get(thread), f.get(ticket), f.i32(count), f.i32(work >= WAKE ? 1 : 0)))
      f.if(f.op("i32.eq", f.get(chunk), f.i32(NONE)), () => f.return())
      f.set(id, f.select(f.get(thread), f.i32(0), f.op("i32.gt_s", f.get(thread), f.i32(0))))
    })
    const label = f.begin()
    const whole = (): ReturnType<Code["i32"]> => f.op("i32.eq", f.get(chunk), f.i32(WHOLE))
    // A range's chunks are as count, ..., 2, 1: those before the k-th are k (2 count + 1 - k) of count (count + 1).
    const shares = count * (count + 1)
    const range = f.let("i32", f.op("i32.div_u", f.get(chunk), f.i32(count)))
    const first = f.let("i32", f.op("i32.sub", f.get(chunk), f.op("i32.mul", f.get(range), f.i32(count))))
    const bound = (more: number, all: number): Local<"i32"> => {
      const k = f.let("i32", f.op("i32.add", f.get(first), f.i32(more)))
      const before = f.op("i32.mul", f.get(k), f.op("i32.sub", f.i32(2 * count + 1), f.get(k)))
      const share = f.op("i32.add", f.op("i32.mul", f.get(range), f.i32(shares)), before)
      const part = f.op("i32.div_u", f.op("i32.mul", share, f.i32(units)), f.i32(size * shares))
      const x = f.let("i32", f.op("i32.mul", part, f.i32(step)))
      f.set(x, f.select(f.get(x), f.i32(n), f.op("i32.lt_s", f.get(x), f.i32(n))))
      f.set(x, f.select(f.i32(all), f.get(x), whole()))
      return x
    }
    this.limits = [bound(0, 0), bound(1, n)]
    this.close = () => {
      f.if(f.op("i32.ne", f.get(chunk), f.i32(WHOLE)), () => {
        f.set(chunk, f.call(phases.next, f.get(thread), f.get(ticket), f.i32(count)))
        f.brIf(label, f.op("i32.ne", f.get(chunk), f.i32(NONE)))
      })
      f.end()
    }
  }
}
