// Long reductions to few results, which are cut into parts: right, within the stated bounds, the same bits on any number of threads.
import { afterAll, describe, expect, it } from "vitest"
import { splitReductions } from "../../../src/backends/wasm/split.ts"
import { hostArray } from "../../../src/core/index.ts"
import { size } from "../../../src/core/shape.ts"
import { type Any, crews, T, traced, type Traced } from "./_divided.ts"
import { random } from "./random.ts"

const SEED = 20261123
const { all, close } = crews()
afterAll(close)
type Shape = readonly number[]
const f32 = (...shapes: readonly Shape[]) => shapes.map((shape) => ({ shape, dtype: "f32" }) as const)
const kernels = ({ lowered }: Traced): number => splitReductions(lowered).stmts.length - lowered.stmts.length
/** What one thread gives; others must give the same. */
const only = async (p: Traced, values: Parameters<typeof all>[1]) => {
  const [one, ...others] = await all(p, values)
  for (const o of others) expect(o).toEqual(one)
  return one[0]!
}
interface Case {
  readonly name: string
  readonly f: (...x: Any[]) => Any
  /** A result of the terms at these places. */
  readonly of: (terms: readonly (readonly number[])[]) => number
  readonly inputs?: number
}
const sum = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0)
const cases = (axes: readonly number[]): readonly Case[] => [
  { name: "sum", f: (x) => T["sum"]!(x, axes), of: ([x]) => sum(x!) },
  {
    name: "mean of squares of differences",
    inputs: 2,
    f: (x, y) => T["mean"]!(T["square"]!(T["sub"]!(x, y)), axes),
    of: ([x, y]) => sum(x!.map((v, i) => (v - y![i]!) ** 2)) / x!.length,
  },
  { name: "max", f: (x) => T["max"]!(x, axes), of: ([x]) => x!.reduce((a, b) => Math.max(a, b)) },
  {
    name: "min of |x|",
    f: (x) => T["min"]!(T["abs"]!(x), axes),
    of: ([x]) => x!.reduce((a, b) => Math.min(a, Math.abs(b)), Infinity),
  },
]
/** Reduced shapes, longer and shorter than what is cut, of odd sizes; the axes that go. */
const shapes: readonly (readonly [Shape, readonly number[]])[] = [
  [[200_003], [0]],
  [[98_304], [0]],
  [
    [401, 503],
    [0, 1],
  ],
  [
    [7, 30_011],
    [0, 1],
  ],
  [
    [20_011, 9],
    [0, 1],
  ],
  [[30_011, 5], [0]],
  [[1021, 130], [0]],
  [[512, 700], [0]],
  [[3, 1030, 70], [1]],
  [[5, 40_009], [1]],
  [
    [1, 150_001, 1],
    [0, 1],
  ],
  [
    [1030, 3, 64],
    [0, 2],
  ],
  [[90_013, 1], [0]],
]
describe(`long reductions (seed ${SEED})`, () => {
  const next = random(SEED)
  for (const [shape, axes] of shapes)
    for (const c of cases(axes))
      it(`${c.name} of [${shape}] over [${axes}]`, async () => {
        const inputs = Array.from({ length: c.inputs ?? 1 }, () =>
          Float32Array.from({ length: size(shape) }, () => 4 * next() - 1),
        )
        const program = traced(f32(...inputs.map(() => shape)), c.f)
        expect(kernels(program)).toBeGreaterThan(0)
        const want = await only(program, inputs)
        const groups = new Map<number, number[]>()
        inputs[0]!.forEach((_, i) => {
          let [rest, at] = [i, 0]
          const index = shape.toReversed().map((n) => {
            const k = rest % n
            rest = Math.floor(rest / n)
            return k
          })
          index.toReversed().forEach((k, d) => {
            if (!axes.includes(d)) at = at * shape[d]! + k
          })
          const group = groups.get(at)
          if (group) group.push(i)
          else groups.set(at, [i])
        })
        expect(want.length).toBe(groups.size)
        want.forEach((v, at) => {
          const exact = c.of(inputs.map((x) => groups.get(at)!.map((i) => x[i]!)))
          expect(Math.abs(v - exact)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(exact)))
        })
      })
  it("integers, and float64", async () => {
    for (const dtype of ["i32", "u32", "f64"] as const) {
      const n = 100_003
      const x = hostArray(dtype, n)
      for (let i = 0; i < n; i++) x[i] = dtype === "f64" ? next() : Math.floor(1000 * next())
      const exact = (x as unknown as number[]).reduce((a, b) => a + b, 0)
      const program = traced([{ shape: [n], dtype }], (a) => T["sum"]!(a))
      const want = await only(program, [x])
      expect(Math.abs(want[0]! - exact)).toBeLessThanOrEqual(dtype === "f64" ? 1e-9 * exact : 0)
    }
  })
  it("the rest of the kernel: what the result is used for, and what does not vary with it", async () => {
    const [n, m] = [40_003, 3]
    const x = Float32Array.from({ length: n * m }, () => next())
    const y = Float32Array.from({ length: n * m }, () => next())
    const program = traced(f32([n, m], [n, m]), (a, b) => T["tanh"]!(T["mul"]!(0.001, T["sum"]!(T["mul"]!(a, b), [0]))))
    const want = await only(program, [x, y])
    for (let j = 0; j < m; j++) {
      let s = 0
      for (let i = 0; i < n; i++) s += x[i * m + j]! * y[i * m + j]!
      expect(Math.abs(want[j]! - Math.tanh(0.001 * s))).toBeLessThan(1e-6)
    }
  })
  it("short ones, those with many results, and prefixes stay whole", async () => {
    const whole: readonly (readonly [Shape, (x: Any) => Any])[] = [
      [[1000], (x) => T["sum"]!(x)],
      [[2048, 512], (x) => T["sum"]!(x, [1])],
      [[20, 5000], (x) => T["sum"]!(x, [1])],
      [[100, 8192], (x) => T["sum"]!(x, [0])],
      [[200_000], (x) => T["cumsum"]!(x, 0)],
      [[0, 5], (x) => T["sum"]!(x, [0])],
    ]
    for (const [shape, f] of whole) expect(kernels(traced(f32(shape), f))).toBe(0)
  })
  it("one that each step of a scan computes", async () => {
    const n = 60_000
    const x = Float32Array.from({ length: n }, () => next())
    const program = traced(f32([n]), (a) => {
      const [[last]] = T["scan"]!(
        ([s]: readonly Any[]) => [[T["add"]!(T["mul"]!(s, 0.5), T["mean"]!(T["mul"]!(a, s)))], []],
        [T["add"]!(T["zeros"]!([]), 1)],
        T["zeros"]!([4]),
      ) as unknown as [[Any], unknown]
      return last
    })
    expect(program.lowered.stmts.length).toBeGreaterThan(0)
    const mean = x.reduce((a, b) => a + b, 0) / n
    const want = await only(program, [x])
    expect(Math.abs(want[0]! - (0.5 + mean) ** 4)).toBeLessThan(1e-5)
  })
})
