// A pool whose workers are known to the test, with programs that it runs: what a device does not show.
import { Worker } from "node:worker_threads"
import { load } from "../../../src/backends/wasm/engine.ts"
import { ARENA_SLOT, SCRATCH_SLOT } from "../../../src/backends/wasm/frame.ts"
import { Heap } from "../../../src/backends/wasm/memory.ts"
import { at, line, own } from "../../../src/backends/wasm/phases.ts"
import { Pool, type PoolOptions } from "../../../src/backends/wasm/pool.ts"
import { argSlot, compileWasm, outSlot, tableWords } from "../../../src/backends/wasm/program.ts"
import { threadsHere } from "../../../src/backends/wasm/threads.ts"
import { lower } from "../../../src/compiler/index.ts"
import { size } from "../../../src/core/shape.ts"
import type { RawTensor } from "../../../src/core/index.ts"
import { traceTree } from "../../../src/transform/call.ts"
import { flatten } from "../../../src/core/index.ts"

type Change = (script: string) => string
/** This process's threads, each kept in a list; `change` rewrites what they run. */
export const recorded = (change: Change = (s) => s) => {
  const workers: Worker[] = []
  class Recorded extends Worker {
    constructor(source: string, options: { eval: true }) {
      super(change(source), options)
      workers.push(this)
    }
  }
  const getBuiltinModule = (name: string): unknown =>
    name === "node:worker_threads" ? { Worker: Recorded } : { availableParallelism: () => 3 }
  const threads = threadsHere({ process: { versions: process.versions, getBuiltinModule }, SharedArrayBuffer } as never)
  if (typeof threads === "string") throw new Error(threads)
  return { workers, threads }
}
/** Of a pool's memory. */
export const crew = (count: number, options: PoolOptions = { always: true }, change?: Change) => {
  const { workers, threads } = recorded(change)
  const heap = new Heap(true)
  const pool = new Pool(count, heap.memory, threads, options)
  const words = new Int32Array(heap.memory.buffer)
  const word = (byte: number): number => Atomics.load(words, byte / 4)
  /** A function of f32 arrays as a program of this pool: its arguments' values, and what computes its outputs' values. */
  const program = (f: (...args: RawTensor[]) => unknown, args: readonly RawTensor[], inputs: readonly Float32Array[]) => {
    const { leaves, spec } = flatten(args)
    const { program } = traceTree(f as (...a: unknown[]) => unknown, spec, leaves)
    const lowered = lower(program, {
      limits: { reads: Number.POSITIVE_INFINITY, f64: true, parts: true },
      donated: args.map(() => false),
    })
    const made = compileWasm(lowered, { threads: count, least: 0 })
    const { module, exports } = load(made.bytes, { memory: heap.memory, wait: pool.wait })
    const table = heap.take(4 * tableWords(lowered))
    const arena = heap.take(made.arena)
    const bytes = (shape: readonly number[]): number => 4 * size(shape)
    const [from, to] = [lowered.args, lowered.outs].map((l) => l.map((b) => heap.take(bytes(b.shape)))) as [number[], number[]]
    const slots = new Uint32Array(heap.memory.buffer, table, tableWords(lowered))
    slots[ARENA_SLOT] = arena
    slots[SCRATCH_SLOT] = made.scratch
    from.forEach((a, k) => (slots[argSlot(k)] = a))
    to.forEach((a, k) => (slots[outSlot(lowered, k)] = a))
    inputs.forEach((v, k) => new Float32Array(heap.memory.buffer, from[k], v.length).set(v))
    const values = () => lowered.outs.map((o, k) => new Float32Array(heap.memory.buffer, to[k], size(o.shape)).slice())
    const outputs = (): Float32Array[] => {
      lowered.outs.forEach((o, k) => new Float32Array(heap.memory.buffer, to[k], size(o.shape)).fill(Number.NaN))
      return values()
    }
    const job = pool.job(module, exports["run"]!, made.divided)
    return {
      job,
      /** By all threads. */
      run: (): Float32Array[] => {
        outputs()
        pool.run(job, table)
        return values()
      },
      /** By the caller. */
      alone: (): Float32Array[] => {
        outputs()
        exports["run"]!(table, -1, 0)
        return values()
      },
      table,
    }
  }
  return {
    pool,
    heap,
    workers,
    program,
    finished: () => word(at.finished),
    state: (k: number) => word(line(k) + own.state),
    set: (byte: number, value: number) => Atomics.store(words, byte / 4, value),
    word,
  }
}
export type Crew = ReturnType<typeof crew>
/** Waits for events until it is so. */
export const until = async (so: () => boolean, seconds = 100): Promise<void> => {
  for (const end = performance.now() + 1000 * seconds; !so(); await new Promise((r) => setTimeout(r, 2)))
    if (performance.now() > end) throw new Error("it did not happen")
}
