// The examples run, and print what their comments say.
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { program } from "./spawn.ts"

const run = async (name: string, args: readonly string[] = []): Promise<string> => {
  const { code, stdout, stderr } = await program(`examples/${name}.ts`, args)
  expect(stderr).toBe("")
  expect(code).toBe(0)
  return stdout
}
/** Numbers in a text, in order. */
const numbers = (text: string): number[] => (text.match(/-?\d+\.?\d*(e[+-]?\d+)?/g) ?? []).map(Number)
const after = (text: string, word: string): string => text.slice(text.indexOf(word) + word.length)

describe("examples", () => {
  test("at most 100 lines each, all of them tested here", () => {
    const files = readdirSync("examples").filter((f) => /^\d/.test(f))
    expect(files).toEqual([
      "01-tensors.ts",
      "02-regression.ts",
      "03-mnist.ts",
      "04-custom-op.ts",
      "05-custom-layer.ts",
      "06-custom-loop.ts",
    ])
    for (const f of files) expect(readFileSync(`examples/${f}`, "utf8").split("\n").length - 1, f).toBeLessThanOrEqual(100)
  })
  test("01: tensors", async () => {
    const out = await run("01-tensors")
    expect(out).toContain(
      "Tensor f32[2, 4] (not run yet)\nmatmul: inner dimensions differ: [2, 3] x [4, 5]: 3 is not 4; transpose one of them, or make them equal\n",
    )
    expect(numbers(after(out, "Float32Array(8)")).slice(0, 8)).toEqual([6, 6, 6, 6, 15, 15, 15, 15])
    const norms = numbers(after(out, "Float32Array(2)"))
    expect([norms[0]! ** 2, norms[1]! ** 2].map((x) => Math.round(x * 1e4) / 1e4)).toEqual([14, 77])
    expect(out).toContain("Tensor f32[2, 3, 4] (value)")
  })
  test("02: regression finds the line", async () => {
    const out = await run("02-regression")
    expect(out).toMatch(/^step 0: loss \d/)
    const [a, b, c] = numbers(after(out, "slope Float32Array(3)"))
    const [d] = numbers(after(out, "offset Float32Array(1)"))
    for (const [found, made] of [
      [a, 2],
      [b, -3],
      [c, 0.5],
      [d, 1],
    ] as const)
      expect(Math.abs(found! - made)).toBeLessThan(0.01)
  })
  test("03: the main job, shortened", async () => {
    const out = await run("03-mnist", ["--model", "linear", "--epochs", "1", "--device", "wasm"])
    expect(out).toContain("digits: 10,000 to learn from, 4,000 to be tested on")
    expect(out).toContain("7,850 parameters")
    expect(out).toMatch(/epoch 1\/1 {2}step 78\/78 {2}loss 0\.\d+ {2}accuracy \d/)
    const [accuracy] = numbers(after(out, "linear "))
    expect(accuracy).toBeGreaterThan(65)
    expect(accuracy).toBeLessThan(90)
  })
  test("04: an op of one's own", async () => {
    const out = await run("04-custom-op")
    expect(numbers(after(out, "distance Float32Array(1)"))[0]).toBe(5)
    expect(numbers(after(out, "gradient Float32Array(3)")).slice(0, 3)).toEqual([2, 0, -4])
    expect(numbers(after(out, "straight through Float32Array(3)"))).toEqual([2, 2, 4])
  })
  test("05: a layer of one's own", async () => {
    const out = await run("05-custom-layer")
    expect(out).toContain("610 parameters")
    expect(numbers(after(out, "step 200: loss"))[0]).toBeLessThan(0.05)
    expect(numbers(after(out, "accuracy"))[0]).toBeGreaterThan(0.98)
  })
  test("06: a loop of one's own: effects and promises give the same numbers", async () => {
    const out = await run("06-custom-loop")
    const losses = (face: string): string[] =>
      [...out.matchAll(new RegExp(`^${face} +epoch \\d: loss ([\\d.]+)`, "gm"))].map((m) => m[1]!)
    expect(losses("effect").length).toBe(2)
    expect(losses("promises")).toEqual(losses("effect"))
    expect(Number(losses("effect")[1])).toBeLessThan(1)
  })
})
