import * as Effect from "effect/Effect"
import { describe, expect, expectTypeOf, test } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { reference } from "../../src/backends/reference/index.ts"
import { isTensor } from "../../src/core/index.ts"
import { item, jit, read, run } from "../../src/runtime/index.ts"
import type { GivenArgs } from "../../src/runtime/jit.ts"
import { Key } from "../../src/core/key.ts"
import { Lru } from "../../src/runtime/lru.ts"
import * as T from "../../src/tensor.ts"
import { grad, shaped, vmap } from "../../src/transform/index.ts"
import { counted, late } from "./help.ts"

const v = (...xs: number[]) => T.fromArray(xs)
type Vector = T.Tensor<[number]>
const values = (t: T.Tensor<readonly number[]>) => Effect.map(read(t), (a) => [...a])

describe("cache", () => {
  test("same structure: no recompilation; new shapes: one more; numbers are arguments", async () => {
    const c = counted()
    const f = jit((x: Vector, p: { readonly lr: T.Tensor<[]> }) => T.mul(x, p.lr))
    await c.scoped(
      Effect.gen(function* () {
        expect(yield* values(yield* f(v(1, 2), { lr: 2 }))).toEqual([2, 4])
        expect(yield* values(yield* f(v(3, 4), { lr: 3 }))).toEqual([9, 12])
        expect(yield* values(yield* f(v(3, 4), { lr: T.fromArray(Float32Array.of(5), []) }))).toEqual([15, 20])
        expect(c.counts.compiled).toBe(1)
        expect(yield* values(yield* f(v(1, 2, 3), { lr: 2 }))).toEqual([2, 4, 6])
        expect(yield* values(yield* f(v(1, 2), { lr: 4 }))).toEqual([4, 8])
        expect(c.counts.compiled).toBe(2)
      }),
    )
    expect(c.device.stats).toEqual({ compilations: 2, calls: 5 })
    expect(c.live()).toBe(0)
  })
  test("equal functions share a program; donation and dtype are part of what is equal", async () => {
    const c = counted()
    const body = (x: Vector) => T.add(T.mul(x, 2), 1)
    const again = (y: Vector) => T.add(T.mul(y, 2), 1)
    await c.scoped(Effect.all([jit(body)(v(1)), jit(again)(v(2))]))
    expect(c.counts.compiled).toBe(1)
    await c.scoped(jit(body, { donate: [0] })(v(1)))
    expect(c.counts.compiled).toBe(2)
    await c.scoped(
      jit(body as unknown as (x: T.Tensor<[number], "f64">) => T.Tensor<[number], "f64">)(T.fromArray(Float64Array.of(1))),
    )
    expect(c.counts.compiled).toBe(3)
  })
  test("the call before is no excuse: another structure, key, dtype or shape is another program, in any order of calls", async () => {
    const c = counted()
    const sum = (tree: unknown): T.AnyTensor =>
      isTensor(tree)
        ? (T.sum(T.cast(tree as never, "f32")) as never)
        : Object.values(tree as object)
            .map(sum)
            .reduce(T.add as never)
    const f = jit(((tree: unknown) => sum(tree)) as never) as unknown as (tree: unknown) => ReturnType<typeof run<T.Tensor<[]>>>
    const i32 = T.fromArray(Int32Array.of(1, 2))
    const bool = T.equal(v(1, 2), v(1, 3))
    const trees: readonly (readonly [unknown, number])[] = [
      [{ a: v(1), b: v(2) }, 3],
      [{ a: v(1), c: v(3) }, 4],
      [{ a: v(1) }, 1],
      [{ a: v(1), b: v(2), c: v(3) }, 6],
      [[v(1), v(2)], 3],
      [[v(1), [v(2)]], 3],
      [[v(1, 2), v(2)], 5],
      [{ b: v(7), a: v(1) }, 8],
      [{ a: { b: v(5) } }, 5],
      [i32, 3],
      [v(1, 2), 3],
      [bool, 1],
      [T.fromArray([[1, 2]]), 3],
      [4, 4],
      [T.fromArray(Float32Array.of(6), []), 6],
      [T.add(v(1), v(2)), 3],
      [Object.assign(Object.create(null), { a: v(9), b: v(1) }), 10],
    ]
    await c.scoped(
      Effect.gen(function* () {
        for (const stride of [1, 2, 3, 5])
          for (let k = 0; k < 2 * trees.length; k++) {
            const [tree, want] = trees[(k * stride) % trees.length]!
            for (let twice = 0; twice < 2; twice++) expect(yield* item(yield* f(tree))).toBe(want)
          }
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("static arguments: by content, functions and objects by identity", async () => {
    const c = counted()
    const times = (k: number) => (x: Vector) => T.mul(x, k) // equal texts, other meanings
    const f = jit((x: Vector, g: (x: Vector) => Vector, _name: string) => g(x))
    await c.scoped(
      Effect.gen(function* () {
        const [two, three] = [times(2), times(3)] as const
        expect(yield* values(yield* f(v(1), two as never, "a"))).toEqual([2])
        expect(yield* values(yield* f(v(1), three as never, "a"))).toEqual([3])
        expect(yield* values(yield* f(v(1), two as never, "b"))).toEqual([2])
      }),
    )
    expect(c.counts.compiled).toBe(2)
  })
  test("what was used least is disposed of, and compiled again when it comes back", async () => {
    const c = counted()
    const f = jit((x: Vector) => T.mul(x, 2))
    const sizes = Array.from({ length: 130 }, (_, k) => k + 1)
    const call = (n: number) =>
      c.scoped(Effect.flatMap(f(T.fromArray(new Float32Array(n).fill(n))), (y) => values(T.sum(y) as never)))
    for (const n of sizes) await call(n)
    // 130 programs of f and 130 sums on a device that keeps 128
    expect(c.counts).toMatchObject({ compiled: 260, disposed: 260 - 128 })
    expect(await call(1)).toEqual([2])
    expect(c.counts.compiled).toBe(262)
    expect(c.live()).toBe(0)
  })
  test("a program that its device forgot is compiled again by the function that knew it", async () => {
    const c = counted()
    const f = jit((x: Vector) => T.add(x, v(1)))
    await c.scoped(f(v(1)))
    c.device.programs.clear()
    expect(await c.scoped(Effect.flatMap(f(v(1)), values))).toEqual([2])
    expect(c.counts).toMatchObject({ compiled: 2, disposed: 1 })
    expect(c.live()).toBe(1) // the captured value, once
  })
  test("Lru: replaces, forgets the oldest, drops what it forgets, once", () => {
    const dropped: string[] = []
    const lru = new Lru<string>(2, (x) => void dropped.push(x))
    const [a, b, c] = [1, 2, 3].map((n) => new Key().number(n)) as [Key, Key, Key]
    lru.set(a, "a1")
    lru.set(b, "b1")
    lru.set(a, "a2") // now b is the oldest
    lru.set(c, "c1")
    expect([lru.get(a), lru.get(b), lru.get(c), lru.size]).toEqual(["a2", undefined, "c1", 2])
    lru.set(c, "c1")
    expect(dropped).toEqual(["a1", "b1"])
    lru.clear()
    expect([dropped, lru.size]).toEqual([["a1", "b1", "a2", "c1"], 0])
  })
})
describe("arguments", () => {
  test("expressions are computed first and freed with the call", async () => {
    const c = counted()
    const f = jit((x: Vector, y: Vector) => T.add(x, y))
    await c.scoped(
      Effect.gen(function* () {
        let w: Vector = yield* run(v(0, 0))
        for (let k = 0; k < 20; k++) {
          const next = yield* f(T.mul(w, 1), T.ones([2]) as never)
          w = next
        }
        expect(yield* values(w)).toEqual([20, 20])
        expect(c.live()).toBe(21) // 20 results and the first value
        c.fail.with = () => new Error("bug")
        expect(yield* Effect.exit(f(T.mul(w, 1), v(1, 1)))).toMatchObject({ _tag: "Failure" })
        expect(c.live()).toBe(21)
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("captured values are uploaded once, and freed with what captured them", async () => {
    const c = counted()
    const f = jit((x: Vector) => T.mul(T.add(x, v(1, 2)), v(3, 4)))
    for (let k = 0; k < 5; k++) expect(await c.scoped(Effect.flatMap(f(v(k, k)), values))).toEqual([(k + 1) * 3, (k + 2) * 4])
    expect(c.counts.uploads).toBe(5 + 2)
    expect(c.live()).toBe(2)
  })
  test("of one structure, each function keeps what it captured itself", async () => {
    const c = counted()
    const [f, g] = [v(1, 2), v(10, 20)].map((k) => jit((x: Vector) => T.add(x, k)))
    expect(await c.scoped(Effect.flatMap(f!(v(0, 0)), values))).toEqual([1, 2])
    expect(await c.scoped(Effect.flatMap(g!(v(0, 0)), values))).toEqual([10, 20])
    expect(await c.scoped(Effect.flatMap(f!(v(1, 1)), values))).toEqual([2, 3])
    expect(c.counts.compiled).toBe(1)
  })
  test("captured device values are the caller's: used in place, gone with their scope", async () => {
    const c = counted()
    const e = await c.scoped(
      Effect.gen(function* () {
        const f = yield* Effect.scoped(
          Effect.gen(function* () {
            const w = yield* run(T.add(v(1, 2), 1))
            const f = jit((x: Vector) => T.add(x, w))
            expect(yield* values(yield* f(v(1, 1)))).toEqual([3, 4])
            expect(c.live()).toBe(2)
            return f
          }),
        )
        return yield* Effect.flip(f(v(1, 1)))
      }),
    )
    expect(e.message).toMatch(/^captured value, Tensor f32\[2\] \(value\): the scope that owned this value has closed/)
    expect(c.live()).toBe(0)
  })
  test("a function may return what it was given, twice, or nothing of it", async () => {
    for (const inner of [undefined, reference()]) {
      const c = counted(inner as Backend | undefined)
      const f = jit((x: Vector, y: Vector) => [x, x, T.ones([2]), { y }] as const, { donate: [1] })
      await c.scoped(
        Effect.gen(function* () {
          const [x, y] = yield* run([v(1, 2), v(3, 4)] as const)
          const [a, b, one, { y: z }] = yield* f(x, y)
          for (const [t, want] of [
            [a, [1, 2]],
            [b, [1, 2]],
            [one, [1, 1]],
            [z, [3, 4]],
            [x, [1, 2]],
          ] as const)
            expect(yield* values(t as Vector)).toEqual(want)
          expect(c.live()).toBe(5)
        }),
      )
      expect(c.live()).toBe(0)
    }
  })
  test("types: an f32 scalar may be a number, others may not", () => {
    const f = jit((_a: T.Tensor<[]>, _b: T.Tensor<[], "i32">) => T.ones([1]))
    expectTypeOf<GivenArgs<[T.Tensor<[]>, T.Tensor<[], "i32">]>>().toEqualTypeOf<
      readonly [T.Tensor<[]> | number, T.Tensor<[], "i32">]
    >()
    // @ts-expect-error: 2 would be an f32 scalar
    const refused = () => f(1, 2)
    expect(refused).toBeTypeOf("function")
  })
})
describe("donation", () => {
  const step = jit((w: Vector, g: Vector) => T.sub(w, T.mul(g, 0.5)), { donate: [0] })
  test("in place; the old value is gone and says so", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const [w, g] = yield* run([v(1, 2), v(2, 2)] as const)
        const next = yield* step(w, g)
        expect(yield* values(next)).toEqual([0, 1])
        expect(c.live()).toBe(2)
        const uses = [read(w), step(w, g), run(T.add(w, 1)), jit((x: Vector) => T.add(x, w))(g)].map((e) =>
          Effect.asVoid(e as never),
        )
        for (const use of uses as Effect.Effect<void, { readonly _tag: string; readonly message: string }>[]) {
          const e = yield* Effect.flip(use)
          expect(e._tag).toBe("Donated")
          expect(e.message).toMatch(
            /Tensor f32\[2\] \(value\): this value was donated to an earlier call and is gone; use that call's result instead$/,
          )
        }
        expect(c.live()).toBe(2)
        expect(yield* values(next)).toEqual([0, 1])
      }),
    )
    expect(c.live()).toBe(0)
  })
  test("given twice in one call: refused, and still there", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const w = yield* run(T.add(v(1, 2), 0))
        const e = yield* Effect.flip(step(w, w))
        expect(e.message).toBe(
          "argument leaf 1, Tensor f32[2] (value): this value is given twice to one call and donated by it; " +
            "give it once, or leave it out of donate",
        )
        expect((yield* Effect.flip(jit((x: Vector) => T.add(x, w), { donate: [0] })(w)))._tag).toBe("Donated")
        expect(yield* values(w)).toEqual([1, 2])
        const both = jit((a: Vector, b: Vector, d: Vector) => T.add(T.add(a, b), d))
        expect(yield* values(yield* both(w, w, w))).toEqual([3, 6])
        const host = v(5, 6) // a host value is copied each time: giving it away takes nothing
        expect(yield* values(yield* step(host, host))).toEqual([2.5, 3])
        expect(yield* values(host)).toEqual([5, 6])
      }),
    )
  })
  test("a call that fails takes nothing", async () => {
    const c = counted()
    await c.scoped(
      Effect.gen(function* () {
        const w = yield* run(T.add(v(1, 2), 0))
        const live = c.live()
        c.fail.with = () => new Error("bug")
        expect(yield* Effect.exit(step(w, v(1, 1)))).toMatchObject({ _tag: "Failure" })
        c.fail.with = undefined
        expect(c.live()).toBe(live)
        expect(yield* values(yield* step(w, v(2, 2)))).toEqual([0, 1])
      }),
    )
  })
  test("on a device that answers later, a value can be given away only once", async () => {
    const c = counted(late(reference()))
    const program = Effect.gen(function* () {
      const w = yield* run(T.add(v(1, 2), 0))
      const [a, b] = yield* Effect.all([Effect.result(step(w, v(2, 2))), Effect.result(step(w, v(4, 4)))], { concurrency: 2 })
      expect([a._tag, b._tag].sort()).toEqual(["Failure", "Success"])
      expect(yield* Effect.flip(read(w))).toMatchObject({ _tag: "Donated" })
      const f = jit((x: Vector) => T.exp(x))
      yield* Effect.all([f(v(1, 2)), f(v(3, 4))], { concurrency: 2 }) // both compile it; one is kept
    })
    await c.scoped(program)
    expect(c.live()).toBe(0)
    expect([c.device.programs.size, c.counts.compiled - c.counts.disposed]).toEqual([2, 2])
    expect(c.counts.disposed).toBeGreaterThan(0)
  })
  test("donate names arguments of the call", async () => {
    for (const donate of [[1], [-1], [0.5]]) {
      const e = await counted().scoped(Effect.flip(jit((x: Vector) => T.add(x, 1), { donate })(v(1))))
      expect(e).toMatchObject({ _tag: "ShapeError" })
      expect(e.message).toBe(`jit: donate names argument ${donate[0]} of a call with 1; arguments are counted from 0`)
    }
  })
})
describe("errors", () => {
  test("a program that does not fit fails with its sentence; a bug in a function is a defect", async () => {
    const c = counted()
    const e = await c.scoped(Effect.flip(jit((x: T.AnyTensor) => T.matmul(x as never, T.ones([3, 2]) as never))(T.ones([2, 4]))))
    expect(e).toMatchObject({ _tag: "ShapeError" })
    expect(e.message).toBe(
      "matmul: inner dimensions differ: [2, 4] x [3, 2]: 4 is not 3; transpose one of them, or make them equal",
    )
    const bug = jit((): Vector => {
      throw new RangeError("a bug")
    })
    const exit = await Effect.runPromiseExit(
      Effect.scoped(bug()).pipe(Effect.provideService((await import("../../src/runtime/index.ts")).Device, c.device)),
    )
    expect(JSON.stringify(exit)).toContain("Die")
    expect(c.live()).toBe(0)
  })
  test("what a backend throws by type fails by type", async () => {
    const { OutOfMemory } = await import("../../src/backends/errors.ts")
    const c = counted()
    c.fail.with = () => new OutOfMemory({ device: "wasm", bytes: 10, live: 5 })
    const caught = await c.scoped(
      jit((x: Vector) => T.add(x, 1))(v(1)).pipe(Effect.catchTag("OutOfMemory", (e) => Effect.succeed(e.bytes))) as never,
    )
    expect(caught).toBe(10)
  })
  test("a compiled function is still one to differentiate, batch and compile; a shaped one keeps its rule", async () => {
    const square = jit((x: Vector) => T.sum(T.square(x)))
    const rows = shaped([["b", "n"]], (x) => T.sum(x, 1))
    await counted().scoped(
      Effect.gen(function* () {
        expect(yield* values(grad(square.pure)(v(1, 2)))).toEqual([2, 4])
        expect(yield* values(vmap(square.pure)(T.ones([2, 3])))).toEqual([3, 3])
        expect(yield* values(yield* jit(square.pure)(v(3)))).toEqual([9])
        expect(yield* values(yield* jit(rows)(T.ones([2, 3])))).toEqual([3, 3])
      }),
    )
  })
  test("item of a scalar program result", async () => {
    expect(await counted().on(item(T.cast(T.greater(v(2), 1), "i32")))).toBe(1)
  })
})
