import { describe, expect, it } from "vitest"
import { OutOfMemory } from "../../../src/backends/errors.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { Heap } from "../../../src/backends/wasm/memory.ts"
import { random } from "./random.ts"

const SEED = 20261120
describe(`wasm memory (seed ${SEED})`, () => {
  it("gives blocks that are aligned, apart, and inside the memory; reuses what is given back", () => {
    const next = random(SEED)
    const heap = new Heap()
    const held = new Map<number, number>()
    for (let step = 0; step < 3000; step++) {
      if (held.size > 0 && next() < 0.48) {
        const address = [...held.keys()][Math.floor(next() * held.size)]!
        heap.release(address)
        held.delete(address)
      } else {
        const bytes = Math.floor(next() ** 4 * 100_000)
        const address = heap.take(bytes)
        expect(address % 64).toBe(0)
        for (const [a, n] of held) expect(address + bytes + 32 <= a || a + n + 32 <= address).toBe(true)
        expect(address + bytes + 32).toBeLessThanOrEqual(heap.memory.buffer.byteLength)
        held.set(address, bytes)
      }
    }
    for (const address of held.keys()) heap.release(address)
    expect(heap.bytes).toBe(0)
    // all of it is one free block again
    const before = heap.memory.buffer.byteLength
    heap.release(heap.take(before - 3 * 65536))
    expect(heap.memory.buffer.byteLength).toBe(before)
  })
  it("says what was wanted when there is no room, and goes on", () => {
    const device = wasm()
    const kept = device.upload(Float32Array.of(1, 2, 3), { shape: [3], dtype: "f32" }) as never
    expect(() => new Heap().take(2 ** 32)).toThrow(OutOfMemory)
    expect(device.download(kept)).toEqual(Float32Array.of(1, 2, 3))
    device.close()
    expect(device.live()).toEqual({ buffers: 0, bytes: 0 })
  })
})
