import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname } from "node:path"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Checkpoint, Device, Net, Random, read, readTree, ShapeError } from "../../src/index.ts"
import * as T from "../../src/tensor.ts"
import type { Tensor } from "../../src/tensor.ts"
import { bytesOf, entry, file } from "./_files.ts"

const run = <A, E>(e: Effect.Effect<A, E, Device>): Promise<A> => Effect.runPromise(e.pipe(Effect.provide(Device.reference)))
/** The sentence, without the file's name, that reading the header fails with. */
const flaw = async (bytes: Uint8Array): Promise<string> => {
  const path = file(bytes)
  const e = await Effect.runPromise(Effect.flip(Checkpoint.header(path)))
  expect(e._tag).toBe("CheckpointError")
  expect(e.file).toBe(path)
  expect(e.message).not.toContain("\n")
  return e.message.replace(`${path}: `, "")
}

describe("headers that are not as the format wants them", () => {
  const one = { x: entry("F32", [2, 3], 0, 24) }
  const again = "get the file again"
  const none = "give a safetensors file, or get it again"
  const cases: readonly (readonly [what: string, bytes: Uint8Array, sentence: string])[] = [
    ["an empty file", new Uint8Array(0), `0 bytes are too few for a safetensors file; ${again}`],
    ["7 bytes", new Uint8Array(7), `7 bytes are too few for a safetensors file; ${again}`],
    [
      "a huge header",
      bytesOf(one, 24, 1n << 62n),
      `its header would be ${1n << 62n} bytes long, where 100000000 are the most; ${none}`,
    ],
    [
      "a header that breaks off",
      bytesOf(one, 0, 90n),
      expect.stringMatching(/^it ends after \d+ of the 98 bytes of its header; get/) as string,
    ],
    ["not UTF-8", bytesOf(Uint8Array.of(123, 0xff, 125)), `its header is not UTF-8; ${again}`],
    ["not JSON", bytesOf("{x: 1}"), `its header is not JSON (it begins with "{x: 1}"); ${none}`],
    ["JSON nested deeply", bytesOf("[".repeat(200_000)), expect.stringContaining("its header is not JSON") as string],
    ["a list", bytesOf([1]), `its header is not a JSON record; ${none}`],
    ["null", bytesOf(null), `its header is not a JSON record; ${none}`],
    [
      "a name twice",
      bytesOf(
        `{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0078" : {"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
        8,
      ),
      `its header names "x" twice; write the file again, each tensor under a name of its own`,
    ],
    [
      "a member twice",
      bytesOf(`{"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}`, 4),
      `its header names "shape" twice; write the file again, each tensor under a name of its own`,
    ],
    ["metadata of numbers", bytesOf({ __metadata__: { a: 1 } }), `its __metadata__ is no record of texts; ${again}`],
    ["a number for a tensor", bytesOf({ x: 3 }), `tensor "x": its description is not a record; ${again}`],
    ["no dtype", bytesOf({ x: { shape: [1], data_offsets: [0, 4] } }), `tensor "x": it has no dtype; ${again}`],
    [
      "elements of 8 bits with an exponent",
      bytesOf({ x: entry("F8_E4M3", [1], 0, 1) }, 1),
      `tensor "x": its elements are "F8_E4M3"; the element types that can be read are F32, F64, I32, U32, BOOL, F16, BF16, I8, U8, I16, U16, I64, U64; convert it`,
    ],
    [
      "a dtype that every record has",
      bytesOf({ x: entry("toString", [1], 0, 1) }, 1),
      expect.stringContaining("can be read are") as string,
    ],
    ["a negative size", bytesOf({ x: entry("F32", [-1], 0, 4) }, 4), `tensor "x": its shape is no list of sizes; ${again}`],
    ["half a size", bytesOf({ x: entry("F32", [0.5], 0, 4) }, 4), `tensor "x": its shape is no list of sizes; ${again}`],
    [
      "sizes without end",
      bytesOf({ x: entry("F32", [2 ** 40, 2 ** 40], 0, 4) }, 4),
      expect.stringContaining("more bytes than can be counted") as string,
    ],
    [
      "one offset",
      bytesOf({ x: { dtype: "F32", shape: [1], data_offsets: [0] } }, 4),
      `tensor "x": its data_offsets are no pair of offsets, [begin, end]; ${again}`,
    ],
    [
      "offsets backwards",
      bytesOf({ x: entry("F32", [1], 4, 0) }, 4),
      `tensor "x": its data_offsets are no pair of offsets, [begin, end]; ${again}`,
    ],
    [
      "too few bytes for a shape",
      bytesOf({ x: entry("F32", [2, 3], 0, 20) }, 20),
      `tensor "x": it has 20 bytes, where F32 [2, 3] has 24; ${again}`,
    ],
    [
      "overlapping tensors",
      bytesOf({ x: entry("F32", [2], 0, 8), y: entry("F32", [2], 4, 12) }, 12),
      `the bytes of tensors "x" and "y" overlap; ${again}`,
    ],
    [
      "one place for two",
      bytesOf({ x: entry("F32", [2], 0, 8), y: entry("F32", [2], 0, 8) }, 8),
      `the bytes of tensors "x" and "y" overlap; ${again}`,
    ],
    [
      "a gap",
      bytesOf({ x: entry("F32", [2], 0, 8), y: entry("F32", [2], 12, 20) }, 20),
      `4 bytes in front of tensor "y" belong to none; ${again}`,
    ],
    ["data that break off", bytesOf(one, 20), expect.stringMatching(/^it ends after \d+ of its \d+ bytes; get/) as string],
    ["bytes behind the data", bytesOf(one, 25), `1 bytes follow after its tensors; ${again}`],
  ]
  it.each(cases)("%s", async (_, bytes, sentence) => expect(await flaw(bytes)).toEqual(sentence))

  it("any cut of a good file is refused, and none of its bytes can be changed into a crash", async () => {
    const good = bytesOf({ a: entry("F32", [2], 0, 8), "b/c": entry("U8", [3], 8, 11) }, 11)
    const like = { a: "f32[2]", b: { c: "i32[3]" } }
    for (let n = 0; n < good.length; n++) expect(await flaw(good.slice(0, n))).toMatch(/; .+/)
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
        const changed = good.slice()
        changed[at] = byte
        const exit = await Effect.runPromiseExit(Checkpoint.load(file(changed, "changed.safetensors"), like))
        if (exit._tag === "Failure") expect(JSON.stringify(exit)).toContain("CheckpointError")
      }),
      { numRuns: 300, seed: 20_261 },
    )
  })
  it("files that are not there, and folders", async () => {
    const missing = file()
    expect((await Effect.runPromise(Effect.flip(Checkpoint.header(missing)))).message).toBe(
      `${missing}: there is no such file or folder; check its name`,
    )
    expect((await Effect.runPromise(Effect.flip(Checkpoint.header(dirname(missing))))).message).toBe(
      `${dirname(missing)}: this is a folder; name the file itself`,
    )
  })
})

