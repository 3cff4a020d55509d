// Copies between arrays of the host and shared memory: every element, and nothing beside them.
import { describe, expect, it } from "vitest"
import { transfer } from "../../../src/backends/wasm/transfer.ts"

const classes = [Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array] as const
const EDGE = 2 ** 15
describe.each(classes.map((c) => [c.name, c] as const))("%s", (_, Class) => {
  const bytes = Class.BYTES_PER_ELEMENT
  /** A view on part of a buffer, with numbers around it. */
  const part = (n: number, before: number, shared: boolean) => {
    const size = bytes * (n + before + 3)
    const whole = new Class((shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size)) as ArrayBuffer).fill(7)
    return { whole, view: new Class(whole.buffer, bytes * before, n) }
  }
  it.each([
    [false, true],
    [true, false],
    [true, true],
    [false, false],
  ])("from shared: %s, to shared: %s", (fromShared, toShared) => {
    for (const n of [0, 1, 5, EDGE / bytes - 1, EDGE / bytes, EDGE / bytes + 1, 3 * EDGE + 5])
      for (const [before, after] of [
        [0, 0],
        [1, 2],
        [5, 1],
      ] as const) {
        const from = part(n, before, fromShared)
        const to = part(n, after, toShared)
        from.view.forEach((_, i) => (from.view[i] = (i * 7919) % 251))
        transfer(to.view, from.view)
        expect(to.view.every((v, i) => v === (i * 7919) % 251)).toBe(true)
        expect([...to.whole.subarray(0, after), ...to.whole.subarray(after + n)].every((v) => v === 7)).toBe(true)
      }
  })
})
it("numbers are converted where the classes differ", () => {
  const words = new Uint32Array(new SharedArrayBuffer(4 * EDGE)).fill(1)
  const bools = new Uint8Array(EDGE)
  transfer(bools, words)
  expect(bools.every((v) => v === 1)).toBe(true)
  const long = new Float64Array(new SharedArrayBuffer(8 * EDGE)).fill(0.1)
  const short = new Float32Array(EDGE)
  transfer(short, long)
  expect(short.every((v) => v === Math.fround(0.1))).toBe(true)
})
