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
const cases: Readonly<Record<string, string>> = {
  "100 layers": deep(100),
  "100 layers, and their parameters": `${deep(100)}export const p: Tensor<[58, 59]> = net.types.params.dense_50.kernel\n`,
  "100 layers, and their number of parameters": `${deep(100)}export const n: 70475 = net.parameters\n`,
  "900 layers": deep(900),
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
