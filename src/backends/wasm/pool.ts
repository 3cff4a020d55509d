// Worker threads that run programs together with the caller's thread, over one shared memory. All threads run the same function of the
// same module with their number; the meeting at the program's end is how the caller knows that all are done.
import { DeviceUnavailable } from "../errors.ts"
import { MEETING } from "./barrier.ts"
import type { Memory } from "./engine.ts"

/** Words of the memory's first page, on cache lines of their own: the number of the call, the program, its table. */
const CALL = MEETING + 64
const PROGRAM = CALL + 64
const TABLE = PROGRAM + 64

interface Thread {
  postMessage(message: unknown): void
  unref(): void
  terminate(): Promise<unknown>
}
interface Threads {
  readonly Worker: new (source: string, options: { readonly eval: true; readonly workerData: unknown }) => Thread
}

/** What a worker does: wait for a call (looking for some 50 microseconds before it sleeps), fetch a program that it does not have yet,
 *  run it. Plain JavaScript, so that it needs no file of its own. */
const worker = `
const { workerData: { memory, thread, words: [call, program, table] }, parentPort, receiveMessageOnPort } = require("node:worker_threads")
const word = new Int32Array(memory.buffer)
const programs = new Map()
const fetch = (id) => {
  for (;;) {
    const got = receiveMessageOnPort(parentPort)
    if (!got) continue
    const { id: of, module } = got.message
    if (module) programs.set(of, new WebAssembly.Instance(module, { env: { memory } }).exports.run)
    else programs.delete(of)
    if (programs.has(id)) return programs.get(id)
  }
}
for (let seen = 0; ; ) {
  for (let spins = 0; spins < 20000 && Atomics.load(word, call) === seen; spins++);
  while (Atomics.load(word, call) === seen) Atomics.wait(word, call, seen)
  seen = Atomics.load(word, call)
  const id = Atomics.load(word, program)
  if (id < 0) break
  ;(programs.get(id) ?? fetch(id))(Atomics.load(word, table), thread)
}
`

export class Pool {
  readonly threads: number
  private readonly words: Int32Array
  private readonly others: readonly Thread[]
  private next = 0

  private constructor(threads: number, memory: Memory, { Worker }: Threads) {
    this.threads = threads
    this.words = new Int32Array(memory.buffer)
    const words = [CALL / 4, PROGRAM / 4, TABLE / 4]
    this.others = Array.from(
      { length: threads - 1 },
      (_, k) => new Worker(worker, { eval: true, workerData: { memory, thread: k + 1, words } }),
    )
    // A program that is done with everything else need not wait for idle threads.
    for (const t of this.others) t.unref()
  }
  /** Starts threads - 1 workers. Throws DeviceUnavailable where there are no worker threads. */
  static async open(threads: number, memory: Memory): Promise<Pool> {
    try {
      return new Pool(threads, memory, (await import("node:worker_threads")) as unknown as Threads)
    } catch (e) {
      throw new DeviceUnavailable({ device: "wasm", reason: `no worker threads: ${(e as Error).message}` })
    }
  }
  /** Makes a module known; the number is for `run`. */
  add(module: object): number {
    const id = this.next++
    for (const t of this.others) t.postMessage({ id, module })
    return id
  }
  remove(id: number): void {
    for (const t of this.others) t.postMessage({ id })
  }
  private call(id: number, table: number): void {
    Atomics.store(this.words, PROGRAM / 4, id)
    Atomics.store(this.words, TABLE / 4, table)
    Atomics.add(this.words, CALL / 4, 1)
    Atomics.notify(this.words, CALL / 4)
  }
  /** Starts the others on a program. The caller must run it too, as thread 0. */
  start(id: number, table: number): void {
    this.call(id, table)
  }
  async close(): Promise<void> {
    this.call(-1, 0)
    await Promise.all(this.others.map((t) => t.terminate()))
  }
}
