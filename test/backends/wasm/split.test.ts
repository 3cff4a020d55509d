// Long reductions to few results, which are cut into parts: right, within the stated bounds, the same bits on any number of threads.
import { afterAll, describe, expect, it } from "vitest"
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { splitReductions } from "../../../src/backends/wasm/split.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type DType, flatten, type HostArray, hostArray, trace } from "../../../src/core/index.ts"
import { size } from "../../../src/core/shape.ts"
import * as typed from "../../../src/tensor.ts"
import { random } from "./random.ts"

const SEED = 20261123
type Any = typed.AnyTensor
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>
const one = wasm()
const devices = [one, ...[2, 3, 4, 5].map((n) => wasmThreads(n, { least: 0, always: true }))]
afterAll(() => Promise.all(devices.map((d) => d.close())))
type Shape = readonly number[]

const programOf = (shapes: readonly Shape[], dtype: DType, f: (...x: Any[]) => Any) => {
  const program = trace((...x) => flatten(f(...(x as Any[]))).leaves, flatten(shapes.map((s) => T["zeros"]!(s, dtype))).leaves)
  return { program, lowered: lower(program, { limits: one.limits }) }
}
const kernels = ({ lowered }: ReturnType<typeof programOf>): number =>
  splitReductions(lowered).stmts.length - lowered.stmts.length
const results = (
  device: Backend,
  inputs: readonly HostArray[],
  shapes: readonly Shape[],
  dtype: DType,
  p: ReturnType<typeof programOf>,
): HostArray => {
  const compiled = device.compile({ program: p.program, lowered: () => p.lowered }) as Compiled
  const args = inputs.map((x, k) => device.upload(x, { shape: shapes[k]!, dtype }) as DeviceBuffer)
  const [out] = compiled.run(
    args,
    args.map(() => false),
  ) as readonly DeviceBuffer[]
  const y = device.download(out!) as HostArray
  for (const b of [...args, out!]) device.free(b)
  compiled.dispose()
  return y
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
      it(`${c.name} of [${shape}] over [${axes}]`, () => {
        const inputs = Array.from({ length: c.inputs ?? 1 }, () =>
          Float32Array.from({ length: size(shape) }, () => 4 * next() - 1),
        )
        const all = inputs.map(() => shape)
        const program = programOf(all, "f32", c.f)
        expect(kernels(program)).toBeGreaterThan(0)
        const want = results(one, inputs, all, "f32", program)
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
        for (const d of devices.slice(1)) expect(results(d, inputs, all, "f32", program)).toEqual(want)
      })
  it("integers, and float64", () => {
    for (const dtype of ["i32", "u32", "f64"] as const) {
      const n = 100_003
      const x = hostArray(dtype, n)
      for (let i = 0; i < n; i++) x[i] = dtype === "f64" ? next() : Math.floor(1000 * next())
      const exact = (x as unknown as number[]).reduce((a, b) => a + b, 0)
      const program = programOf([[n]], dtype, (a) => T["sum"]!(a))
      const want = results(one, [x], [[n]], dtype, program)
      expect(Math.abs(want[0]! - exact)).toBeLessThanOrEqual(dtype === "f64" ? 1e-9 * exact : 0)
      for (const d of devices.slice(1)) expect(results(d, [x], [[n]], dtype, program)).toEqual(want)
    }
  })
  it("the rest of the kernel: what the result is used for, and what does not vary with it", () => {
    const [n, m] = [40_003, 3]
    const x = Float32Array.from({ length: n * m }, () => next())
    const y = Float32Array.from({ length: n * m }, () => next())
    const shapes = [
      [n, m],
      [n, m],
    ]
    const program = programOf(shapes, "f32", (a, b) => T["tanh"]!(T["mul"]!(0.001, T["sum"]!(T["mul"]!(a, b), [0]))))
    const want = results(one, [x, y], shapes, "f32", program)
    for (let j = 0; j < m; j++) {
      let s = 0
      for (let i = 0; i < n; i++) s += x[i * m + j]! * y[i * m + j]!
      expect(Math.abs(want[j]! - Math.tanh(0.001 * s))).toBeLessThan(1e-6)
    }
    for (const d of devices.slice(1)) expect(results(d, [x, y], shapes, "f32", program)).toEqual(want)
  })
  it("short ones, those with many results, and prefixes stay whole", () => {
    const whole: readonly (readonly [Shape, (x: Any) => Any])[] = [
      [[1000], (x) => T["sum"]!(x)],
      [[2048, 512], (x) => T["sum"]!(x, [1])],
      [[20, 5000], (x) => T["sum"]!(x, [1])],
      [[100, 8192], (x) => T["sum"]!(x, [0])],
      [[200_000], (x) => T["cumsum"]!(x, 0)],
      [[0, 5], (x) => T["sum"]!(x, [0])],
    ]
    for (const [shape, f] of whole) expect(kernels(programOf([shape], "f32", f))).toBe(0)
  })
  it("one that each step of a scan computes", () => {
    const n = 60_000
    const x = Float32Array.from({ length: n }, () => next())
    const program = programOf([[n]], "f32", (a) => {
      const [[last]] = T["scan"]!(
        ([s]: readonly Any[]) => [[T["add"]!(T["mul"]!(s, 0.5), T["mean"]!(T["mul"]!(a, s)))], []],
        [T["add"]!(T["zeros"]!([]), 1)],
        T["zeros"]!([4]),
      ) as unknown as [[Any], unknown]
      return last
    })
    expect(program.lowered.stmts.length).toBeGreaterThan(0)
    const mean = x.reduce((a, b) => a + b, 0) / n
    const want = results(one, [x], [[n]], "f32", program)
    expect(Math.abs(want[0]! - (0.5 + mean) ** 4)).toBeLessThan(1e-5)
    for (const d of devices.slice(1)) expect(results(d, [x], [[n]], "f32", program)).toEqual(want)
  })
})
