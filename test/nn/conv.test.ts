// Layers that convolve: what they compute, the plan of sizes and names, and their gradients.
import { describe, expect, it } from "vitest"
import { Net } from "../../src/nn/index.ts"
import { applyOf } from "../../src/nn/variables.ts"
import type { AnyNetwork } from "../../src/nn/network.ts"
import { spreadOf, windowsOf } from "../../src/ops/_windows.ts"
import * as Random from "../../src/random/index.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { f32, run, shapes, values } from "./help.ts"

const key = Random.key(20261121)
const untyped = Net.network as unknown as (input: unknown, ...layers: readonly unknown[]) => AnyNetwork
const vars = (net: AnyNetwork): { params: never; state: never } => run(Net.init(net, key)) as never
const outOf = (net: AnyNetwork): readonly unknown[] => (net.output as { shape: readonly unknown[] }).shape
const ramp = (shape: readonly number[]): RawTensor =>
  f32(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, k) => Math.fround(Math.sin(k * 1.7 + 0.3) * 2)),
    shape,
  )
const forward = (net: AnyNetwork, v: unknown, x: RawTensor): number[] => values(applyOf(net, v as never, x, {})[0])

describe("the plan", () => {
  it("says the shape that comes out, over options", () => {
    let cases = 0
    for (const padding of ["valid", "same", "full", 1, [0, 2]] as const)
      for (const stride of [1, 2] as const)
        for (const dilation of [1, 2] as const) {
          const both = { filters: 6, kernel: [3], padding: [padding], stride, dilation, groups: 2 } as const
          const wide = { ...both, kernel: 2, padding } as const
          const extra = padding === "same" ? {} : { outputPadding: stride - 1 }
          const made: readonly (readonly [readonly number[], unknown])[] = [
            [[9, 4], Net.conv1d(both)],
            [[5, 6, 7, 4], Net.conv3d(wide)],
            [[9, 4], Net.convTranspose1d({ ...both, ...extra })],
            [[9, 8, 4], Net.convTranspose2d({ ...wide, padding: [padding, 1], stride: 2, outputPadding: 0 })],
            [[3, 4, 5, 4], Net.convTranspose3d({ ...wide, padding: [1, 0, 1], stride: 2 })],
            [[9, 8, 4], Net.depthwiseConv2d({ kernel: [3, 2], multiplier: 2, padding: [padding, "same"], stride, dilation })],
          ]
          for (const [shape, layer] of made) {
            const net = untyped(["b", ...shape], layer)
            const [y] = applyOf(net, vars(net), ramp([2, ...shape]), {})
            expect(y.shape).toEqual([2, ...outOf(net).slice(1)])
            cases++
          }
        }
    expect(cases).toBe(120)
  })
  it("keeps names, as the types do", () => {
    const names = (layer: unknown): unknown => outOf(untyped(["b", "t", 4], layer))[1]
    expect(names(Net.conv1d({ filters: 2, kernel: 3 }))).toBe("t-2")
    expect(names(Net.conv1d({ filters: 2, kernel: 3, padding: "full" }))).toBe("t+2")
    expect(names(Net.conv1d({ filters: 2, kernel: 3, padding: [2, 0] }))).toBe("t")
    expect(names(Net.conv1d({ filters: 2, kernel: 3, stride: 2 }))).toBe("?")
    expect(names(Net.convTranspose1d({ filters: 2, kernel: 4, stride: 2, padding: 1 }))).toBe("2*t")
    expect(names(Net.convTranspose1d({ filters: 2, kernel: 3, stride: 2, padding: "same" }))).toBe("2*t")
  })
  it("of a name agrees with the plan of every size that the name may be", () => {
    const paddings = ["valid", "same", "full", 1, [0, 2]] as const
    let known = 0
    for (const form of ["t", "2*t", "6*t", "2*t+1", "6*t-1"])
      for (const stride of [1, 2, 3])
        for (const padding of paddings)
          for (const [k, d] of [
            [1, 1],
            [2, 1],
            [3, 2],
          ] as const)
            for (const [of, t0] of [
              [windowsOf, 7],
              [
                (...a: Parameters<typeof windowsOf>) => spreadOf(...(a as [string, number, number, number, "same", number]), 0),
                7,
              ],
            ] as const)
              for (const t of [t0, t0 + 1, t0 + 5]) {
                const value = (e: unknown): number => Number(new Function("t", `return ${String(e)}`)(t))
                const named = of("conv", form, k, stride, padding, d)
                if (named === "?") continue
                expect(value(named), `${form} ${stride} ${String(padding)} ${k} ${d}`).toBe(
                  of("conv", value(form), k, stride, padding, d),
                )
                known++
              }
    expect(known).toBeGreaterThan(600)
  })
})
describe("parameters", () => {
  it("lie as the kernels of the ops do", () => {
    const of = (shape: readonly unknown[], layer: unknown): unknown => shapes(vars(untyped(shape, layer)).params)
    expect(of(["b", 9, 4], Net.conv1d({ filters: 6, kernel: 3, groups: 2 }))).toEqual({
      conv1d_1: { kernel: [3, 2, 6], bias: [6] },
    })
    expect(of(["b", 9, 9, 9, 4], Net.conv3d({ filters: 6, kernel: [1, 2, 3], bias: false }))).toEqual({
      conv3d_1: { kernel: [1, 2, 3, 4, 6] },
    })
    expect(of(["b", 9, 9, 4], Net.convTranspose2d({ filters: 6, kernel: 3, groups: 2 }))).toEqual({
      convTranspose2d_1: { kernel: [3, 3, 3, 4], bias: [6] },
    })
    expect(of(["b", 9, 9, 4], Net.depthwiseConv2d({ kernel: 3, multiplier: 2 }))).toEqual({
      depthwiseConv2d_1: { kernel: [3, 3, 1, 8], bias: [8] },
    })
  })
})
describe("values", () => {
  it("a causal convolution sees the past alone", () => {
    const net = untyped(["b", 4, 1], Net.conv1d({ filters: 1, kernel: 2, padding: [1, 0] }))
    const v = { params: { conv1d_1: { kernel: f32([1, 10], [2, 1, 1]), bias: f32([5]) } }, state: {} }
    expect(forward(net, v, f32([1, 2, 3, 4], [1, 4, 1]))).toEqual([15, 26, 37, 48])
  })
  it("a transposed convolution by two writes a window for each element", () => {
    const net = untyped(["b", 1, 2, 1], Net.convTranspose2d({ filters: 1, kernel: 2, stride: 2 }))
    const v = { params: { convTranspose2d_1: { kernel: f32([1, 2, 3, 4], [2, 2, 1, 1]), bias: f32([100]) } }, state: {} }
    expect(forward(net, v, f32([1, 10], [1, 1, 2, 1]))).toEqual([101, 102, 110, 120, 103, 104, 130, 140])
  })
  it("a depthwise convolution keeps channels apart", () => {
    const net = untyped(["b", 1, 2, 2], Net.depthwiseConv2d({ kernel: [1, 2], multiplier: 2 }))
    const kernel = f32([1, 2, 3, 4, 10, 20, 30, 40], [1, 2, 1, 4])
    const v = { params: { depthwiseConv2d_1: { kernel, bias: f32([0, 0, 0, 0.5]) } }, state: {} }
    expect(forward(net, v, f32([1, 2, 3, 4], [1, 1, 2, 2]))).toEqual([31, 62, 126, 168.5])
  })
})
