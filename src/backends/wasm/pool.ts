// Worker threads that help the caller's thread with programs, over one shared memory. Nothing waits for them (phases.ts): a program can be
// run at once, with those who happen to be awake. So workers are started when the programs so far were worth it, sleep when
// there has been nothing to do for some 50 microseconds, and are woken only for a program that is worth that.
import { DeviceLost } from "../errors.ts"
import type { Exports, Memory } from "./engine.ts"
import { ASLEEP, at, AWAKE, line, MOST_PHASES, MOST_THREADS, own, STEP, WAKE } from "./phases.ts"
import type { Thread, Threads } from "./threads.ts"

/** A program that threads may run together. */
export interface Job {
  readonly id: number
  readonly module: object
  readonly run: Exports[string]
  /** Vector operations that are divided. */
  readonly divided: number
  /** Milliseconds that it takes without help, of late, how often that was measured, and how often it has had help since. */
  alone: number
  measured: number
  helped: number
}
export interface PoolOptions {
  /** Workers are started at once and called for every program, whatever that costs: for tests. */
  readonly always?: boolean
  /** More functions that programs import: what makes them in a worker, JavaScript for a function of `given`. */
  readonly imports?: { readonly source: string; readonly given: unknown }
}
/** Some 10 milliseconds; starting a worker takes 30, not of this thread. */
const START = 40_000_000
/** Workers that end before they have looked for work: after so many there will be no more. */
const MOST_FAILURES = 3
/** Seconds that a thread may spend on one chunk before it counts as lost. */
const PATIENCE = 120
/** Before this ticket the count starts again, when no worker is inside a program. */
const MOST_TICKET = 2 ** 30
const ENDED = 3
/** No program has this number: a call that the caller answers alone. */
const NOBODYS = -1
/** Milliseconds: how long a thread 0 that waits for a chunk sleeps before it looks who is still alive; what workers are credited with at most;
 *  for how long they are not called when they cost more than they save. */
const SLICE = 20
const CREDIT = 5
/** What they start with, also after a pause: the first program after it waits for workers that wake. */
const TRIAL = 1
const PAUSE = 10
const LONGEST_PAUSE = 640
/** Runs alone until it is known what a program takes; the first ones are slow. Those of so many milliseconds count twice. */
const MEASURED = 3
const LONG = 20
/** After so many runs with help two without it, of which the second counts: by then the workers sleep. What was measured when the program
 *  was new, or while they looked for work on the caller's own core, would hide what they cost. */
const AGAIN = 500

/** What a worker does: look for a call, sleep if there is none, help with it if it has the program. It goes back to its event loop when
 *  there are messages for it: modules that it gets or drops. Plain JavaScript, so that it needs no file of its own. */
const script = `
const { at, own, AWAKE, ASLEEP, SPINS } = ${JSON.stringify({ at, own, AWAKE, ASLEEP, SPINS: 20_000 })}
let word, thread, env, received, seen = 0
const programs = new Map()
const load = (byte) => Atomics.load(word, byte >> 2)
const set = (what, value) => Atomics.store(word, (thread.line + own[what]) >> 2, value)
const idle = () => load(at.call) === seen && load(at.mail) === received
const help = (call) => {
  const [id, table, ticket] = [load(at.program), load(at.table), load(at.ticket)]
  if (call & 1 || load(at.call) !== call) return // being written
  const run = programs.get(id)
  if (!run && load(at.mail) !== received) return
  seen = call
  if (!run) return
  try {
    run(table, thread.id, ticket)
  } catch (e) {
    // without a chunk it has nothing to do with any run: that of its program may be over long ago
    if (load(thread.line + own.holds)) {
      Atomics.store(word, at.failed >> 2, 1)
      Atomics.add(word, at.finished >> 2, 1)
      Atomics.notify(word, at.finished >> 2)
      set("holds", 0)
    }
  }
}
const work = () => {
  while (load(at.mail) === received) {
    for (let spins = 0; spins < SPINS && idle(); spins++);
    if (idle()) {
      const bell = load(at.bell)
      set("state", ASLEEP)
      if (idle()) Atomics.wait(word, at.bell >> 2, bell)
      set("state", AWAKE)
    }
    const call = load(at.call)
    if (call === seen) continue
    set("inside", 1)
    help(load(at.call))
    set("inside", 0)
  }
}
const add = (id, module) => {
  try {
    programs.set(id, new WebAssembly.Instance(module, { env }).exports.run)
  } catch {}
}
receive((message) => {
  if (message.memory) {
    const { memory, imports } = message
    ;({ thread, received } = message)
    word = new Int32Array(memory.buffer)
    env = { memory, wait: () => {}, ...(imports && eval(imports.source)(imports.given)) }
    if (typeof process === "object") process.on("exit", () => set("state", ${ENDED}))
    for (const [id, module] of message.modules) add(id, module)
    set("state", AWAKE)
  } else {
    received = (received + 1) | 0
    if (message.module) add(message.id, message.module)
    else programs.delete(message.id)
  }
  if (load(at.mail) === received) work()
})
`

