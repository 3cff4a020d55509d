import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { describe, expect, expectTypeOf, test } from "vitest"
import { batchCount, batches, dataset, prefetch, rowOrder } from "../../src/data/dataset.ts"
import { normalize } from "../../src/data/images.ts"

const rows = 10
const d = dataset({
  x: { data: Float32Array.from({ length: rows * 6 }, (_, i) => Math.floor(i / 6) + (i % 6) / 10), shape: [2, 3], dtype: "f32" },
  label: { data: Int32Array.from({ length: rows }, (_, i) => i), shape: [], dtype: "i32" },
})
const collect = <A>(s: Stream.Stream<A>): readonly A[] => Effect.runSync(Stream.runCollect(s))
const labelsOf = (bs: readonly { fields: { label: { data: Int32Array } } }[]): number[] =>
  bs.flatMap((b) => [...b.fields.label.data])

describe("batches", () => {
  test("in order, the last one padded with zeros and masked", () => {
    const bs = collect(batches(d, { size: 4 }))
    expect(bs.map((b) => [b.index, b.rows, b.fields.x.shape, b.fields.label.shape, b.mask.shape])).toEqual([
      [0, 4, [4, 2, 3], [4], [4]],
      [1, 4, [4, 2, 3], [4], [4]],
      [2, 2, [4, 2, 3], [4], [4]],
    ])
    expect(labelsOf(bs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0])
    expect(bs.map((b) => [...b.mask.data])).toEqual([
      [1, 1, 1, 1],
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ])
    expect([...(bs[2]?.fields.x.data ?? [])]).toEqual([...d.fields.x.data.subarray(48), ...Array.from({ length: 12 }, () => 0)])
    expect(bs[0]?.fields.x.dtype).toBe("f32")
  })

  test("shapes and dtypes are in the type", () => {
    const s = batches(d, { size: 4 })
    type B = Stream.Success<typeof s>
    expectTypeOf<B["fields"]["x"]["shape"]>().toEqualTypeOf<readonly [4, 2, 3]>()
    expectTypeOf<B["fields"]["label"]["shape"]>().toEqualTypeOf<readonly [4]>()
    expectTypeOf<B["fields"]["label"]["data"]>().toEqualTypeOf<Int32Array>()
  })

  test("shuffled: rows stay whole, no row twice, the partial batch dropped, another order each epoch, the same each time", () => {
    const epoch = (e: number, seed = 42) => collect(batches(d, { size: 4, shuffle: seed, epoch: e }))
    const bs = epoch(0)
    expect(bs.length).toBe(2)
    expect(batchCount(rows, { size: 4, shuffle: 42 })).toBe(2)
    expect(new Set(labelsOf(bs)).size).toBe(8)
    for (const b of bs)
      b.fields.label.data.forEach((l, i) =>
        expect([...b.fields.x.data.subarray(i * 6, i * 6 + 6)]).toEqual([...d.fields.x.data.subarray(l * 6, l * 6 + 6)]),
      )
    expect(epoch(0)).toEqual(bs)
    expect(labelsOf(epoch(1))).not.toEqual(labelsOf(bs))
    expect(labelsOf(epoch(0, 43))).not.toEqual(labelsOf(bs))
    expect(labelsOf(collect(batches(d, { size: 4, shuffle: 42, last: "pad" }))).length).toBe(12)
    expect([...rowOrder(rows, { shuffle: 42, epoch: 3 })].sort((a, b) => a - b)).toEqual([...rowOrder(rows, {})])
  })

  test("over many epochs every row is dropped about equally often", () => {
    const seen = Array.from({ length: rows }, () => 0)
    for (let e = 0; e < 1000; e++) for (const r of rowOrder(rows, { shuffle: 1, epoch: e }).subarray(0, 8)) seen[r]!++
    for (const n of seen) expect(Math.abs(n - 800)).toBeLessThan(4 * Math.sqrt(1000 * 0.8 * 0.2))
  })

  test("a batch is made when it is asked for, and a stream runs again from the start", async () => {
    let made = 0
    const s = batches(d, { size: 1 }).pipe(Stream.tap(() => Effect.sync(() => made++)))
    expect(collect(Stream.take(s, 2)).length).toBe(2)
    expect(made).toBe(2)
    expect(collect(s).length).toBe(10)
  })

  test("prefetch(n) makes 2n batches ahead, in the same order", async () => {
    for (const n of [1, 2, 4]) {
      let [made, used, ahead] = [0, 0, 0]
      const s = batches(d, { size: 1 }).pipe(
        Stream.tap(() => Effect.sync(() => made++)),
        prefetch(n),
        Stream.tap(() => Effect.yieldNow.pipe(Effect.tap(() => Effect.sync(() => (ahead = Math.max(ahead, made - ++used)))))),
      )
      const bs = await Effect.runPromise(Stream.runCollect(s))
      expect(labelsOf(bs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
      expect(ahead).toBe(2 * n)
    }
  })
})

test("refusals", () => {
  expect(() => dataset({ x: { data: new Float32Array(7), shape: [2], dtype: "f32" } })).toThrow(
    "dataset: x has 7 numbers, no multiple of its row shape [2]; correct one of them",
  )
  expect(() =>
    dataset({
      x: { data: new Float32Array(8), shape: [2], dtype: "f32" },
      y: { data: new Int32Array(3), shape: [], dtype: "i32" },
    }),
  ).toThrow("dataset: y has 3 rows and x has 4; give every field the same number of rows")
  expect(() => dataset({})).toThrow("dataset: no fields; give at least one")
  expect(() => batches(d, { size: 0 })).toThrow("batches: size 0; a batch has a whole number of rows from 1")
  expect(() => batches(d, { size: 11, shuffle: 1 })).toThrow(
    'batches: size 11 of 10 rows; no batch is left without the partial one; take size <= 10 or last: "pad"',
  )
  expect(() => batches(d, { size: 2, shuffle: 1, epoch: 0.5 })).toThrow("batches: epoch 0.5; epochs are counted 0, 1, 2")
  expect(() => prefetch(0)).toThrow("prefetch: 0 elements; give a whole number from 1, or leave prefetch out")
})

test("normalize: bytes to 0 .. 1", () => {
  expect([...normalize(Uint8Array.of(0, 51, 255))]).toEqual([0, Math.fround(0.2), 1])
})
