import { describe, expect, expectTypeOf, test } from "vitest"
import { item, jit, read, run, session, type Session, T } from "../../src/promise.ts"
import { storageOf } from "../../src/core/leaf.ts"

const v = (...xs: number[]) => T.fromArray(xs)
type Vector = T.Tensor<[number]>
const wasm = (): Promise<Session> => session({ device: "wasm" })

describe("session", () => {
  test("values stay on the device and go with the session", async () => {
    let kept: Session
    let value: Vector
    {
      await using s = await wasm()
      kept = s
      expect(s.device).toEqual({ name: "wasm", why: expect.stringMatching(/^chosen by name; (one|\d+) threads?/) })
      const step = s.jit((w: Vector, lr: T.Tensor<[]>) => T.mul(w, lr), { donate: [0] })
      let w: Vector = await s.run(v(1, 2, 3))
      for (let k = 0; k < 10; k++) w = await step(w, 2)
      expect([...(await s.read(w))]).toEqual([1024, 2048, 3072])
      expect(s.live().buffers).toBe(1)
      expect(await s.item(T.sum(w))).toBe(6144)
      const host = await s.readTree({ w, also: [w], n: 3 })
      expect(storageOf(host.w)!.host).toEqual(Float32Array.of(1024, 2048, 3072))
      expect([host.n, s.live().buffers]).toEqual([3, 1])
      value = w
    }
    expect(kept.live().buffers).toBe(0)
    await expect(kept.read(value)).rejects.toMatchObject({ _tag: "DeviceUnavailable" })
    await expect(kept.run(v(1))).rejects.toThrow("wasm: not available: its session was disposed of; open another")
    await kept[Symbol.asyncDispose]()
    await using other = await wasm()
    await expect(other.read(value)).rejects.toMatchObject({ _tag: "Donated", fate: "closed" })
  })
  test("freed when the block fails", async () => {
    let kept: Session | undefined
    const fails = async (): Promise<void> => {
      await using s = await wasm()
      kept = s
      await s.run([T.add(v(1), 1), T.ones([4])])
      expect(s.live().buffers).toBe(2)
      throw new Error("no")
    }
    await expect(fails()).rejects.toThrow("no")
    expect(kept!.live().buffers).toBe(0)
  })
  test("rejects with the typed errors", async () => {
    await using s = await session({ device: "reference" })
    const w = await s.run(v(1, 2))
    await s.jit((x: Vector) => T.add(x, 1), { donate: [0] })(w)
    await expect(s.read(w)).rejects.toMatchObject({ _tag: "Donated" })
    await expect(s.item(v(1, 2))).rejects.toMatchObject({ _tag: "ShapeError" })
    await expect(s.jit((x: T.AnyTensor) => T.matmul(x as never, T.ones([3, 2]) as never))(T.ones([2, 4]))).rejects.toThrow(
      "matmul: inner dimensions differ: [2, 4] x [3, 2]: 4 is not 3; transpose one of them, or make them equal",
    )
    const bug = s.jit((): Vector => {
      throw new RangeError("a bug")
    })
    await expect(bug()).rejects.toBeInstanceOf(RangeError)
    expect(s.live().buffers).toBe(1)
  })
  test("types are those of the function", async () => {
    await using s = await wasm()
    const f = s.jit((x: T.Tensor<[2, 3]>, k: T.Tensor<[]>) => ({ y: T.mul(x, k), s: T.sum(x, 1) }))
    expectTypeOf(f).returns.resolves.toEqualTypeOf<{ y: T.Tensor<[2, 3]>; s: T.Tensor<[2]> }>()
    const { s: sums } = await f(T.ones([2, 3]), 2)
    expect([...(await s.read(sums))]).toEqual([3, 3])
  })

  test("a name that is no device is refused", async () => {
    await expect(session({ device: "cuda" as never })).rejects.toThrow(
      "cuda: not available: there is no device of this name; give one of auto, wasm, native, reference, gpujs",
    )
  })
})
describe("without a session", () => {
  test("results are host values", async () => {
    const { a, b } = await run({ a: T.add(v(1, 2), 1), b: v(5) })
    expect([storageOf(a)!.host, storageOf(b)!.host]).toEqual([Float32Array.of(2, 3), Float32Array.of(5)])
    const twice = jit((x: Vector, k: T.Tensor<[]>) => [T.mul(x, k), x] as const)
    const [y, x] = await twice(v(1, 2), 3)
    expect([storageOf(y)!.host, storageOf(x)!.host]).toEqual([Float32Array.of(3, 6), Float32Array.of(1, 2)])
    expect([...(await read(T.neg(v(1))))]).toEqual([-1])
    expect(await item(T.sum(v(1, 2)))).toBe(3)
    expect(await T.item(T.sum(await T.run(T.ones([4]))))).toBe(4)
  })
  test("rejects with the typed errors", async () => {
    await expect(item(v(1, 2))).rejects.toMatchObject({ _tag: "ShapeError" })
    await using s = await wasm()
    const w = await s.run(v(1))
    expect([...(await read(w))]).toEqual([1]) // a value of another device travels
    expect([...(await run(T.add(w, 1)).then(read))]).toEqual([2])
  })
})

test("runs effects of the library: a training, say", async () => {
  const { Data, Loss, Net, Optim, Random, Train } = await import("../../src/index.ts")
  const net = Net.network(["batch", 28, 28, 1], Net.flatten, Net.dense(10))
  const model = Train.model(net, { loss: (y, { label }) => Loss.softmaxCrossEntropy(y as never, label as never) as T.AnyTensor })
  const train = Data.imageDataset(Data.digits({ seed: 3, count: 256 }))
  await using s = await wasm()
  const trained = await s.effect(Train.start(model, Optim.adam({ lr: 0.01 }), Random.key(1)))
  const before = await s.effect(Train.evaluate(trained, train, 64))
  const history = await s.effect(Train.run(trained, { train, epochs: 2, batch: 32, seed: 1 }))
  expect(history.epochs).toHaveLength(2)
  expect((await s.effect(Train.evaluate(trained, train, 64)))["loss"]).toBeLessThan(before["loss"]!)
  await s[Symbol.asyncDispose]()
  expect(s.live().buffers).toBe(0)
  await expect(s.effect(Train.evaluate(trained, train, 64))).rejects.toMatchObject({ _tag: "DeviceUnavailable" })
})