describe("reading", () => {
  it("every element type, as what it is read as", async () => {
    const numbers = <A extends ArrayBufferView>(a: A): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength)
    // 1.5, -2, the least and the greatest half, infinity, and 2^-24, the least above 0
    const halves = Uint16Array.of(0x3e00, 0xc000, 0xfbff, 0x7bff, 0x7c00, 0x0001)
    const cases: readonly (readonly [string, Uint8Array, string, readonly number[]])[] = [
      ["F32", numbers(Float32Array.of(1.5, -0.1)), "f32", [1.5, Math.fround(-0.1)]],
      ["F64", numbers(Float64Array.of(0.1, 1e300)), "f64", [0.1, 1e300]],
      ["F16", numbers(halves), "f32", [1.5, -2, -65504, 65504, Infinity, 2 ** -24]],
      ["BF16", numbers(Uint16Array.of(0x3fc0, 0xc000, 0x7f80, 0x0001)), "f32", [1.5, -2, Infinity, 2 ** -133]],
      ["BOOL", Uint8Array.of(0, 1, 1), "bool", [0, 1, 1]],
      ["I8", numbers(Int8Array.of(-128, 127)), "i32", [-128, 127]],
      ["U8", Uint8Array.of(0, 255), "i32", [0, 255]],
      ["I16", numbers(Int16Array.of(-32768, 7)), "i32", [-32768, 7]],
      ["U16", numbers(Uint16Array.of(65535)), "i32", [65535]],
      ["I32", numbers(Int32Array.of(-(2 ** 31), 5)), "i32", [-(2 ** 31), 5]],
      ["U32", numbers(Uint32Array.of(2 ** 32 - 1)), "u32", [2 ** 32 - 1]],
      ["I64", numbers(BigInt64Array.of(-(2n ** 31n), 12n)), "i32", [-(2 ** 31), 12]],
      ["U64", numbers(BigUint64Array.of(2n ** 32n - 1n)), "u32", [2 ** 32 - 1]],
    ]
    for (const [element, data, dtype, values] of cases) {
      const path = file(bytesOf({ x: entry(element, [values.length], 0, data.length) }, data))
      const { x } = await run(Checkpoint.load<{ x: Tensor<[number], "f32"> }>(path, { x: `${dtype}[${values.length}]` }))
      expect(x.dtype).toBe(dtype)
      expect([...(await run(read(x)))], element).toEqual(values)
    }
  })
  it("refuses elements that do not fit", async () => {
    const fail = async (element: string, data: Uint8Array, like: string): Promise<string> => {
      const path = file(bytesOf({ x: entry(element, [1], 0, data.length) }, data))
      return (await Effect.runPromise(Effect.flip(Checkpoint.load(path, { x: like })))).message.replace(`${path}: `, "")
    }
    expect(await fail("I64", new Uint8Array(BigInt64Array.of(2n ** 31n).buffer), "i32[1]")).toBe(
      `tensor "x": it holds 2147483648, beyond 32 bits; store numbers of 32 bits`,
    )
    expect(await fail("BOOL", Uint8Array.of(2), "bool[1]")).toBe(`tensor "x": it holds 2, where a BOOL is 0 or 1; store it as U8`)
  })
  it("checks the file against what is wanted, by path", async () => {
    const path = file(bytesOf({ "stem.kernel": entry("F32", [2], 0, 8), "stem.bias": entry("F32", [1], 8, 12) }, 12))
    const fail = async (like: object): Promise<string> =>
      (await Effect.runPromise(Effect.flip(Checkpoint.load(path, like)))).message.replace(`${path}: `, "")
    const advice = "give the file that the types were made of, or make them again (adjoint typegen)"
    expect(await fail({ stem: { kernel: "f32[3]", bias: "f32[1]" } })).toBe(`stem/kernel is f32[2], f32[3] is wanted; ${advice}`)
    expect(await fail({ stem: { kernel: "f32[2]" } })).toBe(`stem/bias is in it, and nothing of that name is wanted; ${advice}`)
    expect(await fail({ stem: { kernel: "f32[2]", bias: "f32[1]", more: "i32[1]" } })).toBe(
      `stem/more is missing, i32[1] is wanted; ${advice}`,
    )
    expect(await fail({ stem: "f32[2]" })).toBe(`stem is a group of tensors, f32[2] is wanted; ${advice}`)
    expect(await fail({ stem: { kernel: { w: "f32[2]" }, bias: "f32[1]" } })).toBe(
      `stem/kernel is f32[2], a group of tensors is wanted; ${advice}`,
    )
  })
})

