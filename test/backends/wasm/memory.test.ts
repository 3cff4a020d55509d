import * as fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { OutOfMemory } from "../../../src/backends/errors.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { Heap } from "../../../src/backends/wasm/memory.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type RawTensor, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { random } from "./random.ts"

const SEED = 20261120
const PAGE = 65536
/** What a block takes beyond what was asked for. */
const MORE = 32 + 64 + 128
describe.each([false, true])(`wasm memory (seed ${SEED}), shared: %s`, (shared) => {
  it("gives blocks that are aligned, apart, and inside the memory; reuses what is given back", () => {
    const next = random(SEED)
    const heap = new Heap(shared)
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
    heap.release(heap.take(before - 3 * PAGE))
    expect(heap.memory.buffer.byteLength).toBe(before)
  })
  it("counts what is held, and asks the system for no more than twice the most that was", () => {
    const pattern = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 200_000 }), gone: fc.integer({ min: 0, max: 40 }) }), {
      minLength: 50,
      maxLength: 400,
    })
    fc.assert(
      fc.property(pattern, (steps) => {
        const heap = new Heap(shared)
        const held: { readonly address: number; readonly bytes: number }[] = []
        let [live, most] = [0, 0]
        for (const { bytes, gone } of steps) {
          const address = heap.take(bytes)
          held.push({ address, bytes })
          live += bytes
          most = Math.max(most, live + held.length * MORE)
          if (gone < held.length) {
            const [b] = held.splice(gone, 1)
            heap.release(b!.address)
            heap.release(b!.address) // a second time: nothing
            live -= b!.bytes
          }
          expect(heap.bytes).toBeGreaterThanOrEqual(live)
          expect(heap.bytes).toBeLessThanOrEqual(live + held.length * MORE)
        }
        // by a quarter at a time, from 1 MiB
        expect(heap.memory.buffer.byteLength).toBeLessThanOrEqual(Math.max(16 * PAGE, 2 * 1.25 * most + PAGE))
        for (const b of held) heap.release(b.address)
        expect(heap.bytes).toBe(0)
        expect(heap.take(0)).toBe(new Heap().take(0))
      }),
      { numRuns: 60, seed: SEED },
    )
  })
  it("takes the smallest block that is large enough, the lowest of equal ones", () => {
    const heap = new Heap(shared)
    const blocks = [3000, 100, 1000, 100, 1000, 100, 2000, 100].map((bytes) => heap.take(bytes))
    for (const k of [6, 2, 4, 0]) heap.release(blocks[k]!)
    expect(heap.take(900)).toBe(blocks[2])
    expect(heap.take(900)).toBe(blocks[4])
    expect(heap.take(900)).toBe(blocks[6])
  })
  it("fills up to 4 GiB, says what was wanted and what is held, and goes on", () => {
    const heap = new Heap(shared)
    const full: number[] = []
    const gigabyte = 2 ** 30
    let error: unknown
    try {
      for (;;) full.push(heap.take(gigabyte))
    } catch (e) {
      error = e
    }
    expect(full.length).toBe(3)
    expect(error).toBeInstanceOf(OutOfMemory)
    expect(error).toMatchObject({ device: "wasm", bytes: gigabyte, live: heap.bytes })
    expect(heap.take(gigabyte / 2)).toBeGreaterThan(3 * gigabyte)
    heap.release(full[1]!)
    expect(heap.take(gigabyte)).toBe(full[1])
    for (const bytes of [2 ** 32, 2 ** 33, 2 ** 40]) expect(() => heap.take(bytes)).toThrow(OutOfMemory)
  })
})

describe.each([
  ["wasm", () => wasm()],
  ["wasm, two threads", () => wasmThreads(2, { least: 0 })],
] as const)("a program without room on %s", (_, open) => {
  const N = 2 ** 28 // a gigabyte
  const compiled = (device: Backend, f: (x: RawTensor) => unknown, roots = false): Compiled => {
    const program = trace((x) => f(x) as readonly RawTensor[], [{ shape: [], dtype: "f32" }])
    const options = { limits: device.limits, ...(roots && { roots: () => true }) }
    return device.compile({ program, lowered: () => lower(program, options) }) as Compiled
  }
  const many = (x: RawTensor): unknown => [1, 2, 3, 4, 5].map((k) => T.broadcastTo(T.mul(x as never, k) as never, [N] as never))
  /** Sums of three values of two gigabytes, which are all there at once. */
  const arena = (x: RawTensor): unknown => {
    const parts = [1, 2, 3].map((k) => T.exp(T.mul(T.broadcastTo(x as never, [2 * N] as never), k) as never))
    const all = T.add(T.add(parts[0]!, parts[1]!), parts[2]!)
    return [T.sum(T.mul(T.mul(all, parts[0]!), T.mul(parts[1]!, parts[2]!)) as never)]
  }
  test.each([
    ["results that do not fit", many, false],
    ["temporaries that do not fit", arena, true],
  ] as const)("%s: the error says so, arguments stay, nothing is lost", (_name, f, roots) => {
    const device = open()
    const x = device.upload(Float32Array.of(0.5), { shape: [], dtype: "f32" }) as DeviceBuffer
    const large = compiled(device, f, roots)
    const live = new Set<number>()
    for (let k = 0; k < 5; k++) {
      let error: unknown
      try {
        large.run([x], [k % 2 === 1])
      } catch (e) {
        error = e
      }
      expect(error).toBeInstanceOf(OutOfMemory)
      expect((error as OutOfMemory).device).toBe("wasm")
      expect((error as OutOfMemory).bytes).toBeGreaterThanOrEqual(4 * N)
      live.add((error as OutOfMemory).live)
      expect(device.live()).toEqual({ buffers: 1, bytes: 4 })
    }
    expect(live.size).toBe(1)
    const [y] = compiled(device, (v) => [T.add(v as never, 1)]).run([x], [false]) as DeviceBuffer[]
    expect(device.download(y!)).toEqual(Float32Array.of(1.5))
    device.free(y!)
    device.free(x)
    expect(device.live()).toEqual({ buffers: 0, bytes: 0 })
    return device.close()
  })
})
