// The main job as a user runs it: what goes wrong is one line that says what to do.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, describe, expect, test } from "vitest"
import { digits } from "../src/data/index.ts"
import { type Ended, program, type Spawned } from "./spawn.ts"

const root = mkdtempSync(join(tmpdir(), "adjoint-cli-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const main = (args: readonly string[], options?: Spawned): Promise<Ended> => program("examples/03-mnist.ts", args, options)

const idx = (shape: readonly number[], data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x0800 + shape.length)
  shape.forEach((n, k) => view.setUint32(4 + 4 * k, n)) // biome-ignore format: one line
  bytes.set(data, 4 + 4 * shape.length)
  return bytes
}
const IMAGES = "train-images-idx3-ubyte.gz"
const LABELS = "train-labels-idx1-ubyte.gz"
/** A folder of 256 and 100 digits in the layout of MNIST, some files replaced. */
const folder = (name: string, changed: Readonly<Record<string, Uint8Array>> = {}): string => {
  const dir = join(root, name)
  mkdirSync(dir)
  for (const [prefix, part, count] of [
    ["train", "train", 256],
    ["t10k", "test", 100],
  ] as const) {
    // biome-ignore format: a table
    const { images, labels, shape } = digits({ seed: 3, count, part })
    writeFileSync(join(dir, `${prefix}-images-idx3-ubyte.gz`), gzipSync(idx(shape, images)))
    writeFileSync(join(dir, `${prefix}-labels-idx1-ubyte.gz`), gzipSync(idx([count], labels)))
  }
  for (const [file, bytes] of Object.entries(changed)) writeFileSync(join(dir, file), bytes)
  return dir
}
const good = folder("good")
const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(join(good, file)))
const of = (dir: string): string[] => ["--data", "mnist", "--dir", dir, "--device", "wasm"]

describe("what is wrong is one line on standard error", () => {
  const cut = folder("cut", { [IMAGES]: bytesOf(IMAGES).subarray(0, 5000) })
  const noise = bytesOf(IMAGES).map((b, k) => (k > 2000 && k < 2100 ? b ^ 0x5a : b))
  const corrupt = folder("corrupt", { [IMAGES]: noise })
  const magic = folder("magic", { [LABELS]: gzipSync(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1, 1)) })
  const counts = folder("counts", { [LABELS]: gzipSync(idx([255], new Uint8Array(255))) })
  const sizes = folder("sizes", { [IMAGES]: gzipSync(idx([256, 8, 8], new Uint8Array(256 * 64))) })
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["unknown flag", ["--epoch", "3"], /^--epoch: unknown flag; did you mean --epochs\?$/],
    ["bad value", ["--epochs", "many"], /^--epochs many: not a whole number from 1; give for instance --epochs 5$/],
    ["missing folder", of(join(root, "nowhere")), /nowhere: there is no such folder; name one that holds the four MNIST files$/],
    [
      "truncated gzip",
      of(cut),
      /cut\/train-images-idx3-ubyte\.gz: the gzip data break off after 5000 bytes; .*get the file again$/,
    ],
    ["corrupt gzip", of(corrupt), /corrupt\/train-images-idx3-ubyte\.gz: the gzip data are damaged \(.*\); get the file again$/],
    [
      "wrong magic number",
      of(magic),
      /magic\/train-labels-idx1-ubyte\.gz: it begins with 89 50 4e 47, an idx file of bytes with 00 00 08 01; get/,
    ],
    [
      "counts that differ",
      of(counts),
      /counts\/train-labels-idx1-ubyte\.gz: it has 255 labels for the 256 images of .*; get both files again$/,
    ],
    ["images of another size", of(sizes), /sizes: images of 8 x 8; the networks take 28 x 28$/],
    [
      "a batch that is too large",
      [...of(good), "--batch", "300"],
      /^--batch 300: there are 256 rows to learn from; give at most as many$/,
    ],
    [
      "no folder for the numbers",
      [...of(good), "--json", join(root, "no", "o.json")],
      /^--json .*no\/o\.json: its folder does not exist; give a file/,
    ],
    ["a folder for the numbers", [...of(good), "--json", good], /^--json .*good: this is a folder; give a file$/],
  ]
  for (const [name, args, line] of cases)
    test(name, async () => {
      const { code, stdout, stderr } = await main(args)
      const lines = stderr.trimEnd().split("\n")
      expect(lines.length, stderr).toBe(1)
      expect(lines[0]).toMatch(line)
      expect(code).toBe(1)
      expect(stdout).not.toContain("epoch") // nothing was trained
    })
})
describe("runs", () => {
  test("a device by name: it is taken, or one line says why not", async () => {
    const { code, stdout, stderr } = await main([
      ...of(good).slice(0, 4),
      "--device",
      "gpujs",
      "--model",
      "linear",
      "--epochs",
      "1",
    ])
    if (code === 0) expect(stdout).toContain("device  gpujs-webgpu")
    else
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/^--device gpujs: [^\n]+; take --device wasm, or leave it out\n$/),
      ])
  })
  test("files of one's own: the numbers as JSON, plain lines without a terminal", async () => {
    const json = join(root, "run.json")
    const { code, stdout, stderr } = await main([
      ...of(good),
      "--model",
      "linear",
      "--epochs",
      "6",
      "--batch",
      "32",
      "--json",
      json,
    ])
    expect([code, stderr]).toEqual([0, ""])
    const numbers = JSON.parse(readFileSync(json, "utf8"))
    expect(Object.keys(numbers)).toEqual(["testAccuracy", "trainLoss", "secondsPerStep", "parameters", "device", "options"])
    expect(numbers).toMatchObject({ parameters: 7850, device: "wasm" })
    expect(numbers.options).toMatchObject({ data: "mnist", dir: good, model: "linear", epochs: 6 })
    expect(numbers.options).toMatchObject({ batch: 32, seed: 42, device: "wasm", lr: 0.005 })
    expect(numbers.trainLoss.length).toBe(6)
    expect(numbers.trainLoss[5]).toBeLessThan(0.8 * numbers.trainLoss[0])
    expect(numbers.secondsPerStep).toBeGreaterThan(0)
    expect(numbers.secondsPerStep).toBeLessThan(1)
    expect(numbers.testAccuracy).toBeGreaterThan(0.3)
    expect(stdout).toContain(`${(100 * numbers.testAccuracy).toFixed(2)} % of the test digits`)
    for (const text of [
      "mnist: 256 to learn from, 100 to be tested on",
      "epoch 6/6  step 8/8  loss",
      "training loss",
      "confusion",
      "true \\ read",
    ])
      expect(stdout).toContain(text)
    for (const control of ["\r", String.fromCharCode(27)]) expect(stdout).not.toContain(control)
    expect(readdirSync(root).filter((f) => f.includes("json"))).toEqual(["run.json"])
  })
  test("--help", async () => {
    const { code, stdout } = await main(["--help"])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^usage: npm start -- \[--flag value/)
  })
  test("Ctrl-C: 130 at once, no trace, no file", async () => {
    const json = join(root, "never.json")
    const { code, stderr, milliseconds } = await main(
      [...of(good), "--model", "mlp", "--epochs", "5000", "--batch", "64", "--json", json],
      { interruptAt: "epoch 2/5000" },
    )
    expect([code, stderr]).toEqual([130, ""])
    expect(milliseconds).toBeLessThan(10_000) // some 100 on a quiet machine; what is left of the run takes minutes
    expect(existsSync(json)).toBe(false)
    expect(readdirSync(root).filter((f) => f.endsWith(".tmp"))).toEqual([])
  })
})
