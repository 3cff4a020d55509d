import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { describe, expect, test } from "vitest"
import { type AnyTensor, raw } from "../../src/core/index.ts"
import { batchAt, dataset, rowOrder } from "../../src/data/index.ts"
import { Net } from "../../src/nn/index.ts"
import * as Optim from "../../src/optim/index.ts"
import * as T from "../../src/tensor.ts"
import { evaluate, model, type Model, predict, run, start } from "../../src/train/index.ts"
import { counted } from "../runtime/help.ts"
import { classifier, plain, plainNet, quadrants, rich, richNet, seed, stateOf } from "./help.ts"

const data = quadrants(37, 3)
const any = (t: AnyTensor): never => t as never
const rowsOf = (rows: readonly number[]) =>
  dataset({
    x: {
      data: Float32Array.from(rows.flatMap((r) => [...data.fields.x.data.subarray(2 * r, 2 * r + 2)])),
      shape: [2],
      dtype: "f32",
    },
    label: { data: Int32Array.from(rows, (r) => data.fields.label.data[r]!), shape: [], dtype: "i32" },
  })

describe("evaluation", () => {
  for (const [name, m] of [["plain", plain], ["batch normalisation and dropout", rich]] as const) // biome-ignore format: one line
    test(`${name}: padded batches give what the rows give one by one`, async () => {
      await counted().scoped(
        Effect.gen(function* () {
          const s = yield* start(m, Optim.adam({ lr: 0.02 }), seed)
          yield* run(s, { train: data, epochs: 4, batch: 8, seed: 1 })
          const alone = { loss: 0, accuracy: 0 }
          for (let r = 0; r < data.rows; r++) {
            const one = yield* evaluate(s, rowsOf([r]), 1)
            alone.loss += one["loss"]! / data.rows
            alone.accuracy += one["accuracy"]! / data.rows
          }
          for (const batch of [1, 8, 10, 37, 64]) {
            const all = yield* evaluate(s, data, batch)
            expect(Object.keys(all)).toEqual(["loss", "accuracy"])
            expect(Math.abs(all["loss"]! - alone.loss)).toBeLessThan(1e-6)
            expect(all["accuracy"]).toBeCloseTo(alone.accuracy, 12)
          }
          const before = yield* stateOf(s)
          yield* evaluate(s, data, 10)
          expect(yield* stateOf(s)).toEqual(before) // looking changes nothing
        }),
      )
    })
  test("what padded rows give does not count, though it be NaN", async () => {
    const perRow = (y: AnyTensor, b: { readonly [name: string]: AnyTensor }) =>
      T.div(any(T.sum(any(y), 1)), any(T.sum(any(b["x"]!), 1))) as AnyTensor // 0 / 0 where x is padding
    const bare = Net.network(["batch", 2], Net.dense(2, { bias: false } as never))
    const m = model(bare, { loss: perRow }) as Model<unknown, unknown>
    await counted().scoped(
      Effect.gen(function* () {
        const s = yield* start(m, Optim.sgd({ lr: 0.1 }), seed)
        const whole = (yield* evaluate(s, data, 37))["loss"]!
        expect(Number.isFinite(whole)).toBe(true)
        expect((yield* evaluate(s, data, 10))["loss"]! / whole).toBeCloseTo(1, 4)
      }),
    )
  })
  test("predict: a row for each row, in their order", async () => {
    await counted().scoped(
      Effect.gen(function* () {
        const s = yield* start(plain, Optim.sgd({ lr: 0.1 }), seed)
        const logits = (batch: number) =>
          predict(s, data, batch, (vars, b) => Net.predict(plainNet, vars as never, any(b["x"]!)) as AnyTensor)
        const [all, parts] = [yield* logits(37), yield* logits(8)]
        expect([all.length, all[0]!.length]).toEqual([37, 4])
        for (let r = 0; r < 37; r++) for (let k = 0; k < 4; k++) expect(parts[r]![k]).toBeCloseTo(all[r]![k]!, 5)
        const e = yield* Effect.flip(predict(s, data, 8, (_, b) => T.sum(any(b["x"]!)) as AnyTensor))
        expect((e as Error).message).toMatch(
          /^predict: Tensor f32\[\] .* is not one row for each of 8; keep the batch as axis 0$/,
        )
      }),
    )
  })
})
describe("Train.model", () => {
  const state = Effect.gen(function* () {
    return yield* start(plain, Optim.sgd({ lr: 0.1 }), seed)
  })
  test("several metrics come in one read, under their names", async () => {
    const right = classifier.metrics.accuracy
    const m = model(richNet, {
      ...classifier,
      metrics: { accuracy: right, wrong: (y, b) => T.sub(1, any(right(y, b))) as AnyTensor },
    })
    const c = counted()
    const seen: Record<string, number>[] = []
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* start(m, Optim.adam({ lr: 0.02 }), seed)
        yield* run(s, { train: data, epochs: 1, batch: 9, seed: 1, onStep: (r) => Effect.sync(() => seen.push(r.metrics)) })
      }),
    )
    expect([c.counts.downloads, c.counts.read]).toEqual([4, 12])
    for (const metrics of seen) {
      expect(Object.keys(metrics)).toEqual(["loss", "accuracy", "wrong"])
      expect(metrics["accuracy"]! + metrics["wrong"]!).toBeCloseTo(1, 6)
    }
  })
  test("the mean of the rows is what a step reports", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const s = yield* state
        const first = yield* evaluate(s, rowsOf([...rowOrder(37, { shuffle: 1, epoch: 0 })].slice(0, 16)), 16)
        const stepped = { loss: NaN }
        yield* Effect.exit(
          run(s, {
            train: data,
            epochs: 1,
            batch: 16,
            seed: 1,
            onStep: (r) =>
              Effect.andThen(
                Effect.sync(() => (stepped.loss = r.metrics["loss"]!)),
                Effect.fail("one"),
              ),
          }),
        )
        expect(stepped.loss).toBeCloseTo(first["loss"]!, 5)
        expect(batchAt(data, rowOrder(37, { shuffle: 1, epoch: 0 }), 16, 0).rows).toBe(16)
        expect((yield* Ref.get(s.at)).steps).toBe(1)
      }),
    )
  })
  test("a loss that is no number for each row, or no such field: refused with a sentence", async () => {
    const wrong = [
      model(plainNet, { loss: (y) => T.mean(any(y)) as AnyTensor }),
      model(plainNet, { ...classifier, metrics: { all: (y) => raw(y) } }),
      model(plainNet, { ...classifier, input: "pixels" }),
    ]
    const sentences = await counted().scoped(
      Effect.forEach(wrong, (m) =>
        Effect.gen(function* () {
          const s = yield* start(m, Optim.sgd({ lr: 0.1 }), seed)
          const e = yield* Effect.flip(run(s, { train: data, epochs: 1, batch: 9, seed: 1 }))
          return [(e as { _tag: string })._tag, (e as Error).message]
        }),
      ),
    )
    expect(sentences).toEqual([
      ["ShapeError", "train: loss has shape []; give one number for each row, [9], without taking the mean"],
      ["ShapeError", "train: all has shape [9, 4]; give one number for each row, [9], without taking the mean"],
      ["ShapeError", "train: the batch has no field pixels, only label, mask, x; say which is the input"],
    ])
  })
})
