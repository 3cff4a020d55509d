import { describe, expect, it } from "vitest"
import { Module } from "../../../src/backends/wasm/module.ts"
import { engine, instantiate } from "../../../src/backends/wasm/engine.ts"
import { emitGemm, emitTables, planGemm, type Product, type Target } from "../../../src/backends/wasm/gemm.ts"
import { Kernels } from "../../../src/backends/wasm/microkernel.ts"
import { random } from "./random.ts"

const SEED = 20261120
const memory = new engine!.Memory({ initial: 1024 })
const floats = new Float32Array(memory.buffer)
// Byte addresses: A, B, C, scratch.
const [A, B, C, S] = [1 << 16, 16 << 20, 32 << 20, 40 << 20]

const compile = (product: Product, target: Target): (() => unknown) => {
  const module = new Module({ initial: 1 })
  const kernels = new Kernels(module)
  const f = module.func([], "none", "run")
  const plan = planGemm(product, target)
  const address = (at: number) => f.let("i32", f.i32(at))
  const operands = { a: address(A), b: address(B), c: address(C), scratch: address(S) }
  emitTables(f, kernels, plan, operands.scratch)
  const [i, j, from, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")]
  emitGemm(
    f,
    kernels,
    plan,
    operands,
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
                f.op("i32.add", f.op("i32.mul", f.op("i32.add", f.get(block.row), f.get(i)), f.i32(plan.N)), f.get(block.column))
              f.set(to, f.op("i32.add", f.i32(C), f.op("i32.shl", index(), f.i32(2))))
              f.for(
                j,
                () => f.i32(0),
                () => f.get(block.columns),
                1,
                () => {
                  f.store("f32.store", f.get(to), f.op("f32.mul", f.load("f32.load", f.get(from)), f.f32(2)))
                  f.bump(from, 4)
                  f.bump(to, 4)
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

/** Largest error of the result, relative to the sum of the absolute products. */
const check = (product: Product, target: Target, shift = { a: 0, b: 0 }): number => {
  const next = random(SEED)
  const { m, n, k } = product
  const [f, g, h, j] = [offsets(m, (x) => x.a), offsets(k, (x) => x.a), offsets(n, (x) => x.b), offsets(k, (x) => x.b)]
  const top = (p: number[], q: number[], s: number) =>
    s + p.reduce((x, y) => Math.max(x, y)) + q.reduce((x, y) => Math.max(x, y)) + 1
  const a = floats.subarray(A / 4 - shift.a, A / 4 - shift.a + top(f, g, shift.a))
  const b = floats.subarray(B / 4 - shift.b, B / 4 - shift.b + top(h, j, shift.b))
  for (let i = 0; i < a.length; i++) a[i] = next() - 0.5
  for (let i = 0; i < b.length; i++) b[i] = next() - 0.5
  const [M, N] = [size(m), size(n)]
  const pitch = target === "scratch" ? N : target.direct
  const c = floats.subarray(C / 4, C / 4 + M * pitch + 16).fill(77)
  const untouched = c.slice()
  compile(product, target)()
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
      worst = Math.max(worst, Number.isNaN(got) ? Infinity : Math.abs(got - sum) / scale)
      untouched[i * pitch + l] = c[i * pitch + l]!
    }
  expect(c).toEqual(untouched) // nothing beside C was written
  return worst
}
const matmul = (M: number, N: number, K: number, ta: boolean, tb: boolean): Product => ({
  m: [{ n: M, a: ta ? 1 : K }],
  n: [{ n: N, b: tb ? K : 1 }],
  k: [{ n: K, a: ta ? M : 1, b: tb ? 1 : N }],
})
/** The three convolutions over an NHWC image x[n, h, w, c] (padded already), filters [p, q, c, f]. */
const conv = (batch: number, side: number, taps: number, channels: number, filters: number): Record<string, Product> => {
  const out = side - taps + 1
  const [xw, yw] = [channels, filters]
  return {
    forward: {
      m: [
        { n: batch, a: side * side * xw },
        { n: out, a: side * xw },
        { n: out, a: xw },
      ],
      n: [{ n: filters, b: 1 }],
      k: [
        { n: channels, a: 1, b: filters },
        { n: taps, a: side * xw, b: taps * channels * filters },
        { n: taps, a: xw, b: channels * filters },
      ],
    },
    input: {
      m: [
        { n: batch, a: side * side * yw },
        { n: out, a: side * yw },
        { n: out, a: yw },
      ],
      n: [{ n: channels, b: filters }],
      k: [
        { n: taps, a: -side * yw, b: taps * channels * filters },
        { n: taps, a: -yw, b: channels * filters },
        { n: filters, a: 1, b: 1 },
      ],
    },
    filter: {
      m: [
        { n: taps, a: side * xw },
        { n: taps, a: xw },
        { n: channels, a: 1 },
      ],
      n: [{ n: filters, b: 1 }],
      k: [
        { n: batch, a: side * side * xw, b: out * out * yw },
        { n: out, a: side * xw, b: out * yw },
        { n: out, a: xw, b: yw },
      ],
    },
  } // prettier-ignore
}

describe(`gemm (seed ${SEED})`, () => {
  it("matrix products in all transpositions, all tails, direct and through scratch", () => {
    const next = random(SEED)
    const pick = (n: number) => 1 + Math.floor(next() * n)
    for (let i = 0; i < 150; i++) {
      const [M, N, K] =
        i < 30 ? [i < 15 ? 1 + i : 5, i < 15 ? 9 : i - 14, 1 + (i % 9)] : [pick(150), pick(60), pick(i % 10 ? 90 : 1200)]
      const product = matmul(M, N, K, next() < 0.5, next() < 0.5)
      expect(check(product, next() < 0.5 ? { direct: N + pick(4) - 1 } : "scratch"), `${M} x ${N} x ${K}`).toBeLessThan(3e-6)
    }
  })
  it("more columns than a block holds, in several blocks of k", () => {
    expect(check(matmul(9, 2100, 530, false, false), { direct: 2100 })).toBeLessThan(3e-6)
    expect(check(matmul(70, 2061, 600, true, true), "scratch")).toBeLessThan(3e-6)
  })
  it("the three convolutions", () => {
    for (const [batch, side, taps, channels, filters] of [
      [2, 9, 3, 5, 6],
      [1, 12, 3, 32, 16],
      [3, 8, 5, 1, 9],
      [2, 7, 1, 8, 8],
      [1, 20, 3, 96, 10],
    ] as const)
      for (const [name, product] of Object.entries(conv(batch, side, taps, channels, filters))) {
        const shift = { a: Math.max(0, ...offsets(product.k, (x) => -x.a)), b: Math.max(0, ...offsets(product.k, (x) => -x.b)) }
        for (const target of ["scratch", { direct: size(product.n) }] as const)
          expect(check(product, target, shift), `${name} ${side} ${taps} ${channels} ${filters}`).toBeLessThan(3e-6)
      }
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
        check(product, i % 2 ? "scratch" : { direct: size(product.n) }, { a: a.start, b: b.start }),
        JSON.stringify(product),
      ).toBeLessThan(3e-6)
    }
  })
})
