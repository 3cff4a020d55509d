// The WebAssembly backend: the CPU. Values live in one memory and stay there from program to program; a program is one module, run by
// one call.
import type { Lowered } from "../../compiler/lowered.ts"
import { bytesOf, hostArray, type HostArray } from "../../core/dtype.ts"
import { show, size } from "../../core/shape.ts"
import type { Aval } from "../../core/tensor.ts"
import type { Backend, Compiled, DeviceBuffer, Eventually, Source } from "../backend.ts"
import { DeviceUnavailable, Donated, UnsupportedOnDevice } from "../errors.ts"
import type { Takes } from "./blas.ts"
import { type Rooms, roomsFor } from "./rooms.ts"
import type { Library } from "./library.ts"
import { engine, load } from "./engine.ts"
import { ARENA_SLOT, SCRATCH_SLOT } from "./frame.ts"
import { Heap } from "./memory.ts"
import { MOST_THREADS } from "./phases.ts"
import { Pool, type PoolOptions } from "./pool.ts"
import { computes } from "./prologue.ts"
import { relaxedHere } from "./relaxed.ts"
import { argSlot, compileWasm, outSlot, tableWords } from "./program.ts"
import { type Threads, threadsHere } from "./threads.ts"
import { transfer } from "./transfer.ts"

export { compileWasm, type WasmProgram } from "./program.ts"

class Block implements DeviceBuffer {
  readonly aval: Aval
  readonly bytes: number
  /** 0 once freed or donated. */
  address: number
  constructor(aval: Aval, bytes: number, address: number) {
    this.aval = aval
    this.bytes = bytes
    this.address = address
  }
}
const avalOf = ({ shape, dtype }: Aval): Aval => ({ shape, dtype })
const bytesFor = (a: Aval): number => size(a.shape) * bytesOf(a.dtype)
/** Elements that are read one by one: a loss costs no view of its own. */
const FEW = 8
const MOST_ELEMENTS = 2 ** 29 // of four bytes: what a signed offset reaches

/**
 * Opens the CPU as a device. Throws DeviceUnavailable where the host has no WebAssembly with SIMD.
 *
 * @example
 * const device = wasm()
 * const x = device.upload(Float32Array.of(1, 2, 3), { shape: [3], dtype: "f32" })
 */
export const wasm = (): Backend => {
  available()
  return open(new Heap(), {})
}

/** How a device on the CPU uses it. */
export interface Cpu extends Backend {
  readonly threads: number
  /** Why so many threads: for people. */
  readonly why: string
}
export interface ThreadOptions extends PoolOptions {
  /** Vector operations (4 take about a nanosecond) below which a statement is not divided. */
  readonly least?: number
  /** Fused multiply-adds in matrix products and convolutions (relaxed SIMD): about a sixth faster, other last bits than without. */
  readonly relaxed?: boolean
}
/** Threads that are taken unless it is said how many. Not measured beyond 2: more share caches and the memory's bandwidth. */
const MOST = 8

/**
 * The same with several threads: by default as many as the machine runs at once, at most 8. Each statement's outputs are divided among
 * them, never a sum: results have the same bits as with one. The other threads are started with the first programs that are worth it;
 * small programs run on the caller's thread alone. One thread where memory cannot be shared (`why` says so).
 *
 * @example
 * const device = wasmThreads(4)
 */
export const wasmThreads = (wanted?: number, { least, relaxed = false, ...options }: ThreadOptions = {}): Cpu => {
  available()
  if (relaxed && !relaxedHere())
    throw new DeviceUnavailable({
      device: "wasm",
      reason: "this host's WebAssembly has no relaxed SIMD; open it without { relaxed: true }, or run a newer host",
    })
  const { threads, why, here } = threadsFor("wasm", wanted)
  if (!here) return { ...open(new Heap(), { relaxed }), threads, why }
  const heap = new Heap(true)
  const pool = new Pool(threads, heap.memory, here, options)
  return { ...open(heap, { pool, least, relaxed }), threads, why }
}
/** How many threads a device takes, and why; `here` if they are more than one. Throws DeviceUnavailable for what is no number of threads. */
const threadsFor = (device: string, wanted?: number): Pick<Cpu, "threads" | "why"> & { readonly here?: Threads } => {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1))
    throw new DeviceUnavailable({ device, reason: `there cannot be ${wanted} threads; give a whole number, 1 or more` })
  const here = wanted === 1 ? "asked for" : threadsHere()
  if (typeof here === "string") return { threads: 1, why: `one thread: ${here}` }
  const threads = Math.min(wanted ?? Math.min(here.count, MOST), MOST_THREADS)
  return threads > 1
    ? { threads, why: `${threads} threads`, here }
    : { threads, why: "one thread: the machine runs no more at once" }
}
const available = (): void => {
  const simd = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11)
  if (!engine?.validate(simd))
    throw new DeviceUnavailable({
      device: "wasm",
      reason: engine ? "this host's WebAssembly has no SIMD" : "this host has no WebAssembly",
    })
}
export interface NativeOptions {
  readonly library?: string
  readonly threads?: number
  /** Multiplications of a product below which it stays here; 0: all that can go to BLAS do, even if it does not pay. */
  readonly least?: number
}
/**
 * As `wasmThreads`, large matrix products and convolutions handed to the system's BLAS on the same memory: each thread calls it for its
 * part. BLAS may sum in another order for parts of another size, so last bits depend on the number of threads and on the library. Throws
 * DeviceUnavailable where there is no BLAS, saying what was tried. `library`: its path or name, if it is not one of the usual ones.
 *
 * @example
 * const device = await wasmNative()
 */
