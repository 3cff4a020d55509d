import { describe, expect, it } from "vitest"
import { Module } from "../../../src/backends/wasm/module.ts"
import { engine, instantiate } from "../../../src/backends/wasm/engine.ts"
import { emitGemm, emitTables } from "../../../src/backends/wasm/gemm.ts"
import { planGemm, type Product, rowUnits, type Target } from "../../../src/backends/wasm/gemmPlan.ts"
import { Kernels } from "../../../src/backends/wasm/microkernel.ts"
import type { Width } from "../../../src/backends/wasm/packing.ts"
import { random } from "./random.ts"

const SEED = 20261120
const memory = new engine!.Memory({ initial: 1024 })
const singles = new Float32Array(memory.buffer)
const doubles = new Float64Array(memory.buffer)
// Byte addresses: A, B, C, scratch.
const [A, B, C, S] = [1 << 16, 16 << 20, 32 << 20, 40 << 20]

interface Variant {
  readonly width?: Width
  /** Computed in two calls, as by two threads. */
  readonly divided?: "rows" | "columns"
}
const compile = (product: Product, target: Target, { width = 4, divided }: Variant): (() => unknown) => {
  const module = new Module({ initial: 1 })
  const kernels = new Kernels(module)
  const f = module.func([], "none", "run")
  const plan = planGemm(product, target, kernels.rows, width)
  const address = (at: number) => f.let("i32", f.i32(at))
  const operands = { a: address(A), b: address(B), c: address(C), scratch: address(S) }
  emitTables(f, kernels, plan, operands.scratch)
  const [i, j, from, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")]
  const [count, unit] = divided === "columns" ? [plan.N, plan.panel] : rowUnits(plan)
  const middle = Math.min(count, unit * Math.ceil(count / unit / 2))
  const parts = divided
    ? [
        [0, middle],
        [middle, count],
      ]
    : [undefined]
  for (const part of parts)
    emitGemm(
      f,
      kernels,
      plan,
      { ...operands, ...(part ? { [divided!]: [address(part[0]!), address(part[1]!)] } : {}) },
      target !== "scratch"
        ? undefined
        : (block) =>
            f.for(
              i,
              () => f.i32(0),
              () => f.get(block.rows),
              1,
              () => {
                f.set(from, f.op("i32.add", f.get(block.at), f.op("i32.mul", f.get(i), f.i32(block.pitch))))
                const index = () =>
                  f.op(
                    "i32.add",
                    f.op("i32.mul", f.op("i32.add", f.get(block.row), f.get(i)), f.i32(plan.N)),
                    f.get(block.column),
                  )
                f.set(to, f.op("i32.add", f.i32(C), f.op("i32.mul", index(), f.i32(width))))
                f.for(
                  j,
                  () => f.i32(0),
                  () => f.get(block.columns),
                  1,
                  () => {
                    if (width === 4) f.store("f32.store", f.get(to), f.op("f32.mul", f.load("f32.load", f.get(from)), f.f32(2)))
                    else f.store("f64.store", f.get(to), f.op("f64.mul", f.load("f64.load", f.get(from)), f.f64(2)))
                    f.bump(from, width)
                    f.bump(to, width)
                  },
                )
              },
            ),
    ) // prettier-ignore
  return instantiate(module.bytes(), { memory })["run"]!
}
const size = (axes: readonly { readonly n: number }[]): number => axes.reduce((p, x) => p * x.n, 1)
/** Offsets of an index group in row-major order. */
const offsets = <X extends { readonly n: number }>(axes: readonly X[], stride: (x: X) => number): number[] =>
  axes.reduce<number[]>((t, x) => t.flatMap((o) => Array.from({ length: x.n }, (_, v) => o + v * stride(x))), [0])
const ROUND = { 4: 2 ** -24, 8: 2 ** -53 }

/** Largest error of the result in roundings, relative to the sum of the absolute products. */
const check = (product: Product, target: Target, shift = { a: 0, b: 0 }, variant: Variant = {}): number => {
  const next = random(SEED)
  const width = variant.width ?? 4
  const numbers = width === 4 ? singles : doubles
  const { m, n, k } = product
  const [f, g, h, j] = [offsets(m, (x) => x.a), offsets(k, (x) => x.a), offsets(n, (x) => x.b), offsets(k, (x) => x.b)]
  const top = (p: number[], q: number[], s: number) =>
    s + p.reduce((x, y) => Math.max(x, y)) + q.reduce((x, y) => Math.max(x, y)) + 1
  const a = numbers.subarray(A / width - shift.a, A / width - shift.a + top(f, g, shift.a))
  const b = numbers.subarray(B / width - shift.b, B / width - shift.b + top(h, j, shift.b))
  for (let i = 0; i < a.length; i++) a[i] = next() - 0.5
  for (let i = 0; i < b.length; i++) b[i] = next() - 0.5
  const [M, N] = [size(m), size(n)]
  const pitch = target === "scratch" ? N : target.direct
  const c = numbers.subarray(C / width, C / width + M * pitch + 16).fill(77)
  const untouched = c.slice()
  compile(product, target, variant)()
  let worst = 0
  for (let i = 0; i < M; i++)
    for (let l = 0; l < N; l++) {
      let [sum, scale] = [0, 1e-30]
      for (let q = 0; q < g.length; q++) {
        const term = a[shift.a + f[i]! + g[q]!]! * b[shift.b + h[l]! + j[q]!]!
        sum += term
        scale += Math.abs(term)
      }
      const got = c[i * pitch + l]! / (target === "scratch" ? 2 : 1)
      worst = Math.max(worst, Number.isNaN(got) ? Infinity : Math.abs(got - sum) / scale / ROUND[width])
      untouched[i * pitch + l] = c[i * pitch + l]!
    }
  expect(c).toEqual(untouched) // nothing beside C was written
  return worst
}
/** Roundings that an error may be: sums of up to 1200 terms, as seen 20 at most. */
const MOST = 50
const matmul = (M: number, N: number, K: number, ta: boolean, tb: boolean): Product => ({
  m: [{ n: M, a: ta ? 1 : K }],
  n: [{ n: N, b: tb ? K : 1 }],
  k: [{ n: K, a: ta ? M : 1, b: tb ? 1 : N }],
})
interface Conv {
  readonly batch: number
  readonly side: number
  readonly taps: number
  /** Of one group, and in all. */
  readonly channels: number
  readonly filters: number
  readonly groups?: number
  readonly stride?: number
  readonly dilation?: number
}
/** The three convolutions over an NHWC image x[n, h, w, c] (padded already), filters [p, q, c, f]; the first group of them. */
const conv = ({ batch, side, taps, channels, filters, groups = 1, stride = 1, dilation = 1 }: Conv): Record<string, Product> => {
  const out = Math.floor((side - dilation * (taps - 1) - 1) / stride) + 1
  const [xw, yw] = [channels * groups, filters * groups]
  const [step, far] = [stride * xw, dilation * xw]
  return {
    forward: {
      m: [
        { n: batch, a: side * side * xw },
        { n: out, a: side * step },
        { n: out, a: step },
      ],
      n: [{ n: filters, b: 1 }],
      k: [
        { n: channels, a: 1, b: yw },
        { n: taps, a: side * far, b: taps * channels * yw },
        { n: taps, a: far, b: channels * yw },
      ],
    },
    input: {
      m: [
        { n: batch, a: side * side * yw },
        { n: out, a: side * yw },
        { n: out, a: yw },
      ],
      n: [{ n: channels, b: yw }],
      k: [
        { n: taps, a: -side * yw * dilation, b: taps * channels * yw },
        { n: taps, a: -yw * dilation, b: channels * yw },
        { n: filters, a: 1, b: 1 },
      ],
    },
    filter: {
      m: [
        { n: taps, a: side * far },
        { n: taps, a: far },
        { n: channels, a: 1 },
      ],
      n: [{ n: filters, b: 1 }],
      k: [
        { n: batch, a: side * side * xw, b: out * out * yw },
        { n: out, a: side * step, b: out * yw },
        { n: out, a: step, b: yw },
      ],
    },
  } // prettier-ignore
}

describe(`gemm (seed ${SEED})`, () => {
  it("matrix products in all transpositions, all tails, direct and through scratch", () => {
    const next = random(SEED)
    const pick = (n: number) => 1 + Math.floor(next() * n)
    for (let i = 0; i < 250; i++) {
      const [M, N, K] =
        i < 30 ? [i < 15 ? 1 + i : 5, i < 15 ? 9 : i - 14, 1 + (i % 9)] : [pick(150), pick(60), pick(i % 10 ? 90 : 1200)]
      const product = matmul(M, N, K, next() < 0.5, next() < 0.5)
      const target: Target = next() < 0.5 ? { direct: N + pick(4) - 1 } : "scratch"
      const variants: readonly Variant[] = [{}, { divided: "rows" }, { divided: "columns" }, { width: 8 }]
      const variant = variants[pick(4) - 1]!
      expect(check(product, target, undefined, variant), `${M} x ${N} x ${K} ${JSON.stringify(variant)}`).toBeLessThan(MOST)
    }
  })
  it("more columns than a block holds, in several blocks of k", () => {
    expect(check(matmul(9, 2100, 530, false, false), { direct: 2100 })).toBeLessThan(MOST)
    expect(check(matmul(70, 2061, 600, true, true), "scratch")).toBeLessThan(MOST)
  })
  const convs: readonly Conv[] = [
    { batch: 2, side: 9, taps: 3, channels: 5, filters: 6 },
    { batch: 1, side: 12, taps: 3, channels: 32, filters: 16 },
    { batch: 3, side: 8, taps: 5, channels: 1, filters: 9 },
    { batch: 2, side: 7, taps: 1, channels: 8, filters: 8 },
    { batch: 1, side: 20, taps: 3, channels: 96, filters: 10 },
    { batch: 2, side: 20, taps: 3, channels: 66, filters: 9 },
    { batch: 2, side: 13, taps: 3, channels: 8, filters: 8, groups: 3 },
    { batch: 2, side: 15, taps: 3, channels: 12, filters: 5, stride: 2 },
    { batch: 2, side: 15, taps: 3, channels: 9, filters: 11, dilation: 2 },
    { batch: 2, side: 19, taps: 4, channels: 6, filters: 7, groups: 2, stride: 3, dilation: 2 },
    { batch: 1, side: 25, taps: 7, channels: 3, filters: 20, stride: 2 },
  ]
  const targets = (product: Product): readonly Target[] => ["scratch", { direct: size(product.n) }]
  const backwards = (product: Product) => ({
    a: Math.max(0, ...offsets(product.k, (x) => -x.a)),
    b: Math.max(0, ...offsets(product.k, (x) => -x.b)),
  })
  it("the three convolutions, with strides, dilations and groups, whole and divided", () => {
    for (const c of convs)
      for (const [name, product] of Object.entries(conv(c)))
        for (const target of targets(product))
          for (const variant of [{}, { divided: "rows" }, { divided: "columns" }, { width: 8 }] as const)
            expect(
              check(product, target, backwards(product), variant),
              `${name} ${JSON.stringify({ ...c, target, variant })}`,
            ).toBeLessThan(MOST)
  })
  it("filter gradients share the pixels of all taps, over several blocks of pixels and channels", () => {
    const product = conv({ batch: 2, side: 20, taps: 3, channels: 66, filters: 9 })["filter"]!
    expect(planGemm(product, "scratch").left.kind).toBe("shared")
    expect(planGemm(product, "scratch").blockK).toBeLessThan(2 * 18 * 18)
  })
  it("few rows or columns are read where they are", () => {
    const kinds = (product: Product) => [planGemm(product, { direct: 99 }).left.kind, planGemm(product, { direct: 99 }).right]
    expect(kinds(matmul(4, 99, 64, false, false))).toEqual(["rows", 4 * 99])
    expect(kinds(matmul(99, 8, 64, true, false))).toEqual(["columns", undefined])
    expect(kinds(matmul(99, 64, 64, true, true))).toEqual(["packed", undefined])
  })
  it("operands whose axes lie in memory in any order and direction", () => {
    const next = random(SEED + 1)
    const pick = (n: number) => 1 + Math.floor(next() * n)
    for (let i = 0; i < 100; i++) {
      const sizes = (count: number) => Array.from({ length: count }, () => pick(i % 3 ? 5 : 8))
      const [ms, ns, ks] = [sizes(pick(3)), sizes(pick(2)), sizes(pick(3))]
      /** Strides of a layout of these axes in random order, some of them backwards; and where the element at 0 lies. */
      const layout = (all: readonly number[]) => {
        const strides = all.map(() => 0)
        let step = 1
        let start = 0
        for (const x of all
          .map((_, x) => ({ x, key: next() }))
          .sort((p, q) => p.key - q.key)
          .map((p) => p.x)) {
          const back = next() < 0.2
          strides[x] = back ? -step : step
          if (back) start += step * (all[x]! - 1)
          step *= all[x]! + (next() < 0.3 ? 1 : 0)
        }
        return { strides, start }
      }
      const [a, b] = [layout([...ms, ...ks]), layout([...ns, ...ks])]
      const product: Product = {
        m: ms.map((n, x) => ({ n, a: a.strides[x]! })),
        n: ns.map((n, x) => ({ n, b: b.strides[x]! })),
        k: ks.map((n, x) => ({ n, a: a.strides[ms.length + x]!, b: b.strides[ns.length + x]! })),
      }
      expect(
        check(product, i % 2 ? "scratch" : { direct: size(product.n) }, { a: a.start, b: b.start }, { width: i % 3 ? 4 : 8 }),
        JSON.stringify(product),
      ).toBeLessThan(MOST)
    }
  })
})
