// Layers that pool, normalise, crop, widen and reshape, against arithmetic written out here.
import { describe, expect, it } from "vitest"
import { Net } from "../../src/nn/index.ts"
import { applyOf } from "../../src/nn/variables.ts"
import type { AnyLayer } from "../../src/nn/layer.ts"
import type { AnyNetwork } from "../../src/nn/network.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { close, f32, sentence, values } from "./help.ts"

const untyped = Net.network as unknown as (input: unknown, ...layers: readonly unknown[]) => AnyNetwork
const empty = { params: {}, state: {} }
/** What a layer gives for x, in a network whose sizes are names, and in one whose sizes are numbers. */
const through = (layer: AnyLayer, x: RawTensor): RawTensor => {
  const sized = untyped([...x.shape], layer)
  const [y] = applyOf(sized, empty as never, x, {})
  expect((sized.output as RawTensor).shape).toEqual(y.shape)
  return y as RawTensor
}
const of = (layer: AnyLayer, x: RawTensor): number[] => values(through(layer, x))
const ramp = (shape: readonly number[]): RawTensor => {
  const n = shape.reduce((a, b) => a * b, 1)
  return f32(
    Array.from({ length: n }, (_, k) => Math.fround(Math.sin(k * 1.7 + 0.3) * 2)),
    shape,
  )
}
const upto = (n: number): number[] => Array.from({ length: n }, (_, k) => k)

