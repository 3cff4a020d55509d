import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import { describe, expect, test } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { wasm } from "../../src/backends/wasm/index.ts"
import * as Optim from "../../src/optim/index.ts"
import { Device } from "../../src/runtime/index.ts"
import { evaluate, type EpochReport, type RunOptions, run, start } from "../../src/train/index.ts"
import { counted, late } from "../runtime/help.ts"
import { plain, quadrants, rich, seed, stateOf } from "./help.ts"

const [train, validation] = [quadrants(100), quadrants(50, 2)]
const adam = Optim.adam({ lr: 0.02 })
type Options = RunOptions<(typeof train)["fields"], string>
const base = { train, validation, epochs: 3, batch: 16, seed: 9 } as const // 6 steps an epoch

describe("training", () => {
  test("learns, reports, leaves nothing", async () => {
    const c = counted()
    const steps: [number, number, number][] = []
    const epochs: EpochReport[] = []
    const { history, metrics } = await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const history = yield* run(s, {
          ...base,
          epochs: 25,
          onStep: ({ epoch, step, steps: n }) => Effect.sync(() => steps.push([epoch, step, n])),
          onEpoch: (e) => Effect.sync(() => epochs.push(e)),
        })
        return { history, metrics: yield* evaluate(s, validation, 50) }
      }),
    )
    expect(steps.length).toBe(150)
    expect([steps[0], steps[6], steps[149]]).toEqual([
      [1, 1, 6],
      [2, 1, 6],
      [25, 6, 6],
    ])
    expect(history.epochs).toEqual(epochs)
    expect(epochs.map((e) => e.epoch)).toEqual(Array.from({ length: 25 }, (_, k) => k + 1))
    expect(epochs[0]!.train["loss"]).toBeGreaterThan(1.1)
    expect(epochs[24]!.train["loss"]).toBeLessThan(0.4)
    expect(metrics["accuracy"]).toBeGreaterThan(0.85)
    expect(metrics["loss"]).toBeCloseTo(epochs[24]!.validation!["loss"]!, 5)
    expect(history.secondsPerStep).toBeGreaterThan(0)
    expect(c.live()).toBe(0)
  })
  test("epochs 0: nothing happens", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const before = yield* stateOf(s)
        expect(yield* run(s, { ...base, epochs: 0 })).toEqual({ epochs: [], secondsPerStep: 0 })
        expect(yield* stateOf(s)).toEqual(before)
      }),
    )
  })
  test("options that do not fit: ShapeErrors that say what to do", async () => {
    const errors = await counted().scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const wrong: Partial<Options>[] = [{ batch: 101 }, { batch: 0 }, { epochs: 1.5 }, { epochs: -1 }]
        const found = yield* Effect.forEach(wrong, (o) => Effect.flip(run(s, { ...base, ...o } as Options)))
        return [...found, yield* Effect.flip(evaluate(s, { rows: 0, fields: train.fields }, 4))]
      }),
    )
    expect(errors.map((e) => (e as Error).message)).toEqual([
      'batches: size 101 of 100 rows; no batch is left without the partial one; take size <= 100 or last: "pad"',
      "batches: size 0; a batch has a whole number of rows from 1",
      "train: 1.5 epochs; give a whole number from 0",
      "train: -1 epochs; give a whole number from 0",
      "evaluate: the dataset has no rows; give it at least one",
    ])
    for (const e of errors) expect(e).toMatchObject({ _tag: "ShapeError" })
  })
  test("the state belongs to where the training was started, not to where it ran", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        yield* Effect.scoped(run(s, { ...base, epochs: 1 }))
        yield* Effect.scoped(run(s, base))
        expect((yield* evaluate(s, validation, 16))["loss"]).toBeLessThan(1.4)
      }),
    )
    expect(c.live()).toBe(0)
  })
})

