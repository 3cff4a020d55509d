// The device's one memory and its allocator: best fit over a list of free blocks in address order, neighbours joined on release.
import { OutOfMemory } from "../errors.ts"
import { engine, type Memory } from "./engine.ts"

const PAGE = 65536
const MOST_PAGES = 65536
const ALIGN = 64
/** Vectors at the end of a buffer read this far past it. */
const SLACK = 32
/** Low addresses stay free: an address below a buffer must not be below zero. */
const START = 4096

interface Views {
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
}
const viewsOf = (b: ArrayBuffer): Views => ({
  f32: new Float32Array(b),
  f64: new Float64Array(b),
  i32: new Int32Array(b),
  u32: new Uint32Array(b),
})
interface Block {
  address: number
  bytes: number
}
export class Heap {
  readonly memory: Memory
  /** All of the memory, for a few elements: to make a view takes longer than to write an address. */
  all: Views
  private readonly free: Block[] = []
  private readonly used = new Map<number, number>()
  private top = START
  private taken = 0

  constructor(shared = false) {
    this.memory = new engine!.Memory({ initial: 16, maximum: MOST_PAGES, shared })
    this.all = viewsOf(this.memory.buffer)
  }
  get bytes(): number {
    return this.taken
  }
  /** Address of a new block, 64-byte aligned. Throws OutOfMemory. */
  take(wanted: number): number {
    let bytes = Math.ceil((wanted + SLACK) / ALIGN) * ALIGN
    // Equal buffers at equal distances modulo 4 KiB would share cache sets and store-to-load checks.
    if (bytes % 4096 === 0) bytes += 2 * ALIGN
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < this.free.length; k++) {
      const b = this.free[k]!
      if (b.bytes < bytes || b.bytes >= least) continue
      best = k
      least = b.bytes
    }
    let address: number
    if (best >= 0) {
      const b = this.free[best]!
      address = b.address
      b.address += bytes
      b.bytes -= bytes
      if (b.bytes === 0) this.free.splice(best, 1)
    } else {
      const last = this.free.at(-1)
      const joins = last && last.address + last.bytes === this.top
      address = joins ? last.address : this.top
      this.reach(address + bytes, wanted)
      if (joins) this.free.pop()
      this.top = address + bytes
    }
    this.used.set(address, bytes)
    this.taken += bytes
    return address
  }
  private reach(end: number, wanted: number): void {
    const have = this.memory.buffer.byteLength
    if (end <= have) return
    const out = new OutOfMemory({ device: "wasm", bytes: wanted, live: this.taken })
    const least = Math.ceil((end - have) / PAGE)
    const more = Math.max(least, Math.ceil(have / PAGE / 4)) // by a quarter at least: growing is not free
    for (const pages of [more, least]) {
      if (have / PAGE + pages > MOST_PAGES) continue
      try {
        this.memory.grow(pages)
        this.all = viewsOf(this.memory.buffer)
        return
      } catch (e) {
        if (!(e instanceof RangeError)) throw e
      }
    }
    throw out
  }
  release(address: number): void {
    const bytes = this.used.get(address)
    if (bytes === undefined) return
    this.used.delete(address)
    this.taken -= bytes
    let k = this.free.findIndex((b) => b.address > address)
    if (k < 0) k = this.free.length
    const before = this.free[k - 1]
    const after = this.free[k]
    const block: Block = { address, bytes }
    if (after && address + bytes === after.address) {
      block.bytes += after.bytes
      this.free.splice(k, 1)
    }
    if (before && before.address + before.bytes === address) before.bytes += block.bytes
    else this.free.splice(k, 0, block)
  }
}
