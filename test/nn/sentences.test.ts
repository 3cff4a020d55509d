// One law for all layers: the sentence with which the compiler refuses a program is the one it throws when it runs as plain
// JavaScript. The programs are the fixtures themselves (test/types/fixtures): each marked statement that has no
// types in it is run here.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Init, Net } from "../../src/nn/index.ts"
import { expectationsOf } from "../types/check.ts"
import { sentence } from "./help.ts"

const scope = {
  Net,
  Init,
  ids: Net.input(["b", 7], "i32"),
  image: ["b", 9, 8, 4],
  block: Net.sequential(Net.dense(4), Net.relu, Net.dense(3)),
  tied: Net.shared("tied", Net.dense(3)),
}
const programs = ["nn-layers", "attentionLayers", "convLayers", "network", "poolLayers"]
  .flatMap((name) => {
    const file = join(import.meta.dirname, `../types/fixtures/${name}.fx.ts`)
    const source = readFileSync(file, "utf8")
    const lines = source.split("\n")
    return expectationsOf(file, source).map((e) => ({
      sentence: e.sentence,
      code: lines.slice(e.from - 1, e.to).join("\n"),
    }))
  })
  // sentences of ours, not the compiler's own; lists of unknown length are known when the program runs
  .filter((p) => /^[A-Za-z0-9]+( >|:|\[\d+\] >) /.test(p.sentence) && !/^(Argument|Type|This|Property)\b/.test(p.sentence))
  .filter((p) => !p.code.includes(" as ") && !p.code.includes("Loss.") && !p.sentence.includes("unknown length"))

describe("what the compiler refuses is refused in the same words when it runs", () => {
  it("covers the layers", () => expect(programs.length).toBeGreaterThan(95))
  it.each(programs.map((p) => [p.code, p.sentence] as const))("%s", (code, text) => {
    const run = new Function(...Object.keys(scope), code) as (...args: readonly unknown[]) => unknown
    expect(sentence(() => run(...Object.values(scope)))).toBe(text)
  })
})