/** Trains to the end, stopping wherever `stop` says, as often as it says; gives the final state and what was reported. */
const withStops = (
  model: typeof plain,
  optimizer: Optim.Optimizer,
  stops: readonly (Partial<Options> & { readonly after?: number })[],
  device?: Backend,
) => {
  const c = counted(device)
  return c.scoped(
    Effect.gen(function* () {
      const s = yield* start(model, optimizer, seed)
      const reports: EpochReport[] = []
      const keep = (e: EpochReport) => Effect.sync(() => reports.push(e))
      for (const { after = Infinity, ...o } of stops) {
        let done = 0
        const fiber = yield* Effect.forkChild(
          run(s, {
            ...base,
            onEpoch: keep,
            ...o,
            onStep: () => (++done >= after ? Effect.andThen(Effect.yieldNow, Effect.interrupt) : Effect.void),
          }),
        )
        const exit = yield* Fiber.await(fiber)
        expect(Exit.isFailure(exit)).toBe(true)
      }
      const live = c.live()
      yield* run(s, { ...base, onEpoch: keep })
      expect(c.live()).toBe(live)
      return { state: yield* stateOf(s), reports, at: yield* Ref.get(s.at) }
    }),
  )
}
describe("interruption: nothing is lost", () => {
  for (const [name, model, optimizer] of [
    ["adam", plain, adam],
    ["momentum, batch normalisation, dropout", rich, Optim.momentum({ lr: 0.05 })],
  ] as const)
    test(`${name}: bit by bit the same parameters and reports, wherever it is interrupted`, async () => {
      const whole = await withStops(model, optimizer, [])
      expect(whole.at).toMatchObject({ steps: 18, inEpoch: 0, epochs: 3, sums: {} })
      for (const k of [1, 2, 5, 6, 7, 12, 17, 18]) {
        const parts = await withStops(model, optimizer, [{ after: k }])
        expect(parts.state).toEqual(whole.state)
        expect(parts.reports).toEqual(whole.reports)
      }
      const often = await withStops(model, optimizer, [{ after: 1 }, { after: 1 }, { after: 7 }, { after: 3 }])
      expect(often.state).toEqual(whole.state)
      expect(often.reports).toEqual(whole.reports)
    })
  test("on a device that answers later, too", async () => {
    const whole = await withStops(plain, adam, [], late(wasm()))
    expect(whole.state).toEqual((await withStops(plain, adam, [])).state)
    for (const k of [1, 6, 11]) {
      const parts = await withStops(plain, adam, [{ after: k }], late(wasm()))
      expect(parts.state).toEqual(whole.state)
      expect(parts.reports).toEqual(whole.reports)
    }
    const c = counted(late(wasm()))
    let interruptions = 0
    const state = await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        for (let wait = 1; (yield* Ref.get(s.at)).epochs < 3; wait++) {
          const fiber = yield* Effect.forkChild(run(s, base))
          for (let turn = 0; turn < 20 + 7 * wait; turn++) yield* Effect.promise(() => new Promise(setImmediate))
          yield* Fiber.interrupt(fiber)
          expect(++interruptions).toBeLessThan(100)
        }
        return yield* stateOf(s)
      }),
    )
    expect(state).toEqual(whole.state)
    expect(interruptions).toBeGreaterThan(2)
    expect(c.live()).toBe(0)
  })
  test("in onEpoch: the epoch is reported again; by failures as well", async () => {
    const whole = await withStops(plain, adam, [])
    for (const onEpoch of [() => Effect.interrupt, () => Effect.fail("full disk"), () => Effect.die("bug")]) {
      const parts = await withStops(plain, adam, [{ onEpoch }])
      expect(parts.state).toEqual(whole.state)
      expect(parts.reports).toEqual(whole.reports)
    }
  })
  test("from outside, during steps and during evaluation", async () => {
    const whole = await withStops(plain, adam, [])
    const c = counted()
    const where: string[] = []
    const result = await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        for (let k = 3; (yield* Ref.get(s.at)).epochs < 3; k += 2) {
          const fiber = yield* Effect.forkChild(run(s, { ...base }))
          for (let turn = 0; turn < k; turn++) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          const at = yield* Ref.get(s.at)
          where.push(at.inEpoch === 6 ? "evaluating" : at.inEpoch === 0 ? "between" : "inside")
          expect(at.steps).toBe(6 * at.epochs + at.inEpoch)
        }
        return yield* stateOf(s)
      }),
    )
    expect(result).toEqual(whole.state)
    expect(where).toContain("inside")
    expect(where).toContain("evaluating")
    expect(c.live()).toBe(0)
  })
  test("a callback that waits can be interrupted; the step it was told of counts", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const fiber = yield* Effect.forkChild(run(s, { ...base, onStep: () => Effect.never }))
        while ((yield* Ref.get(s.at)).steps === 0) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        expect((yield* Ref.get(s.at)).steps).toBe(1)
      }),
    )
  })
})

