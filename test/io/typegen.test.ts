import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Checkpoint } from "../../src/index.ts"
import { compileSource } from "../types/scratch.ts"
import { bytesOf, entry, file, folder } from "./_files.ts"

const root = resolve(import.meta.dirname, "../..")
/** Runs the command. */
const adjoint = (...args: string[]): Promise<{ code: unknown; out: string; err: string }> =>
  new Promise((done) =>
    execFile(
      process.execPath,
      ["--conditions=adjoint-source", "--import", "tsx", join(root, "src/io/cli.ts"), ...args],
      { cwd: root, encoding: "utf8" },
      (e, out, err) => done({ code: e ? e.code : 0, out, err }),
    ),
  )
const net = bytesOf(
  {
    __metadata__: { format: "pt" },
    "conv2d_1/kernel": entry("F32", [3, 3, 1, 32], 0, 1152),
    "conv2d_1/bias": entry("BF16", [32], 1152, 1216),
    "dense_1/kernel": entry("F32", [1152, 4], 1216, 19648),
    "dense_1/bias": entry("F32", [4], 19648, 19664),
  },
  19664,
)
const text = (path: string): string => `// Written by adjoint typegen from the header of ${JSON.stringify(path)}. Do not edit.
// Read as 32 bits: BF16.
import { Checkpoint, type Tensor } from "adjoint"

export type Weights = {
  conv2d_1: {
    kernel: Tensor<[3, 3, 1, 32]>,
    bias: Tensor<[32]>,
  },
  dense_1: {
    kernel: Tensor<[1152, 4]>,
    bias: Tensor<[4]>,
  },
}
/** The same for the program: a file is checked against it before it is read. */
export const description = {
  conv2d_1: {
    kernel: "f32[3, 3, 1, 32]",
    bias: "f32[32]",
  },
  dense_1: {
    kernel: "f32[1152, 4]",
    bias: "f32[4]",
  },
} as const
/** The weights as values; fails with a CheckpointError where the file is not as described. */
export const load = (file = ${JSON.stringify(path)}) => Checkpoint.load<Weights>(file, description)
`
const of = (bytes: Uint8Array): Promise<string> => Effect.runPromise(Checkpoint.typegen(file(bytes, "names.safetensors")))
const flaw = async (bytes: Uint8Array): Promise<string> =>
  (await Effect.runPromise(Effect.flip(Checkpoint.typegen(file(bytes, "names.safetensors"))))).message

describe("adjoint typegen", () => {
  it("writes the type, the description and a function that loads", async () => {
    const path = file(net)
    expect(await adjoint("typegen", path)).toEqual({ code: 0, out: text(path), err: "" })
    const out = join(folder, "weights.ts")
    expect(await adjoint("typegen", path, "--out", out)).toEqual({ code: 0, out: "", err: "" })
    expect(readFileSync(out, "utf8")).toBe(text(path))
  })
  it("what it writes compiles, and refuses a network of another shape at the weights", async () => {
    const use = `
import { Net } from "adjoint"
import * as Effect from "effect/Effect"
const fits = Net.network(["batch", 8, 8, 1], Net.conv2d({ filters: 32, kernel: 3 }), Net.flatten, Net.dense(4))
const other = Net.network(["batch", 8, 8, 1], Net.conv2d({ filters: 32, kernel: 3 }), Net.flatten, Net.dense(5))
export const main = Effect.gen(function* () {
  const weights = yield* load()
  Net.load(fits, weights)
  Net.load(other, weights)
})
`
    const path = file(net)
    const source = (await Effect.runPromise(Checkpoint.typegen(path))) + use
    const errors = compileSource(source)
      .split("\n")
      .filter((line) => line.includes("source.ts"))
    expect(errors.map((line) => line.replace(/^.*error /, ""))).toEqual([
      `TS2345: Argument of type 'Weights' is not assignable to parameter of type '"load: dense_1/bias: the file has [4], the network wants [5]; take another file, or change the network"'.`,
    ])
    // Type and description cannot drift apart: the one is checked against the other.
    expect(compileSource(source.replace('bias: "f32[4]"', 'bias: "f32[3]"'))).toContain(
      `Type '"f32[3]"' is not assignable to type '"f32[4]"'`,
    )
  })
  it("says what is wrong in one line, and writes nothing", async () => {
    const out = join(folder, "nothing.ts")
    const path = file(net.slice(0, 100))
    const broken = await adjoint("typegen", path, "--out", out)
    expect(broken).toEqual({
      code: 1,
      out: "",
      err: expect.stringMatching(/^\S+: it ends after 100 of the \d+ bytes of its header; get the file again\n$/),
    })
    expect(existsSync(out)).toBe(false)
    expect(await adjoint("typegen")).toEqual({
      code: 1,
      out: "",
      err: "adjoint: typegen takes one file; adjoint --help says what there is\n",
    })
    expect(await adjoint("typogen", "x")).toMatchObject({
      code: 1,
      err: "adjoint: there is no command typogen; adjoint --help says what there is\n",
    })
    expect(await adjoint("--nope")).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^adjoint: .*--nope.*\n$/) })
    expect(await adjoint("--help")).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("adjoint typegen FILE.safetensors"),
    })
  })
})

describe("names", () => {
  const one = (begin: number): object => entry("U8", [1], begin, begin + 1)
  it("are split at . where none has a /, and quoted where they must be", async () => {
    expect(
      await of(bytesOf({ "h.0.attn": one(0), "h.1.attn": one(1), "odd name": one(2), 'say "hi"': one(3) }, 4)),
    ).toContain(`export type Weights = {
  h: {
    "0": {
      attn: Tensor<[1], "i32">,
    },
    "1": {
      attn: Tensor<[1], "i32">,
    },
  },
  "odd name": Tensor<[1], "i32">,
  "say \\"hi\\"": Tensor<[1], "i32">,
}`)
    expect(await of(bytesOf({ "a.b/c": one(0) }, 1))).toContain(`  "a.b": {\n    c: Tensor<[1], "i32">,`)
  })
  it("that do not make a tree are refused", async () => {
    expect(await flaw(bytesOf({ a: one(0), "a.b": one(1) }, 2))).toMatch(
      /: "a" is both a tensor and a group of tensors; rename one of them$/,
    )
    expect(await flaw(bytesOf({ "a.b": one(0), a: one(1) }, 2))).toMatch(
      /: "a" is both a tensor and a group of tensors; rename one of them$/,
    )
    expect(await flaw(bytesOf(`{"a.__proto__":${JSON.stringify(one(0))}}`, 1))).toMatch(
      /: tensor "a.__proto__": __proto__ cannot be a key; rename it$/,
    )
  })
  it("of a file without tensors", async () => expect(await of(bytesOf({}))).toContain("export type Weights = {\n}"))
})
