// Loops of a thousand: nothing grows.
import { execFileSync } from "node:child_process"
import * as Effect from "effect/Effect"
import { expect, test } from "vitest"
import { Data, Loss, Net, Optim, Random, Train } from "../../src/index.ts"
import type { AnyTensor } from "../../src/core/index.ts"
import { counted } from "../runtime/help.ts"

test("a step of 784-512-512-10 is one call and brings back one number", async () => {
  const net = Net.network(["batch", 28, 28, 1], Net.flatten, Net.dense(512), Net.tanh, Net.dense(512), Net.tanh, Net.dense(10))
  const model = Train.model(net, { loss: (y, { label }) => Loss.softmaxCrossEntropy(y as never, label as never) as AnyTensor })
  const train = Data.imageDataset(Data.digits({ seed: 1, count: 512 }))
  const c = counted()
  await c.scoped(
    Effect.gen(function* () {
      const s = yield* Train.start(model as Train.Model<unknown, unknown>, Optim.sgd({ lr: 0.1 }), Random.key(1))
      yield* Train.run(s, { train, epochs: 1, batch: 128, seed: 1 })
      const before = { ...c.counts, live: c.backend.live() }
      const history = yield* Train.run(s, { train, epochs: 3, batch: 128, seed: 1 })
      expect(c.counts).toEqual({
        ...c.counts,
        compiled: before.compiled,
        runs: before.runs + 8,
        downloads: before.downloads + 8,
        read: before.read + 8,
        uploads: before.uploads + 24, // x, label, mask
      })
      expect(c.backend.live()).toEqual(before.live)
      expect(history.epochs[1]!.train["loss"]).toBeLessThan(history.epochs[0]!.train["loss"]!)
    }),
  )
  expect(c.live()).toBe(0)
})

/** Runs a module text in a fresh process that can collect garbage; gives what it prints, as JSON. */
const inChild = (body: string): Record<string, number> => {
  const flags = ["--expose-gc", "--conditions=adjoint-source", "--import", "tsx", "--input-type=module", "-e", body]
  return JSON.parse(execFileSync(process.execPath, flags, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }))
}
test("ten thousand steps leave arrays and heap where they were", () => {
  const grown = inChild(`
    import * as Effect from "effect/Effect"
    import { Device, Optim, Train } from "adjoint"
    const { plain, quadrants, seed } = await import("./test/train/help.ts")
    const train = quadrants(400)
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed }
    await Effect.runPromise(Effect.gen(function* () {
      const { backend } = yield* Device
      const s = yield* Train.start(plain, Optim.adam({ lr: 0.01 }), seed)
      const upTo = (steps) => Train.run(s, { train, epochs: steps / 100, batch: 4, seed: 1 })
      yield* upTo(2500)
      const buffers = backend.live().buffers
      const heaps = [heap()]
      for (let round = 2; round <= 4; round++) {
        yield* upTo(2500 * round)
        heaps.push(heap())
      }
      const least = Math.min(...heaps.slice(1).map((h, k) => h - heaps[k]))
      console.log(JSON.stringify({ buffers: backend.live().buffers - buffers, heap: least }))
    }).pipe(Effect.scoped, Effect.provide(Device.wasm)))
  `)
  expect(grown["buffers"]).toBe(0)
  // What is forgotten in each step shows in each of three rounds; the engine's own memory comes and goes (500 kB from round to round,
  // nothing over 40,000 steps). A tensor that stays takes more than 100 bytes.
  expect(grown["heap"]).toBeLessThan(100_000)
})
test("a loop that forgets its values: the arrays are collected with them", () => {
  const seen = inChild(`
    import { session, T } from "adjoint/promise"
    const s = await session({ device: "wasm" })
    let w = await s.run(T.fromArray([1, 2, 3]))
    let most = 0
    for (let k = 0; k < 300; k++) {
      w = await s.run(T.mul(w, 1))
      if (k % 50 === 49) { gc(); await new Promise((done) => setTimeout(done, 20)) }
      most = Math.max(most, s.live().buffers)
    }
    const last = await s.read(w)
    await s[Symbol.asyncDispose]()
    console.log(JSON.stringify({ most, last: last[2], after: s.live().buffers }))
  `)
  expect(seen).toMatchObject({ last: 3, after: 0 })
  expect(seen["most"]).toBeLessThan(120) // 301 without collection
})