describe("writing", () => {
  const tree = {
    "a.b": T.fromArray([1, 2, 3, 4, 5, 6], [2, 3]),
    wide: T.fromArray(Float64Array.of(0.1), [1]),
    list: [T.fromArray([true, false]), { deep: T.fromArray(Int32Array.of(-1)) }] as const,
    none: T.zeros([0, 4]),
    scalar: T.mul(T.fromArray(3), 2),
  }
  it("what is read is what was written", async () => {
    const path = file()
    await run(Checkpoint.save(path, tree))
    const back = await run(Checkpoint.restore(path, tree))
    expect([...(await run(read(back["a.b"])))]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...(await run(read(back.wide)))]).toEqual([0.1])
    expect([...(await run(read(back.list[0])))]).toEqual([1, 0])
    expect([...(await run(read(back.list[1].deep)))]).toEqual([-1])
    expect(back.none.shape).toEqual([0, 4])
    expect([...(await run(read(back.scalar)))]).toEqual([6])
    // Tensors begin at multiples of 8, so that others can map the file into memory.
    const { start, entries } = await Effect.runPromise(Checkpoint.header(path))
    for (const e of entries) expect((start + e.begin) % e.type.bytes, e.name).toBe(0)
  })
  it("the file appears when it is complete, and nothing else is left behind", async () => {
    const path = file(Uint8Array.of(1, 2, 3))
    const around = (): string[] => readdirSync(dirname(path)).filter((f) => f.startsWith(basename(path)))
    const wrong = { x: T.zeros([2]), "a/b": T.zeros([1]) }
    expect((await run(Effect.flip(Checkpoint.save(path, wrong)))).message).toBe(
      `${path}: "a/b" cannot be a key in it; rename it: names are joined with /`,
    )
    expect([...readFileSync(path)]).toEqual([1, 2, 3])
    await run(Checkpoint.save(path, { x: T.zeros([2]) }))
    expect(around()).toEqual([basename(path)])
    expect(statSync(path).size).toBeGreaterThan(8)
    const folder = dirname(path)
    const failed = await run(Effect.flip(Checkpoint.save(folder, { x: T.zeros([2]) })))
    expect(failed.message).toContain(folder)
    expect(readdirSync(dirname(folder)).filter((f) => f.startsWith(basename(folder)) && f.endsWith(".tmp"))).toEqual([])
    const nowhere = `${folder}/no/such/file.safetensors`
    expect((await run(Effect.flip(Checkpoint.save(nowhere, { x: T.zeros([2]) })))).message).toBe(
      `${nowhere}: there is no such file or folder; check its name`,
    )
    expect(existsSync(nowhere)).toBe(false)
  })
  it("an interruption leaves what was there", async () => {
    const path = file(Uint8Array.of(7))
    const around = (): string[] => readdirSync(dirname(path)).filter((f) => f.startsWith(basename(path)))
    const big = await run(readTree({ x: T.zeros([8_000_000]) }))
    const fiber = Effect.runFork(Checkpoint.save(path, big).pipe(Effect.provide(Device.reference)))
    for (let k = 0; around().length < 2 && k < 2000; k++) await new Promise((done) => setTimeout(done, 1))
    expect(around().length, "a file is being written").toBe(2)
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(around()).toEqual([basename(path)])
    expect([...readFileSync(path)]).toEqual([7])
  })
})

