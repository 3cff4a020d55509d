// Long sums: they neither stop growing nor drift.
import { afterAll, describe, expect, it } from "vitest"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { flatten, type HostArray, trace } from "../../../src/core/index.ts"
import * as typed from "../../../src/tensor.ts"
import { random } from "./random.ts"

const SEED = 20261121
const device = wasm()
afterAll(() => device.close())
type Any = typed.AnyTensor
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>

const run = (inputs: readonly Float32Array[], shapes: readonly (readonly number[])[], f: (...x: Any[]) => Any): HostArray => {
  const params = shapes.map((s) => T["zeros"]!(s))
  const program = trace((...x) => flatten(f(...(x as Any[]))).leaves, flatten(params).leaves)
  const lowered = lower(program, { limits: device.limits })
  const compiled = device.compile({ program, lowered: () => lowered }) as Compiled
  const args = inputs.map((x, k) => device.upload(x, { shape: shapes[k]!, dtype: "f32" }) as DeviceBuffer)
  const [out] = compiled.run(
    args,
    args.map(() => false),
  ) as readonly DeviceBuffer[]
  const y = device.download(out!) as HostArray
  for (const b of [...args, out!]) device.free(b)
  compiled.dispose()
  return y
}
/** Ones that take no memory: the sum cannot be guessed from the shape. */
const ones = (shape: readonly number[], axis: number): Any => T["cast"]!(T["greaterEqual"]!(T["iota"]!(shape, axis), 0), "f32")
/** The stated bound for n terms in each of so many registers. */
const bound = (terms: number): number => (64 * Math.max(1, Math.ceil(Math.log(terms) / Math.log(64))) + 4) * 2 ** -24

describe(`long sums (seed ${SEED})`, () => {
  it("ones are counted beyond 2^24 and 2^28", () => {
    for (const n of [2 ** 24 + 2, 2 ** 28 + 64]) expect([...run([], [], () => T["sum"]!(ones([n], 0)))]).toEqual([n])
    expect([...run([], [], () => T["sum"]!(ones([2 ** 24 + 4, 4], 0), [0]))]).toEqual(Array(4).fill(2 ** 24 + 4))
    expect([...run([], [], () => T["sum"]!(ones([2 ** 11, 2 ** 14, 4], 1), [0, 1]))]).toEqual(Array(4).fill(2 ** 25))
  })
  it("columns and rows of tenths do not drift", () => {
    const [n, m] = [100_003, 64]
    const x = new Float32Array(n * m).fill(0.1)
    const want = n * Math.fround(0.1)
    for (const y of run([x], [[n, m]], (a) => T["sum"]!(a, [0]))) expect(Math.abs(y / want - 1)).toBeLessThan(1e-6)
    const total = run([x], [[n, m]], (a) => T["sum"]!(a))[0]!
    expect(Math.abs(total / (m * want) - 1)).toBeLessThan(1e-6)
    for (const y of run([x], [[m, n]], (a) => T["mean"]!(a, [1]))) expect(Math.abs(y / Math.fround(0.1) - 1)).toBeLessThan(1e-6)
  })
  it("within the stated bound where terms cancel", () => {
    const next = random(SEED)
    for (const [n, m] of [
      [1_000_003, 1],
      [70_001, 13],
      [4099, 260],
    ] as const) {
      const x = Float32Array.from({ length: n * m }, (_, i) => (i % 2 ? -1 : 1) * 10 ** (4 * next()) + next())
      const columns = new Float64Array(m)
      const sizes = new Float64Array(m)
      x.forEach((v, i) => {
        columns[i % m]! += v
        sizes[i % m]! += Math.abs(v)
      })
      const byColumn = run([x], [[n, m]], (a) => T["sum"]!(a, [0]))
      const limit = Math.min(bound(n), m >= 64 ? (Math.sqrt(n) + 28) * 2 ** -24 : Infinity)
      byColumn.forEach((y, k) => {
        expect(Math.abs(y - columns[k]!) / sizes[k]!).toBeLessThanOrEqual(limit)
      })
      const all = run([x], [[n, m]], (a) => T["sum"]!(a))[0]!
      const size = sizes.reduce((p, v) => p + v)
      expect(Math.abs(all - columns.reduce((p, v) => p + v)) / size).toBeLessThanOrEqual(bound((n * m) / 16))
      // Far better in practice: rounding errors cancel too.
      expect(Math.abs(all - columns.reduce((p, v) => p + v)) / size).toBeLessThan(2e-7)
    }
  })
  it("NaN and infinities pass through all levels", () => {
    const x = new Float32Array(300_000).fill(1)
    x[123_456] = Infinity
    expect(run([x], [[300_000]], (a) => T["sum"]!(a))[0]).toBe(Infinity)
    x[200_001] = -Infinity
    expect(run([x], [[300_000]], (a) => T["sum"]!(a))[0]).toBeNaN()
    expect(run([x], [[3000, 100]], (a) => T["sum"]!(a, [0]))[56]).toBe(Infinity)
  })
})