describe("pools as layers", () => {
  const line = f32([1, 5, 2, 4, 3], [1, 5, 1])
  it("do what their ops do", () => {
    expect(of(Net.maxPool1d(2), line)).toEqual([5, 4])
    expect(of(Net.maxPool1d(2, { ceilMode: true }), line)).toEqual([5, 4, 3])
    expect(of(Net.avgPool1d(2, { padding: 1, ceilMode: true }), line)).toEqual([1, 3.5, 3.5])
    expect(of(Net.avgPool1d(2, { padding: 1, countPadding: true }), line)).toEqual([0.5, 3.5, 3.5])
    expect(of(Net.globalMaxPool1d, line)).toEqual([5])
    expect(of(Net.globalAvgPool1d, line)).toEqual([3])
    expect(of(Net.adaptiveMaxPool1d(2), line)).toEqual([5, 4])
    expect(of(Net.adaptiveAvgPool1d(2), line)).toEqual([8 / 3, 3])
    const cube = f32(upto(8), [1, 2, 2, 2, 1])
    expect(of(Net.maxPool3d(2), cube)).toEqual([7])
    expect(of(Net.avgPool3d([1, 2, 2]), cube)).toEqual([1.5, 5.5])
    expect(of(Net.globalMaxPool3d, cube)).toEqual([7])
    expect(of(Net.globalAvgPool3d, cube)).toEqual([3.5])
    expect(of(Net.adaptiveAvgPool3d([null, 1, 1]), cube)).toEqual([1.5, 5.5])
    expect(of(Net.adaptiveMaxPool3d(1), cube)).toEqual([7])
    const image = f32(upto(12), [1, 3, 4, 1])
    expect(of(Net.maxPool2d(2, { ceilMode: true }), image)).toEqual([5, 7, 9, 11])
    expect(of(Net.adaptiveMaxPool2d([1, 3]), image)).toEqual([9, 10, 11])
    expect(of(Net.adaptiveAvgPool2d([2, 1]), image)).toEqual([3.5, 7.5])
    expect(of(Net.globalMaxPool2d, image)).toEqual([11])
  })
  it("plan names: a size that is known comes out, and one that stays", () => {
    const plan = (layer: AnyLayer, ...s: readonly unknown[]): unknown => (untyped(s, layer).output as RawTensor).shape
    expect(plan(Net.adaptiveAvgPool2d([7, null]), "b", "h", "w", 3)).toEqual(["b", 7, "w", 3])
    expect(plan(Net.maxPool2d(3, { stride: 1, padding: 1, ceilMode: true }), "b", "h", 5, 3)).toEqual(["b", "h", 5, 3])
    expect(plan(Net.globalAvgPool1d, "b", "t", 3)).toEqual(["b", 3])
    expect(plan(Net.crop2d(4), "b", "h", 9, 3)).toEqual(["b", 4, 4, 3])
    expect(plan(Net.flatten, "b", "t", 3)).toEqual(["b", "3*t"])
    expect(plan(Net.reshape([-1, 4]), "b", "t", 12)).toEqual(["b", "3*t", 4])
    expect(plan(Net.reshape([-1, 5]), "b", "t", 12)).toEqual(["b", "?", 5])
    expect(plan(Net.upsample2d([1, 2], "bilinear"), "b", "h", "w", 3)).toEqual(["b", "h", "2*w", 3])
    expect(plan(Net.trim2d([[1, 0], 0]), "b", "h", "w", 3)).toEqual(["b", "h-1", "w", 3])
    expect(plan(Net.transpose([0, -1, 1]), "b", "t", 3)).toEqual(["b", 3, "t"])
  })
})
describe("localResponseNorm", () => {
  it("is the formula of Krizhevsky et al. over neighbouring channels, at the edges over those there are", () => {
    const x = ramp([2, 3, 7])
    const v = values(x)
    for (const { size, alpha, beta, k } of [
      { size: 5, alpha: 0.1, beta: 0.75, k: 2 },
      { size: 4, alpha: 0.3, beta: 0.5, k: 1 },
      { size: 9, alpha: 1e-4, beta: 1, k: 2 },
    ]) {
      const want = v.map((a, at) => {
        const c = at % 7
        let s = 0
        for (let j = Math.max(0, c - Math.floor(size / 2)); j <= Math.min(6, c + Math.ceil(size / 2) - 1); j++)
          s += v[at - c + j]! ** 2
        return a / (k + alpha * s) ** beta
      })
      expect(close(of(Net.localResponseNorm({ size, alpha, beta, k }), x), want)).toBe(true)
    }
    const paper = v.map((a, at) => {
      const c = at % 7
      const s = upto(7).reduce((t, j) => (Math.abs(j - c) <= 2 ? t + v[at - c + j]! ** 2 : t), 0)
      return a / (2 + 1e-4 * s) ** 0.75
    })
    expect(close(of(Net.localResponseNorm(), x), paper)).toBe(true)
  })
})
describe("upsample2d", () => {
  const x = ramp([2, 3, 4, 2])
  const v = values(x)
  const at = (b: number, i: number, j: number, c: number): number => v[((b * 3 + i) * 4 + j) * 2 + c]!
  const each = (h: number, w: number, f: (b: number, i: number, j: number, c: number) => number): number[] =>
    [0, 1].flatMap((b) => upto(h).flatMap((i) => upto(w).flatMap((j) => [0, 1].map((c) => f(b, i, j, c)))))
  it("repeats", () => {
    const want = each(6, 12, (b, i, j, c) => at(b, Math.floor(i / 2), Math.floor(j / 3), c))
    expect(of(Net.upsample2d([2, 3]), x)).toEqual(want)
  })
  it("interpolates between centres, and goes on at the edges as it is", () => {
    for (const [fh, fw] of [
      [2, 2],
      [3, 4],
      [1, 5],
    ] as const) {
      /** Neighbours of an output position, and how far it lies between them. */
      const source = (k: number, f: number, n: number): readonly [number, number, number] => {
        const p = Math.max((k + 0.5) / f - 0.5, 0)
        const low = Math.floor(p)
        return [low, Math.min(low + 1, n - 1), p - low]
      }
      const want = each(3 * fh, 4 * fw, (b, i, j, c) => {
        const [i0, i1, s] = source(i, fh, 3)
        const [j0, j1, t] = source(j, fw, 4)
        return (
          (1 - s) * ((1 - t) * at(b, i0, j0, c) + t * at(b, i0, j1, c)) + s * ((1 - t) * at(b, i1, j0, c) + t * at(b, i1, j1, c))
        )
      })
      expect(close(of(Net.upsample2d([fh, fw], "bilinear"), x), want)).toBe(true)
    }
  })
})
describe("edges", () => {
  const x = f32(upto(20), [4, 5, 1])
  const rows = (from: number, to: number, left: number, right: number): number[] =>
    upto(20).filter((k) => Math.floor(k / 5) >= from && Math.floor(k / 5) < to && k % 5 >= left && k % 5 < right)
  it("are cut around the centre, or by margins", () => {
    expect(of(Net.crop2d(2), x)).toEqual(rows(1, 3, 1, 3))
    expect(of(Net.crop2d([4, 2]), x)).toEqual(rows(0, 4, 1, 3))
    expect(of(Net.crop2d([1, 5]), x)).toEqual(rows(1, 2, 0, 5))
    expect(of(Net.trim2d(1), x)).toEqual(rows(1, 3, 1, 4))
    expect(
      of(
        Net.trim2d([
          [0, 2],
          [3, 1],
        ]),
        x,
      ),
    ).toEqual(rows(0, 2, 3, 4))
  })
  it("are zeros where they are put on", () => {
    const y = of(
      Net.zeroPad2d([
        [1, 0],
        [2, 1],
      ]),
      x,
    )
    expect(y.length).toBe(40)
    expect(
      y.map((v, k) => (k < 8 || k % 8 < 2 || k % 8 > 6 ? v === 0 : v === (Math.floor(k / 8) - 1) * 5 + (k % 8) - 2)),
    ).not.toContain(false)
  })
  it("of named size are checked when the network runs", () => {
    const net = untyped(["b", "h", "w", 1], Net.crop2d(3))
    expect((applyOf(net, empty as never, ramp([1, 3, 4, 1]), {})[0] as RawTensor).shape).toEqual([1, 3, 3, 1])
    expect(sentence(() => applyOf(net, empty as never, ramp([1, 4, 2, 1]), {}))).toBe(
      "crop2d: [1, 4, 2, 1] has 2 where 3 are to stay; crop to less",
    )
  })
})
describe("the same elements in another shape", () => {
  it("per example, or with axes moved", () => {
    const x = f32(upto(12), [2, 6])
    expect(through(Net.reshape([3, -1]), x).shape).toEqual([2, 3, 2])
    expect(of(Net.reshape([3, -1]), x)).toEqual(upto(12))
    const net = untyped(["b", "t", 4], Net.reshape([2, -1]))
    expect((applyOf(net, empty as never, ramp([3, 5, 4]), {})[0] as RawTensor).shape).toEqual([3, 2, 10])
    expect(of(Net.transpose([1, 0]), x)).toEqual(upto(12).map((k) => (k % 2) * 6 + Math.floor(k / 2)))
  })
})
describe("activations", () => {
  it("apply their function", () => {
    const v = [-2, -0.5, 0, 1, 3, 7]
    const x = f32(v)
    expect(of(Net.relu6, x)).toEqual([0, 0, 0, 1, 3, 6])
    expect(
      close(
        of(Net.silu, x),
        v.map((a) => a / (1 + Math.exp(-a))),
      ),
    ).toBe(true)
    expect(of(Net.leakyRelu(0.25), x)).toEqual([-0.5, -0.125, 0, 1, 3, 7])
    expect(of(Net.elu(2), x).map((a, k) => Math.abs(a - (v[k]! > 0 ? v[k]! : 2 * Math.expm1(v[k]!))) < 1e-12)).not.toContain(
      false,
    )
    const e = v.map(Math.exp)
    const total = e.reduce((a, b) => a + b)
    expect(
      close(
        of(Net.softmax, x),
        e.map((a) => a / total),
      ),
    ).toBe(true)
  })
})