describe("faults", () => {
  test("a failing or dying onStep ends the run; the session goes on", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const live = c.live()
        expect(yield* Effect.flip(run(s, { ...base, onStep: () => Effect.fail("enough" as const) }))).toBe("enough")
        const exit = yield* Effect.exit(run(s, { ...base, onStep: () => Effect.die(new Error("bug")) }))
        expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
        expect((yield* Ref.get(s.at)).steps).toBe(2)
        expect(c.live()).toBe(live)
        expect((yield* run(s, { ...base, epochs: 1 })).epochs.length).toBe(1)
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("data that throw are a defect; the session goes on", async () => {
    const c = counted()
    const broken = {
      ...train,
      fields: {
        ...train.fields,
        get x(): never {
          throw new Error("disk")
        },
      },
    }
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const before = [yield* stateOf(s), c.live()]
        const exit = yield* Effect.exit(run(s, { ...base, train: broken as never }))
        expect(Exit.isFailure(exit) && Cause.hasDies(exit.cause)).toBe(true)
        expect([yield* stateOf(s), c.live()]).toEqual(before)
        yield* run(s, base)
      }),
    )
  })
  test("a device that fails in the middle: the step is as if it had not been", async () => {
    const whole = await withStops(plain, adam, [])
    const c = counted()
    const state = await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        const live = c.live()
        const { OutOfMemory } = yield* Effect.promise(() => import("../../src/backends/errors.ts"))
        const breaks = Effect.sync(() => void (c.fail.with = () => new OutOfMemory({ device: "wasm", bytes: 1, live: 1 })))
        const e = yield* Effect.flip(run(s, { ...base, onStep: ({ step }) => (step === 4 ? breaks : Effect.void) }))
        expect(e).toMatchObject({ _tag: "OutOfMemory" })
        c.fail.with = undefined
        expect([(yield* Ref.get(s.at)).steps, c.live()]).toEqual([4, live])
        yield* run(s, base)
        return yield* stateOf(s)
      }),
    )
    expect(state).toEqual(whole.state)
  })
  test("NonFinite: names the step, keeps the state before it", async () => {
    const c = counted()
    const wild = { ...train, fields: { ...train.fields, x: { ...train.fields.x, data: train.fields.x.data.slice() } } }
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(rich, Optim.momentum({ lr: 0.05 }), seed)
        yield* run(s, { ...base, train: wild, epochs: 1 })
        const before = yield* stateOf(s)
        wild.fields.x.data.fill(NaN)
        const e = yield* Effect.flip(run(s, { ...base, train: wild, epochs: 2 }))
        expect(e).toMatchObject({ _tag: "NonFinite", step: 7 })
        expect((e as Error).message).toBe(
          "train: the loss is NaN at step 7; use a smaller learning rate, clip gradients, or check the input",
        )
        expect(yield* stateOf(s)).toEqual(before)
        wild.fields.x.data.set(train.fields.x.data)
        expect((yield* run(s, { ...base, train: wild, epochs: 2 })).epochs[0]!.train["loss"]).toBeLessThan(2)
      }),
    )
    expect(c.live()).toBe(0)
  })
})
describe("one program per step", () => {
  test("one call, one read of the metrics, three uploads; nothing else leaves or stays", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, adam, seed)
        yield* run(s, { train, epochs: 1, batch: 16, seed: 1 })
        const before = { ...c.counts }
        const live = c.live()
        yield* run(s, { train, epochs: 3, batch: 16, seed: 1 })
        const d = (k: keyof typeof before) => c.counts[k] - before[k]
        expect([d("compiled"), d("runs"), d("downloads"), d("read"), d("uploads")]).toEqual([0, 12, 12, 24, 36])
        expect(c.live()).toBe(live)
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("the device is asked for by the run alone", async () => {
    const e = Effect.gen(function* () {
      const s = yield* start(plain, adam, seed)
      return yield* run(s, { train, epochs: 1, batch: 50, seed: 1 })
    })
    expect((await Effect.runPromise(e.pipe(Effect.scoped, Effect.provide(Device.reference)))).epochs.length).toBe(1)
  })
})
