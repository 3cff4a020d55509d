// The WebAssembly backend: the CPU. Values live in one memory and stay there from program to program; a program is one module, run by
// one call.
import { print } from "../../compiler/print.ts"
import { bytesOf, hostArray, type HostArray } from "../../core/dtype.ts"
import { show, size } from "../../core/shape.ts"
import type { Aval } from "../../core/tensor.ts"
import type { Backend, Compiled, DeviceBuffer, Source } from "../backend.ts"
import { DeviceUnavailable, Donated, UnsupportedOnDevice } from "../errors.ts"
import { LEAST } from "./blas.ts"
import { type Library, openBlas } from "./library.ts"
import { engine, load } from "./engine.ts"
import { ARENA_SLOT, SCRATCH_SLOT } from "./frame.ts"
import { Heap } from "./memory.ts"
import { Pool } from "./pool.ts"
import { argSlot, compileWasm, outSlot, tableWords } from "./program.ts"

export { compileWasm, type WasmProgram } from "./program.ts"

class Block implements DeviceBuffer {
  readonly aval: Aval
  /** Undefined once freed or donated. */
  address: number | undefined
  constructor(aval: Aval, address: number) {
    this.aval = { shape: aval.shape, dtype: aval.dtype }
    this.address = address
  }
}
const bytesFor = (a: Aval): number => size(a.shape) * bytesOf(a.dtype)
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
  return open(new Heap())
}

/**
 * The same with several threads. Each statement's outputs are divided among them, never a sum: results have the same bits as with one.
 * Small programs still run on the caller's thread alone. Throws DeviceUnavailable where the host has no worker threads.
 *
 * `least`: vector operations below which a statement is not divided; the default takes some five microseconds.
 *
 * @example
 * const device = await wasmThreads(4)
 */
export const wasmThreads = async (threads: number, least?: number): Promise<Backend> => {
  available()
  if (threads <= 1) return wasm()
  const heap = new Heap(true)
  return open(heap, await Pool.open(threads, heap.memory), least)
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
  readonly least?: number
}
/**
 * The same with the system's BLAS for large matrix products, on the same memory. Throws DeviceUnavailable where there is no BLAS, saying
 * what was tried. `library`: its path or name, if it is not one of the usual ones; `least`: multiplications of a product that is
 * left to it.
 *
 * @example
 * const device = await wasmNative()
 */
