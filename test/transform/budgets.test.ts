// What checking a transformation costs: instantiations per call, over 100 functions of random sizes. Measured, rounded up by a tenth.
import { expect, it } from "vitest"
import { instantiations } from "../types/cost.ts"
import { type Random, random } from "../types/random.ts"

const CALLS = 100
const budgets = {
  // a function of a tree of two tensors and of a row
  grad: 340,
  "valueAndGrad of two arguments": 465,
  "vmap over one argument": 1440,
  jvp: 657,
  vjp: 272,
} as const
const calls: Readonly<Record<keyof typeof budgets, (n: number) => string>> = {
  grad: (n) => `grad(loss${n})(p${n}, x${n})`,
  "valueAndGrad of two arguments": (n) => `valueAndGrad(loss${n}, { argnums: [0, 1] })(p${n}, x${n})`,
  "vmap over one argument": (n) => `vmap(forward${n}, [null, 0])(p${n}, xs${n})`,
  jvp: (n) => `jvp(forward${n}, [p${n}, x${n}], [p${n}, x${n}])`,
  vjp: (n) => `vjp(forward${n}, p${n}, x${n})`,
}
const declared = (r: Random, n: number): string => {
  const [a, b, rows] = [r.between(1, 9999), r.between(1, 9999), r.between(1, 9999)]
  return `interface P${n} { readonly w: Tensor<[${a}, ${b}]>; readonly b: Tensor<[${b}]> }
declare const p${n}: P${n}
declare const x${n}: Tensor<[${a}]>
declare const xs${n}: Tensor<[${rows}, ${a}]>
declare const forward${n}: (p: P${n}, x: Tensor<[${a}]>) => Tensor<[${b}]>
declare const loss${n}: (p: P${n}, x: Tensor<[${a}]>) => Tensor<[]>`
}
const source = (call?: (n: number) => string): string => {
  const r = random(20_261_121)
  const head = [
    `import { grad, jvp, valueAndGrad, vjp, vmap } from "../../../src/transform/index.ts"`,
    `import type { Tensor } from "../../../src/core/tensor.ts"`,
    `export const used = [grad, jvp, valueAndGrad, vjp, vmap]`,
  ]
  const lines = Array.from({ length: CALLS }, (_, n) => [declared(r, n), ...(call ? [`export const y${n} = ${call(n)}`] : [])])
  return [...head, ...lines.flat()].join("\n")
}
const base = instantiations(source())
it.each(Object.keys(budgets) as (keyof typeof budgets)[])("%s", (name) => {
  const cost = (instantiations(source(calls[name])) - base) / CALLS
  console.log(`${name}: ${cost.toFixed(1)} of ${budgets[name]}`)
  expect(cost).toBeLessThanOrEqual(budgets[name])
  expect(cost, "a budget far above the cost guards nothing").toBeGreaterThan(0.5 * budgets[name])
})
