// What checking networks costs, in instantiations: without what the layers' own sources and the first small network cost, which
// every program pays once. networkBudgets.json holds what was measured, rounded up by a tenth.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { instantiations } from "./cost.ts"

const budgets: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "networkBudgets.json"), "utf8"),
)

const head = `import * as Net from "../../../src/nn/net.ts"
import type { Tensor } from "../../../src/core/tensor.ts"
const first = Net.network(["batch", 3], Net.dense(4), Net.relu)
export const touched: [Tensor<["batch", 4]>, Tensor<[4]>] = [first.types.output, first.types.params.dense_1.bias]
`
/** Dense layers of different widths, relu behind each. */
const layers = (n: number): string => Array.from({ length: n / 2 }, (_, k) => `Net.dense(${10 + k}), Net.relu`).join(", ")
const deep = (n: number): string => `const net = Net.network(["batch", 64], ${layers(n)})
export const y: Tensor<["batch", ${9 + n / 2}]> = net.types.output
`
/** GPT-2 small: 12 blocks between a table of words and itself, transposed. */
const gpt2 = (blocks: string): string => `const block = Net.sequential(
  Net.residual(Net.sequential(Net.layerNorm(), Net.multiHeadAttention({ heads: 12, causal: true, fused: true }))),
  Net.residual(Net.sequential(Net.layerNorm(), Net.dense(3072), Net.gelu, Net.dense(768))),
)
const net = Net.network(
  Net.input(["b", 1024], "i32"),
  Net.shared("wte", Net.embedding(50257, 768)), Net.positionEmbedding(1024), ${blocks}, Net.layerNorm(),
  Net.shared("wte", Net.unembedding(50257)),
)
export const y: Tensor<["b", 1024, 50257]> = net.types.output
`
const listed = Array.from({ length: 12 }, () => "block").join(", ")
const cases: Readonly<Record<string, string>> = {
  "100 layers": deep(100),
  "100 layers, and their parameters": `${deep(100)}export const p: Tensor<[58, 59]> = net.types.params.dense_50.kernel\n`,
  "100 layers, and their number of parameters": `${deep(100)}export const n: 70475 = net.parameters\n`,
  "900 layers": deep(900),
  "12 blocks of GPT-2, repeated": gpt2("Net.repeat(12, block)"),
  "12 blocks of GPT-2, and their number of parameters": `${gpt2(listed)}export const n: 124439808 = net.parameters\n`,
}

describe("instantiations of a network", () => {
  it("every case has a budget", () => expect(Object.keys(budgets).sort()).toEqual(Object.keys(cases).sort()))
  for (const [name, source] of Object.entries(cases))
    it(name, () => {
      const cost = instantiations(head + source) - instantiations(head)
      console.log(`${name}: ${cost} of ${budgets[name]}`)
      expect(cost).toBeLessThanOrEqual(budgets[name]!)
      expect(cost, "a budget far above the cost guards nothing").toBeGreaterThan(0.5 * budgets[name]!)
    })
})