export class Pool {
  /** Threads with the caller's. */
  readonly size: number
  private readonly words: Int32Array
  private readonly memory: Memory
  private readonly host: Threads
  private readonly always: boolean
  private readonly imports: PoolOptions["imports"]
  private readonly workers: (Thread | undefined)[]
  private readonly jobs = new Map<number, Job>()
  private next = 0
  private spent = 0
  private failures = 0
  /** Has the caller slept in this run until others had finished their chunks? */
  private waited = false
  /** For how many milliseconds of this run there have been so many finished chunks. Counted, not read from a clock: that goes on while
   *  the whole process is stopped. */
  private unanswered = { finished: 0, time: 0 }
  /** Milliseconds that workers have saved of late; until when none are called, and for how long the next time. */
  private saved = TRIAL
  private aloneUntil = 0
  private pause = PAUSE

  constructor(size: number, memory: Memory, host: Threads, { always = false, imports }: PoolOptions = {}) {
    this.size = Math.min(size, MOST_THREADS)
    this.memory = memory
    this.host = host
    this.always = always
    this.imports = imports
    this.workers = Array.from({ length: this.size }, () => undefined)
    this.words = new Int32Array(memory.buffer)
  }
  private get(byte: number): number {
    return Atomics.load(this.words, byte / 4)
  }
  private set(byte: number, value: number): void {
    Atomics.store(this.words, byte / 4, value)
  }
  job(module: object, run: Exports[string], divided: number): Job {
    return { id: this.next++, module, run, divided, alone: 0, measured: 0, helped: 0 }
  }
  /** The workers forget the program. */
  remove({ id }: Job): void {
    if (this.jobs.delete(id)) this.tell({ id })
  }
  private tell(message: { readonly id: number; readonly module?: object }): void {
    Atomics.add(this.words, at.mail / 4, 1)
    for (const w of this.workers) w?.post(message)
  }

