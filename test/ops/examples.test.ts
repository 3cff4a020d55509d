// The example in every op's documentation runs; where it says a shape (and a dtype) or a list of values, that is what comes out.
import "../../src/transform/linear.ts"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { isTensor, type RawTensor, show } from "../../src/core/index.ts"
import { opNames } from "../../src/ops/generate.ts"
import * as ops from "../../src/ops/index.ts"
import { valuesOf } from "./_helpers.ts"

const folder = resolve(import.meta.dirname, "../../src/ops")

describe("examples", () => {
  let shapes = 0
  for (const name of opNames(folder))
    it(name, () => {
      const examples = [...readFileSync(join(folder, `${name}.ts`), "utf8").matchAll(/^ \* @example (.+)$/gm)].map((m) => m[1]!)
      expect(examples.length).toBeGreaterThan(0)
      for (const example of examples) {
        const [code, said = ""] = example.split(" // ")
        const run = new Function(...Object.keys(ops), `return ${code!.replace(/: Tensor<\[[^\]]*\]>/g, "")}`) as (
          ...all: unknown[]
        ) => unknown
        const y = run(...Object.values(ops))
        const shape = /^\[[\d, ]*\](?: (?:f32|f64|i32|u32|bool))?(?=,|$)/.exec(said)?.[0]
        if (shape === undefined || !isTensor(y)) continue
        const t: RawTensor = y
        const own = /[a-z]/.test(shape) ? `${show(t.shape)} ${t.dtype}` : show(t.shape)
        expect([own, show(valuesOf(t))]).toContain(shape)
        shapes++
      }
    })
  it("say shapes", () => expect(shapes).toBeGreaterThan(40))
})
