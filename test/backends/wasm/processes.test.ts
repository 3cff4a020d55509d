// Threads as a user meets them: which there are and why, that a process ends by itself, that a program that is stopped leaves them usable.
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { availableParallelism } from "node:os"
import { describe, expect, it } from "vitest"
import { threadsHere } from "../../../src/backends/wasm/threads.ts"
import { wasmThreads } from "../../../src/backends/wasm/index.ts"
import { Device } from "../../../src/runtime/device.ts"
import { jit, read, run } from "../../../src/runtime/jit.ts"
import * as T from "../../../src/tensor.ts"
import { program } from "../../spawn.ts"

const child = (...args: string[]) => program("test/backends/wasm/_threads.ts", args)
const said = (threads: number): string => (threads > 1 ? `${threads} threads` : "one thread: the machine runs no more at once")
const last = 512 * 0.5 * 1.5

describe("a process", () => {
  it("takes the machine's threads, and ends by itself while its workers sleep", async () => {
    const { code, stdout, stderr } = await child("idle")
    expect([code, stderr]).toEqual([0, ""])
    expect(JSON.parse(stdout)).toEqual({ why: `chosen by name; ${said(Math.min(availableParallelism(), 8))}`, last })
  })
  it("takes as many as it is told to", async () => {
    const { code, stdout } = await child("idle", "3")
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ why: "chosen by name; 3 threads", last })
  })
  it("has one thread where there is no shared memory, and says so", async () => {
    const { code, stdout } = await child("none")
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ why: "chosen by name; one thread: there is no shared memory here", last })
  })
})
describe("one thread", () => {
  it("where a page is not isolated", () => {
    const page = { crossOriginIsolated: false, navigator: { hardwareConcurrency: 8 } }
    const why = "this page is not cross-origin isolated, so it may not share memory among threads"
    expect(threadsHere(page)).toBe(why)
    expect(threadsHere({ ...page, SharedArrayBuffer })).toBe(why)
  })
  it("where there are no workers", () => {
    expect(threadsHere({ SharedArrayBuffer })).toBe("there are no worker threads here")
  })
  it("where one is asked for", () => {
    expect([wasmThreads(1).threads, wasmThreads(1).why]).toEqual([1, "one thread: asked for"])
  })
})
it.each([0, -1, 1.5, Number.NaN])("%d threads are refused", (n) => {
  expect(() => wasmThreads(n)).toThrow(`wasm: not available: there cannot be ${n} threads; give a whole number, 1 or more`)
})
it("a training that is interrupted leaves the device to the next one", async () => {
  const step = jit((w: T.Tensor<[256, 256]>) => T.tanh(T.matmul(w, w)), { donate: [0] })
  const w = T.full([256, 256], 1 / 256) as T.Tensor<[256, 256]>
  const train = (steps: number) =>
    Effect.gen(function* () {
      let x = yield* run(w)
      for (let k = 0; k < steps; k++) {
        x = yield* step(x)
        if (k % 8 === 7) yield* Effect.sleep(1)
      }
      return yield* read(x)
    }).pipe(Effect.scoped)
  const values = await Effect.runPromise(
    Effect.gen(function* () {
      const { backend } = yield* Device
      const want = yield* train(40)
      for (let k = 0; k < 5; k++) {
        const fiber = yield* Effect.forkChild(train(1_000_000))
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(fiber)
        expect(backend.live().buffers).toBe(0)
      }
      return [want, yield* train(40)]
    }).pipe(Effect.provide(Device.wasmWith({ threads: 2 }))),
  )
  expect(values[1]).toEqual(values[0])
})
