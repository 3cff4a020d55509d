// What checking networks costs, in instantiations: without what the layers' own sources cost, and a first small network of
// one layer of each kind, which every program pays once. networkBudgets.json holds what was measured, rounded up by a tenth.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { instantiations } from "./cost.ts"

const budgets: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "networkBudgets.json"), "utf8"),
)

const head = `import * as Net from "../../../src/nn/net.ts"
import type { Tensor } from "../../../src/core/tensor.ts"
const small = Net.network(
  ["batch", 31, 31, 3],
  Net.conv2d({ filters: 7, kernel: 3, stride: 2, padding: 1, bias: false }),
  Net.named("norm", Net.batchNorm()),
  Net.maxPool2d(3, { stride: 2, padding: 1 }),
  Net.residual(Net.sequential(Net.relu, Net.tanh)),
  Net.repeat(2, Net.concat(Net.relu, Net.sequential(Net.relu, Net.tanh))),
  Net.skip(Net.relu),
  Net.flatten,
  Net.dense(4),
)
export const touched: [Tensor<["batch", 4]>, Tensor<[4]>] = [small.types.output, small.types.params.dense_1.bias]
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
/** A network of the literature with the blocks it is made of, without what is claimed of it; its output is looked at. */
const literature = (name: string): string => {
  const folder = join(import.meta.dirname, "fixtures/architectures")
  const textOf = (file: string): string => readFileSync(join(folder, `${file}.ts`), "utf8")
  const parts = [...textOf(name).matchAll(/from "\.\/(\w+)\.ts"/g)].map((m) => m[1]!).filter((f) => !/rows$/i.test(f))
  const bare = (text: string): string =>
    text
      .replace(/^import [^;]*? from "[^"]*"\n/gm, "")
      .split(/^(?:\/\*\* The rows|const (?:rows|rowsOfTwo|within|wide|first) =)/m)[0]!
  return `${[...parts, name].map((f) => bare(textOf(f))).join("")}
export const y: Tensor<["batch", ...(number | string)[]]> = net.types.output
`
}
const cases: Readonly<Record<string, string>> = {
  "100 layers": deep(100),
  "100 layers, and their parameters": `${deep(100)}export const p: Tensor<[58, 59]> = net.types.params.dense_50.kernel\n`,
  "100 layers, and their number of parameters": `${deep(100)}export const n: 70475 = net.parameters\n`,
  "900 layers": deep(900),
  "ResNet-18": literature("resnet18"),
  "ResNet-101": literature("resnet101"),
  GoogLeNet: literature("googlenet"),
  "U-Net": literature("unet"),
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
