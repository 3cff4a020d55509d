import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, test } from "vitest"
import * as T from "../../src/tensor.ts"
import { Device, item, jit, read, readTree, run } from "../../src/runtime/index.ts"
import { closeDevice, openers } from "../../src/runtime/open.ts"
import { counted } from "./help.ts"

const v = (...xs: number[]) => T.fromArray(xs)
const failure = <A, E>(e: Effect.Effect<A, E>): Promise<E> => Effect.runPromise(Effect.flip(e as Effect.Effect<A, E>))

describe("scopes own values", () => {
  test("freed on success, failure, defect and interruption", async () => {
    const c = counted()
    const make = run({ a: T.mul(v(1, 2), 3), b: v(4) })
    const lives: number[] = []
    const seen = Effect.sync(() => lives.push(c.live()))
    await c.scoped(Effect.andThen(make, seen))
    expect([lives, c.live()]).toEqual([[2], 0])
    await expect(c.scoped(make.pipe(Effect.andThen(seen), Effect.andThen(Effect.fail("no"))))).rejects.toBe("no")
    await expect(c.scoped(make.pipe(Effect.andThen(seen), Effect.andThen(Effect.die("bad"))))).rejects.toBe("bad")
    const fiber = Effect.runFork(
      Effect.provideService(Effect.scoped(make.pipe(Effect.andThen(seen), Effect.andThen(Effect.never))), Device, c.device),
    )
    for (let k = 0; k < 1000 && c.live() < 2; k++) await new Promise((done) => setTimeout(done, 1))
    expect(c.live()).toBe(2)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect([lives, c.live()]).toEqual([[2, 2, 2, 2], 0])
  })
  test("an inner scope takes only its own", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const a = yield* run(T.add(v(1, 2), 1))
        const b = yield* Effect.scoped(
          Effect.gen(function* () {
            const inner = yield* run(T.mul(a, 2))
            expect(c.live()).toBe(2)
            expect([...(yield* read(inner))]).toEqual([4, 6])
            return inner
          }),
        )
        expect(c.live()).toBe(1)
        expect([...(yield* read(a))]).toEqual([2, 3])
        const gone = yield* Effect.flip(read(b))
        expect(gone).toMatchObject({ _tag: "Donated", fate: "closed" })
        expect(gone.message).toBe(
          "Tensor f32[2] (value): the scope that owned this value has closed and freed it; " +
            "read it before, or run it in a scope that lives longer",
        )
        const called = yield* Effect.flip(run(T.add(b, 1)))
        expect(called.message).toMatch(/^captured value, Tensor f32\[2\] \(value\): the scope/)
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("reading needs no scope and leaves nothing, also when it fails", async () => {
    const c = counted()
    expect([...(await c.on(read(T.add(v(1, 2), v(3, 4)))))]).toEqual([4, 6])
    expect(await c.on(item(T.sum(v(1, 2, 3))))).toBe(6)
    const tree = await c.on(readTree({ s: T.sum(v(1, 2)), k: "kept", list: [v(5)] }))
    expect(c.live()).toBe(0)
    expect([...(await c.on(read(tree.s))), tree.k, ...(await c.on(read(tree.list[0]!)))]).toEqual([3, "kept", 5])
    c.fail.with = () => new Error("bug")
    await expect(c.on(read(T.add(v(1, 2), v(3, 4))))).rejects.toThrow("bug")
    await expect(c.on(readTree([T.add(v(1, 2), v(3, 4))]))).rejects.toThrow("bug")
    expect(c.live()).toBe(0)
  })
  test("read fills an array that is given, of any dtype, and refuses another class or length", async () => {
    const c = counted()
    const x = T.fromArray(Float32Array.of(1, -2, 3), [3])
    const cases = [
      [x, new Float32Array(3), [1, -2, 3]],
      [T.neg(x), new Float32Array(3), [-1, 2, -3]],
      [T.cast(x, "i32"), new Int32Array(3), [1, -2, 3]],
      [T.cast(x, "f64"), new Float64Array(3), [1, -2, 3]],
      [T.greater(x, 0), new Uint8Array(3), [1, 0, 1]],
      [T.sum(x), new Float32Array(1), [2]],
      [T.zeros([0, 2]), new Float32Array(0), []],
    ] as const
    await c.scoped(
      Effect.gen(function* () {
        for (const [t, into, want] of cases) {
          for (const value of [t as T.Tensor<number[]>, yield* run(t as T.Tensor<number[]>)]) {
            into.fill(77)
            const got = yield* read(value, into as Float32Array)
            expect(got).toBe(into)
            expect([...got]).toEqual(want)
            expect((yield* read(value)).constructor).toBe(into.constructor) // and one of its own, of the same class
          }
        }
        const refusal = (t: unknown, into: unknown) => Effect.flip(read(t as T.Tensor<[3]>, into as Float32Array))
        expect((yield* refusal(T.neg(x), new Float32Array(4))).message).toBe(
          "read: into is Float32Array of 4, and f32[3] fills a Float32Array of 3; give one of that class and length",
        )
        expect((yield* refusal(T.greater(x, 0), new Uint32Array(3))).message).toBe(
          "read: into is Uint32Array of 3, and bool[3] fills a Uint8Array of 3; give one of that class and length",
        )
        expect((yield* refusal(x, [1, 2, 3])).message).toMatch(/^read: into is 1,2,3, and f32\[3\] fills a Float32Array of 3/)
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("one program for a tree: shared parts are computed once", async () => {
    const c = counted()
    const y = T.exp(v(1, 2))
    await c.scoped(run({ a: T.sum(y), b: T.mul(y, 2), again: y }))
    await c.on(readTree({ a: T.sum(y), b: T.mul(y, 2) }))
    expect(c.counts).toMatchObject({ runs: 2, compiled: 2 })
  })
  test("run puts host values on the device, once", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const x = yield* run(v(1, 2, 3))
        const f = jit((a: T.Tensor<[number]>) => T.sum(a))
        expect([yield* item(yield* f(x)), yield* item(yield* f(x))]).toEqual([6, 6])
        expect(yield* run(x)).toBe(x)
      }),
    )
    expect(c.counts.uploads).toBe(1)
  })
  test("item refuses what is not one element; ShapeErrors fail, they are no defects", async () => {
    const e = await failure(Effect.provide(item(v(1, 2)), Device.reference))
    expect(e).toMatchObject({ _tag: "ShapeError" })
    expect(e.message).toMatch(/^item: Tensor f32\[2\] \(value\) has more than one element/)
  })
  test("a value of a scope that closed after its device is gone too", async () => {
    const { value, e } = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const value = yield* Effect.provide(run(T.add(v(1), 1)), Device.wasm)
          const e = yield* Effect.flip(Effect.provide(read(value), Device.wasm))
          return { value, e }
        }),
      ),
    )
    expect(e).toMatchObject({ _tag: "Donated" })
    expect(String(value)).toBe("Tensor f32[1] (value)")
  })
})
describe("two devices", () => {
  test("values travel, and are freed where they were", async () => {
    const [a, b] = [counted(), counted()]
    const f = jit((x: T.Tensor<[number]>, y: T.Tensor<[number]>) => [T.add(x, y), T.sub(x, y)] as const, { donate: [0] })
    await a.scoped(
      Effect.gen(function* () {
        const x = yield* run(T.mul(v(1, 2), 2))
        const y = yield* run(T.mul(v(3, 4), 2))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const [s, d] = yield* f(x, y)
            expect([[...(yield* read(s))], [...(yield* read(d))]]).toEqual([
              [8, 12],
              [-4, -4],
            ])
            expect([...(yield* read(y))]).toEqual([6, 8])
            expect((yield* Effect.flip(read(x)))._tag).toBe("Donated")
            expect([a.live(), b.live()]).toEqual([1, 2])
          }),
        ).pipe(Effect.provideService(Device, b.device))
        expect([a.live(), b.live()]).toEqual([1, 0])
      }),
    )
    expect([a.live(), b.live()]).toEqual([0, 0])
  })
})
describe("devices", () => {
  test("a device that is not there: the typed error", async () => {
    const keep = openers.gpujs
    try {
      openers.gpujs = async () => {
        throw new Error("no driver")
      }
      const e = await failure(Effect.provide(read(v(1)), Device.gpujs()))
      expect(e).toMatchObject({ _tag: "DeviceUnavailable", device: "gpujs", reason: "no driver" })
      expect(e.message).toBe("gpujs: not available: no driver")
    } finally {
      openers.gpujs = keep
    }
  })
  test("auto: hardware or WebAssembly, says which and why, never asks for software", async () => {
    const keep = openers.gpujs
    const asked: unknown[] = []
    const { DeviceUnavailable } = await import("../../src/backends/errors.ts")
    try {
      openers.gpujs = async (options, why) => {
        asked.push(options?.adapter)
        if (asked.length === 2) return { ...(await openers.wasm()), name: "gpujs-webgpu", why: why! }
        throw new DeviceUnavailable({ device: "gpujs", reason: "only a software adapter is here" })
      }
      const said = Effect.map(Device, (d) => [d.name, d.why])
      expect(await Effect.runPromise(Effect.provide(said, Device.auto))).toEqual([
        "wasm",
        expect.stringMatching(/^no hardware GPU \(only a software adapter is here\); (one|\d+) threads?/),
      ])
      expect(await Effect.runPromise(Effect.provide(said, Device.auto))).toEqual(["gpujs-webgpu", "a hardware GPU is present"])
      openers.gpujs = async () => {
        throw new TypeError("a bug")
      }
      const e = await failure(Effect.provide(said, Device.auto))
      expect(e).toMatchObject({ _tag: "DeviceUnavailable", reason: "a bug" })
      expect(asked).toEqual([undefined, undefined])
    } finally {
      openers.gpujs = keep
    }
  })
  test("programs and arrays go with the device", async () => {
    const c = counted()
    const f = jit((x: T.Tensor<[number]>) => T.add(x, v(2)))
    await c.scoped(f(v(1)))
    await c.on(read(T.mul(v(1), v(2))))
    expect([c.live(), c.counts.compiled, c.counts.disposed]).toEqual([1, 2, 0]) // what f captured stays with it
    await closeDevice(c.device)
    expect([c.live(), c.counts.disposed]).toEqual([0, 2])
  })
})
describe("JavaScript's operators", () => {
  test("refuse tensors with a sentence; text is fine", () => {
    const t = v(1, 2) as unknown as number
    for (const f of [() => t * 2, () => +t, () => t < 1, () => `${t}${t + 1}`, () => Math.max(t, 0)])
      expect(f).toThrow(/^Tensor f32\[2\] \(value\): a tensor is not a number; use ops, for instance T.mul\(t, 2\)/)
    expect(`${t}`).toBe("Tensor f32[2] (value)")
    expect(String(t)).toBe("Tensor f32[2] (value)")
  })
})