describe("networks", () => {
  const net = Net.network(["batch", 3], Net.dense(4), Net.batchNorm(), Net.dense(2))
  it("weights of a file become variables, and give the same results", async () => {
    const path = file()
    const variables = await run(readTree(Net.init(net, Random.key(3))))
    await run(Checkpoint.save(path, variables))
    const { params, state } = await run(Checkpoint.restore(path, variables))
    const x = T.fromArray([1, 2, 3, 4, 5, 6], [2, 3])
    const wanted = await run(read(Net.predict(net, variables, x)))
    expect(await run(read(Net.predict(net, Net.load(net, params, state), x)))).toEqual(wanted)
  })
  it("what does not fit is refused by path, the first in order", () => {
    const untyped = Net.load as (net: unknown, params: unknown, state?: unknown) => unknown
    const { params, state } = Net.init(net, Random.key(3))
    const fail = (p: unknown, s: unknown = state): string => {
      try {
        untyped(net, p, s)
      } catch (e) {
        expect(e).toBeInstanceOf(ShapeError)
        return (e as Error).message
      }
      return "accepted"
    }
    expect(fail(params)).toBe("accepted")
    expect(fail({ ...params, dense_1: { kernel: T.zeros([3, 5]), bias: T.zeros([5]) } })).toBe(
      "load: dense_1/bias: the file has [5], the network wants [4]; take another file, or change the network",
    )
    expect(fail({ ...params, dense_2: { ...params.dense_2, bias: T.zeros([2], "i32") } })).toBe(
      "load: dense_2/bias: the file has [2] i32, the network wants [2]; take another file, or change the network",
    )
    expect(fail({ ...params, a: { b: T.zeros([1]) }, B: T.zeros([2]) })).toBe(
      "load: B: the file has [2], the network has nothing of that name; leave it out",
    )
    expect(fail({ ...params, dense_1: T.zeros([3]) })).toBe(
      "load: dense_1: the file has [3], the network wants a group of tensors; take another file, or change the network",
    )
    expect(fail({ ...params, dense_1: { ...params.dense_1, bias: { b: T.zeros([4]) } } })).toBe(
      "load: dense_1/bias: the file has a group of tensors, the network wants [4]; take another file, or change the network",
    )
    expect(fail({})).toBe(
      "load: batchNorm_1/scale: the file has none, the network wants [4]; take another file, or change the network",
    )
    expect(fail(params, {})).toBe(
      "load: batchNorm_1/mean: the file has none, the network wants [4]; take another file, or change the network",
    )
    expect(() => untyped(net, params)).toThrow(
      "load: the network has state, and none was given; give the tree of its state behind the parameters",
    )
  })
})