  /** Runs a program, with the workers if it is worth it. Throws what the program throws, and DeviceLost if a worker ended or failed in the
   *  middle of it; in any case nobody works on it any more afterwards. */
  run(job: Job, table: number): void {
    const ticket = this.start(job, table)
    const from = performance.now()
    if (ticket === undefined) {
      job.run(table, -1, 0)
      if (job.helped === AGAIN) {
        job.helped++
        return
      }
      job.helped = 0
      const time = performance.now() - from
      job.alone = job.measured === 0 || time < job.alone ? time : job.alone + (time - job.alone) / 8
      job.measured += time > LONG ? 2 : 1
      return
    }
    this.waited = false
    this.unanswered.time = 0
    job.helped++
    try {
      job.run(table, 0, ticket)
      if (this.get(at.failed) !== 0) this.lose("a worker thread failed in the middle of a program")
    } catch (e) {
      this.rest()
      throw e
    }
    if (!this.always) this.judge(job, performance.now() - from)
  }
  /** A worker that loses its core to another process in the middle of a chunk keeps the caller waiting for the milliseconds until it has
   *  it back. Where that costs more than the workers save, the caller goes on alone for a while. */
  private judge(job: Job, time: number): void {
    if (job.measured < MEASURED) return
    this.saved = Math.min(Math.max(CREDIT, time), this.saved + job.alone - time)
    if (this.saved >= CREDIT) this.pause = PAUSE
    if (this.saved >= 0) return
    this.saved = TRIAL
    this.aloneUntil = performance.now() + this.pause
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE)
  }
  /** Calls the workers, if it is worth it: the ticket of the program's first phase. */
  private start(job: Job, table: number): number | undefined {
    const worth = this.always || job.divided >= WAKE
    if (worth) this.spent += job.divided
    if (!this.always && this.spent < START) return undefined
    if (this.aloneUntil > 0 && performance.now() < this.aloneUntil) return undefined
    if (!this.always && this.waited && job.measured < MEASURED) {
      this.waited = false
      return undefined
    }
    if (!this.always && job.helped >= AGAIN) return undefined
    let [awake, asleep] = [false, false]
    for (let k = 1; k < this.size; k++) {
      if (!this.workers[k] && this.failures < MOST_FAILURES) this.hire(k)
      const state = this.get(line(k) + own.state)
      awake ||= state === AWAKE
      asleep ||= state === ASLEEP
    }
    if (!awake && !(asleep && worth)) return undefined
    if (!this.jobs.has(job.id)) {
      this.jobs.set(job.id, job)
      this.tell({ id: job.id, module: job.module })
    }
    Atomics.add(this.words, at.call / 4, 1)
    const ticket = this.ticket()
    this.set(at.program, ticket === undefined ? NOBODYS : job.id)
    this.set(at.table, table)
    this.set(at.ticket, ticket ?? 0)
    Atomics.add(this.words, at.call / 4, 1)
    if (asleep && worth) {
      Atomics.add(this.words, at.bell / 4, 1)
      Atomics.notify(this.words, at.bell / 4)
    }
    return ticket
  }
  /** Called while no worker can begin with a call. */
  private ticket(): number | undefined {
    const next = this.get(at.phase) + STEP
    if (next < MOST_TICKET) return next
    for (let k = 1; k < this.size; k++) if (this.get(line(k) + own.inside) !== 0) return undefined
    this.set(at.phase, 0)
    return STEP
  }
  private hire(k: number): void {
    try {
      const worker = this.host.start(script, () => this.gone(k))
      this.workers[k] = worker
      const modules = [...this.jobs.values()].map(({ id, module }) => [id, module])
      const thread = { id: k, line: line(k) }
      worker.post({ memory: this.memory, thread, received: this.get(at.mail), modules, imports: this.imports })
    } catch {
      this.failures = MOST_FAILURES
    }
  }
  private gone(k: number): void {
    if (this.get(line(k) + own.state) === 0) this.failures++
    this.workers[k] = undefined
    for (const of of [own.state, own.holds, own.inside]) this.set(line(k) + of, 0)
  }
  /** Stops a worker that hangs: what it writes to will be another program's. */
  private fire(k: number): void {
    void this.workers[k]?.stop().then(() => this.gone(k))
  }
  private ended(k: number): boolean {
    return this.get(line(k) + own.state) === ENDED || this.workers[k]?.alive() === false
  }
  /** Called by a program that has waited for chunks for some time: sleeps until there are more than `seen`. */
  readonly wait = (seen: number): void => {
    if (this.unanswered.finished !== seen) this.unanswered = { finished: seen, time: 0 }
    this.unanswered.time += this.sleep(seen, SLICE)
    this.waited = true
    if (this.get(at.finished) !== seen) return
    for (let k = 1; k < this.size; k++)
      if (this.get(line(k) + own.holds) !== 0 && this.ended(k)) this.lose("a worker thread ended in the middle of a program")
    if (this.unanswered.time > 1000 * PATIENCE) this.lose(`a worker thread has not answered for ${PATIENCE} seconds`)
  }
  /** Until there are more than `seen` finished chunks, or for so many milliseconds; how many it were, at most. */
  private sleep(seen: number, most: number): number {
    const from = performance.now()
    this.set(at.waits, 1)
    if (this.host.maySleep) Atomics.wait(this.words, at.finished / 4, seen, most)
    else while (this.get(at.finished) === seen && performance.now() < from + most);
    this.set(at.waits, 0)
    return Math.min(performance.now() - from, most)
  }
  private lose(reason: string): never {
    throw new DeviceLost({ device: "wasm", reason })
  }
  /** After an error: nobody begins with another chunk, those under way are waited for, and whoever waits for a later phase of the program
   *  goes on to its end: no program after it may use the tickets that it has left. */
  private rest(): void {
    const phase = this.get(at.phase)
    for (let k = 0; k < this.size; k++) this.set(line(k) + own.claim, phase + STEP - 1)
    for (let k = 1; k < this.size; k++) {
      const holds = (): boolean => this.get(line(k) + own.holds) !== 0 && !this.ended(k)
      for (let time = 0; holds() && time < 1000 * PATIENCE; ) time += this.sleep(this.get(at.finished), 1)
      if (holds()) this.fire(k)
      this.set(line(k) + own.holds, 0) // of one that has ended: no later run waits for it
    }
    this.set(at.phase, phase + STEP * MOST_PHASES)
    this.set(at.wanted, this.get(at.finished))
    this.set(at.waits, 0)
    this.set(at.failed, 0)
  }
  async close(): Promise<void> {
    this.failures = MOST_FAILURES
    await Promise.all(this.workers.map((w) => w?.stop()))
  }
}