export const wasmNative = async (
  { library, threads, least }: NativeOptions = {},
  { least: divided, ...options }: Omit<ThreadOptions, "relaxed"> = {},
): Promise<Cpu> => {
  available()
  const { importedInWorker, openBlas, takesFrom } = await import("./library.ts")
  const crew = threadsFor("native", threads)
  const heap = new Heap(true)
  const blas = await openBlas(heap.memory, library)
  const imports = { source: importedInWorker, given: blas.binding }
  const pool = crew.here && new Pool(crew.threads, heap.memory, crew.here, { ...options, imports })
  const why = `${blas.binding.library}, ${crew.why}`
  return { ...open(heap, { pool, least: divided, blas: { ...blas, takes: takesFrom(least) } }), threads: crew.threads, why }
}
interface Parts {
  readonly pool?: Pool | undefined
  readonly least?: number | undefined
  readonly blas?: Library & { readonly takes: Takes }
  readonly relaxed?: boolean
}
const open = (heap: Heap, { pool, least, blas, relaxed }: Parts): Backend => {
  const live = { buffers: 0, bytes: 0 }
  let closed = false
  // One arena for all programs: what it holds matters only while one of them runs.
  let arena = { address: 0, bytes: 0 }
  const reserve = (bytes: number): void => {
    if (bytes <= arena.bytes) return
    if (arena.bytes > 0) heap.release(arena.address)
    arena = { address: 0, bytes: 0 }
    arena = { address: heap.take(bytes), bytes }
  }
  const hold = (b: Block): void => {
    live.buffers++
    live.bytes += b.bytes
  }
  const addressOf = (b: DeviceBuffer): number => {
    const { address } = b as Block
    if (address === 0 || closed) throw new Donated({ what: `${b.aval.dtype}${show(b.aval.shape)} on wasm` })
    return address
  }
  const forget = (b: Block): void => {
    live.buffers--
    live.bytes -= b.bytes
    b.address = 0
  }
  const free = (b: DeviceBuffer): void => {
    const { address } = b as Block
    if (address === 0 || closed) return
    heap.release(address)
    forget(b as Block)
  }
  const view = (a: Aval, address: number): HostArray => {
    const n = size(a.shape)
    const { buffer } = heap.memory
    if (a.dtype === "f64") return new Float64Array(buffer, address, n)
    if (a.dtype === "f32") return new Float32Array(buffer, address, n)
    return a.dtype === "i32" ? new Int32Array(buffer, address, n) : new Uint32Array(buffer, address, n)
  }

  let rooms: Rooms = {}
  const compile = (source: Source): Eventually<Compiled> => {
    const lowered = source.lowered()
    for (const b of [...lowered.args, ...lowered.outs, ...lowered.temps.map((t) => t.buf)])
      if (size(b.shape) > MOST_ELEMENTS)
        throw new UnsupportedOnDevice({
          device: "wasm",
          construct: `an array ${b.dtype}${show(b.shape)} of more than 2^29 elements`,
          instead: "split it along an axis",
        })
    const needed = roomsFor(lowered.stmts, rooms)
    if (!(needed instanceof Promise)) return compiled(lowered)
    return needed.then((loaded) => {
      rooms = { ...rooms, ...loaded }
      return compiled(lowered)
    })
  }
  const compiled = (lowered: Lowered): Compiled => {
    const program = compileWasm(lowered, { threads: pool?.size, least, takes: blas?.takes, relaxed, rooms })
    const host = Object.fromEntries(program.host.map((s) => [s.name, (...args: readonly number[]) => s.eval("f64", ...args)]))
    const { module, exports } = load(program.bytes, {
      memory: heap.memory,
      wait: pool?.wait,
      ...(blas && { sgemm: blas.sgemm }),
      ...host,
    })
    const job = program.threads > 1 ? pool?.job(module, exports["run"]!, program.divided) : undefined
    const run = exports["run"]!
    const table = heap.take(4 * tableWords(lowered))
    const outs = lowered.outs.map((o, k) => ({
      aval: avalOf(o),
      bytes: bytesFor(o),
      slot: table / 4 + outSlot(lowered, k),
      from: lowered.alias[k],
    }))
    const overwritten = lowered.args.map((_, k) => outs.some(({ from }) => from === k))
    let disposed = false
    return {
      run: (args, donated) => {
        const results = Array<Block>(outs.length)
        try {
          reserve(program.arena)
          for (let k = 0; k < args.length; k++) heap.all.u32[table / 4 + argSlot(k)] = addressOf(args[k]!)
          for (let k = 0; k < outs.length; k++) {
            const { aval, bytes, slot, from } = outs[k]!
            // A program that was compiled to overwrite an argument which its owner keeps gets a copy.
            const address = from !== undefined && donated[from] ? addressOf(args[from]!) : heap.take(bytes)
            results[k] = new Block(aval, bytes, address)
            if (from !== undefined && !donated[from]) {
              new Uint8Array(heap.memory.buffer).copyWithin(address, addressOf(args[from]!), addressOf(args[from]!) + bytes)
              heap.all.u32[table / 4 + argSlot(from)] = address
            }
            heap.all.u32[slot] = address
          }
          heap.all.u32[table / 4 + ARENA_SLOT] = arena.address
          heap.all.u32[table / 4 + SCRATCH_SLOT] = program.scratch
          if (job) pool!.run(job, table)
          else run(table, -1, 0)
        } catch (e) {
          results.forEach((b, k) => {
            const { from } = outs[k]!
            if (from === undefined || !donated[from]) heap.release(b.address)
          })
          throw e
        }
        for (let k = 0; k < args.length; k++)
          if (donated[k] && overwritten[k] && (args[k] as Block).address) forget(args[k] as Block)
        for (let k = 0; k < args.length; k++) if (donated[k]) free(args[k]!)
        for (const b of results) hold(b)
        return results
      },
      dispose: () => {
        if (!disposed) {
          heap.release(table)
          if (job) pool!.remove(job)
        }
        disposed = true
      },
      get disposed() {
        return disposed
      },
      listing: async () => {
        const { print } = await import("../../compiler/print.ts")
        return `${print(lowered)}\nmodule: ${program.bytes.length} bytes, ${program.functions} functions; arena: ${program.arena} bytes${blas ? `; by ${blas.binding.library}: ${program.products} products` : ""}`
      },
    }
  }
  return {
    name: blas ? "native" : "wasm",
    // BLAS reads its operands from memory.
    limits: { reads: Number.POSITIVE_INFINITY, f64: true, parts: true, computes: blas ? undefined : computes },
    compile,
    upload: (values, aval) => {
      const b = new Block(avalOf(aval), bytesFor(aval), heap.take(bytesFor(aval)))
      transfer(view(aval, b.address), values)
      hold(b)
      return b
    },
    download: (b, into) => {
      const n = size(b.aval.shape)
      if (n <= FEW) {
        const [out, at] = [into ?? hostArray(b.aval.dtype, n), addressOf(b) / bytesOf(b.aval.dtype)]
        const all = heap.all[b.aval.dtype === "bool" ? "u32" : b.aval.dtype]
        for (let k = 0; k < n; k++) out[k] = all[at + k]!
        return out
      }
      const values = view(b.aval, addressOf(b))
      // A slice is not zeroed first: 4 MB in 0.5 ms instead of 1.7; into an array that there is, 0.1. Bools are 32 bits wide here.
      if (!into && b.aval.dtype !== "bool") return values.slice()
      const out = into ?? hostArray(b.aval.dtype, values.length)
      transfer(out, values)
      return out
    },
    free,
    live: () => ({ ...live }),
    close: () => {
      closed = true
      Object.assign(live, { buffers: 0, bytes: 0 })
      return pool?.close()
    },
  }
}