export const wasmNative = async ({ library, least = LEAST }: NativeOptions = {}): Promise<Backend> => {
  available()
  const heap = new Heap(true)
  return open(heap, undefined, undefined, { ...(await openBlas(heap.memory, library)), least })
}
const open = (heap: Heap, pool?: Pool, least?: number, blas?: Library & { readonly least: number }): Backend => {
  const live = new Set<Block>()
  // One arena for all programs: what it holds matters only while one of them runs.
  let arena = { address: 0, bytes: 0 }
  const reserve = (bytes: number): void => {
    if (bytes <= arena.bytes) return
    if (arena.bytes > 0) heap.release(arena.address)
    arena = { address: 0, bytes: 0 }
    arena = { address: heap.take(bytes), bytes }
  }
  const hold = (aval: Aval, address: number): Block => {
    const b = new Block(aval, address)
    live.add(b)
    return b
  }
  const addressOf = (b: DeviceBuffer): number => {
    const { address } = b as Block
    if (address === undefined) throw new Donated({ what: `${b.aval.dtype}${show(b.aval.shape)} on wasm` })
    return address
  }
  const forget = (b: Block): void => {
    live.delete(b)
    b.address = undefined
  }
  const free = (b: DeviceBuffer): void => {
    const { address } = b as Block
    if (address === undefined) return
    heap.release(address)
    forget(b as Block)
  }
  const words = (address: number, n: number): Uint32Array => new Uint32Array(heap.memory.buffer, address, n)
  const view = (a: Aval, address: number): HostArray => {
    const n = size(a.shape)
    const { buffer } = heap.memory
    if (a.dtype === "f64") return new Float64Array(buffer, address, n)
    if (a.dtype === "f32") return new Float32Array(buffer, address, n)
    return a.dtype === "i32" ? new Int32Array(buffer, address, n) : new Uint32Array(buffer, address, n)
  }

  const compile = (source: Source): Compiled => {
    const lowered = source.lowered()
    for (const b of [...lowered.args, ...lowered.outs, ...lowered.temps.map((t) => t.buf)])
      if (size(b.shape) > MOST_ELEMENTS)
        throw new UnsupportedOnDevice({
          device: "wasm",
          construct: `an array ${b.dtype}${show(b.shape)} of more than 2^29 elements`,
          instead: "split it along an axis",
        })
    const program = compileWasm(lowered, pool?.threads, least, blas?.least)
    const host = Object.fromEntries(program.host.map((s) => [s.name, (...args: readonly number[]) => s.eval("f64", ...args)]))
    const { module, exports } = load(program.bytes, { memory: heap.memory, ...(blas && { sgemm: blas.sgemm }), ...host })
    const crew = pool && program.threads > 1 ? { pool, id: pool.add(module) } : undefined
    const table = heap.take(4 * tableWords(lowered))
    let disposed = false
    return {
      run: (args, donated) => {
        const given = args.map(addressOf)
        const places = [...given]
        const taken: number[] = []
        const take = (bytes: number): number => {
          const address = heap.take(bytes)
          taken.push(address)
          return address
        }
        let outs: number[]
        try {
          reserve(program.arena)
          outs = lowered.outs.map((o, k) => {
            const from = lowered.alias[k]
            if (from === undefined) return take(bytesFor(o))
            if (donated[from]) return given[from]!
            // Compiled to overwrite this argument, which its owner keeps: the program gets a copy.
            const copy = take(bytesFor(o))
            new Uint8Array(heap.memory.buffer).copyWithin(copy, given[from]!, given[from]! + bytesFor(o))
            places[from] = copy
            return copy
          })
          const slots = words(table, tableWords(lowered))
          slots[ARENA_SLOT] = arena.address
          slots[SCRATCH_SLOT] = program.scratch
          places.forEach((a, k) => {
            slots[argSlot(k)] = a
          })
          outs.forEach((a, k) => {
            slots[outSlot(lowered, k)] = a
          })
          crew?.pool.start(crew.id, table)
          exports["run"]!(table, 0)
        } catch (e) {
          for (const a of taken) heap.release(a)
          throw e
        }
        args.forEach((b, k) => {
          if (!donated[k] || (b as Block).address === undefined) return
          if (outs.includes(given[k]!)) forget(b as Block)
          else free(b)
        })
        return lowered.outs.map((o, k) => hold(o, outs[k]!))
      },
      dispose: () => {
        if (!disposed) {
          heap.release(table)
          crew?.pool.remove(crew.id)
        }
        disposed = true
      },
      get disposed() {
        return disposed
      },
      get listing() {
        return `${print(lowered)}\nmodule: ${program.bytes.length} bytes, ${program.functions} functions; arena: ${program.arena} bytes${blas ? `; by ${blas.binding.library}: ${program.products} products` : ""}`
      },
    }
  }
  return {
    name: blas ? "native" : "wasm",
    limits: { reads: Number.POSITIVE_INFINITY, f64: true },
    compile,
    upload: (values, aval) => {
      const address = heap.take(bytesFor(aval))
      view(aval, address).set(values)
      return hold(aval, address)
    },
    download: (b) => {
      const out = hostArray(b.aval.dtype, size(b.aval.shape))
      out.set(view(b.aval, addressOf(b)))
      return out
    },
    free,
    live: () => ({ buffers: live.size, bytes: [...live].reduce((s, b) => s + bytesFor(b.aval), 0) }),
    close: () => {
      for (const b of live) free(b)
      return pool?.close()
    },
  }
}
