// What is handed to BLAS, on any machine: a plain sgemm that refuses what BLAS refuses stands in for it.
import { describe, expect, it } from "vitest"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { takesFrom } from "../../../src/backends/wasm/blasTakes.ts"
import { engine, instantiate } from "../../../src/backends/wasm/engine.ts"
import { ARENA_SLOT, SCRATCH_SLOT } from "../../../src/backends/wasm/frame.ts"
import { argSlot, compileWasm, outSlot, tableWords } from "../../../src/backends/wasm/program.ts"
import { lower } from "../../../src/compiler/index.ts"
import { inline, inSession } from "../../../src/core/index.ts"
import { size } from "../../../src/core/shape.ts"
import { type Convolution, convolutions } from "./_convolutions.ts"

const memory = new engine!.Memory({ initial: 2048, maximum: 65536, shared: true })
const floats = new Float32Array(memory.buffer)
const refuse = (what: string): never => {
  throw new Error(`sgemm: ${what}`)
}
/** Row-major C = A B + beta C, byte addresses, row distances in floats. */
const sgemm = (...args: readonly number[]): void => {
  const [ta, tb, m, n, k, a, lda, b, ldb, beta, c, ldc] = args as readonly number[] & { readonly length: 12 }
  const [at, bt, ct] = [a! / 4, b! / 4, c! / 4]
  if (m! < 1 || n! < 1 || k! < 1) refuse(`${m} x ${n} x ${k}`)
  if (lda! < (ta ? m! : k!)) refuse("rows of A overlap")
  if (ldb! < (tb ? k! : n!)) refuse("rows of B overlap")
  if (ldc! < n!) refuse("rows of C overlap")
  for (let i = 0; i < m!; i++)
    for (let j = 0; j < n!; j++) {
      let sum = 0
      for (let l = 0; l < k!; l++)
        sum += floats[at + (ta ? l * lda! + i : i * lda! + l)]! * floats[bt + (tb ? j * ldb! + l : l * ldb! + j)]!
      const to = ct + i * ldc! + j
      floats[to] = beta ? floats[to]! + sum : sum
    }
}
const run = ({ program, inputs }: Convolution): { readonly got: readonly Float32Array[]; readonly products: number } => {
  const lowered = lower(program, { limits: { reads: Number.POSITIVE_INFINITY, f64: true, parts: true } })
  const { bytes, arena, scratch, products } = compileWasm(lowered, { least: 0, takes: takesFrom(0) })
  let top = 4096
  const take = (n: number): number => (top += 128 * Math.ceil(n / 128) + 128) - 128 * Math.ceil(n / 128)
  const table = new Int32Array(memory.buffer, take(4 * tableWords(lowered)), tableWords(lowered))
  const places = lowered.args.map((_, k) => take(4 * size(inputs[k]!.shape)))
  const outs = program.outs.map((y) => ({ at: take(4 * size(y.shape)), n: size(y.shape) }))
  places.forEach((p, k) => {
    floats.set(Float32Array.from(evaluate([inputs[k]!])[0]!), p / 4)
    table[argSlot(k)] = p
  })
  outs.forEach(({ at }, k) => {
    table[outSlot(lowered, k)] = at
    floats.fill(Number.NaN, at / 4, at / 4 + outs[k]!.n)
  })
  table[SCRATCH_SLOT] = scratch
  table[ARENA_SLOT] = take(arena)
  floats.fill(Number.NaN, table[ARENA_SLOT] / 4, table[ARENA_SLOT] / 4 + arena / 4)
  instantiate(bytes, { memory, sgemm })["run"]!(table.byteOffset, -1, 0)
  return { got: outs.map(({ at, n }) => floats.slice(at / 4, at / 4 + n)), products }
}
describe("handed to BLAS", () => {
  let products = 0
  const all = convolutions(20261122, 40)
  for (const c of all)
    it(`convolution with its gradients, ${c.name}`, () => {
      const ours = run(c)
      products += ours.products
      evaluate(inSession(() => inline(c.program, c.inputs))).forEach((want, k) => {
        const scale = want.reduce((s, v) => Math.max(s, Math.abs(v)), 1)
        const off = want.findIndex((v, i) => !(Math.abs(ours.got[k]![i]! - v) <= 2e-5 * scale))
        expect(off, `output ${k}`).toBe(-1)
      })
    })
  it("most of the convolutions", () => expect(products).toBeGreaterThan(2 * all.length))
})
