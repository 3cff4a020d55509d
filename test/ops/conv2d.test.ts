// Convolution and pooling against their definitions, as loops.
import { describe, expect, it } from "vitest"
import { avgPool2d, conv2d, maxPool2d } from "../../src/ops/index.ts"
import { each, expectClose, tensorOf, valuesOf } from "./_helpers.ts"

interface Axis {
  readonly stride: number
  readonly dilation: number
  readonly low: number
  readonly count: number
}
/** [low, high] and the number of windows, from the definition in the docs. */
const axisOf = (
  n: number,
  k: number,
  stride: number,
  dilation: number,
  padding: "valid" | "same" | number | readonly [number, number],
): Axis => {
  const covered = dilation * (k - 1) + 1
  if (padding === "same") {
    const count = Math.ceil(n / stride)
    return { stride, dilation, low: Math.floor(Math.max(0, (count - 1) * stride + covered - n) / 2), count }
  }
  const [low, high] = padding === "valid" ? [0, 0] : typeof padding === "number" ? [padding, padding] : padding
  return { stride, dilation, low, count: Math.floor((n + low + high - covered) / stride) + 1 }
}

describe("conv2d", () => {
  it("is its seven loops, for strides, dilations, paddings and groups", () => {
    let cases = 0
    each(60, (g) => {
      const groups = g.int(1, 3)
      const [cg, fg] = [g.int(1, 3), g.int(1, 2)]
      const [c, f] = [groups * cg, groups * fg]
      const [n, h, w, kh, kw] = [g.int(1, 2), g.int(5, 8), g.int(5, 8), g.int(1, 3), g.int(1, 3)]
      const [sh, sw, dh, dw] = [g.int(1, 3), g.int(1, 3), g.int(1, 2), g.int(1, 2)]
      const padding = [
        g.pick(["valid", "same", 1, 2, [0, 1], [2, 0]] as const),
        g.pick(["valid", "same", 1, [1, 2]] as const),
      ] as const
      const x = g.tensor([n, h, w, c])
      const k = g.tensor([kh, kw, cg, f])
      const y = conv2d(x, k, { stride: [sh, sw], dilation: [dh, dw], padding, groups })
      const [a, b] = [axisOf(h, kh, sh, dh, padding[0]), axisOf(w, kw, sw, dw, padding[1])]
      expect(y.shape).toEqual([n, a.count, b.count, f])
      const [X, K] = [valuesOf(x), valuesOf(k)]
      const want: number[] = []
      for (let m = 0; m < n; m++)
        for (let i = 0; i < a.count; i++)
          for (let j = 0; j < b.count; j++)
            for (let o = 0; o < f; o++) {
              let s = 0
              for (let u = 0; u < kh; u++)
                for (let v = 0; v < kw; v++)
                  for (let q = 0; q < cg; q++) {
                    const yy = i * sh + u * dh - a.low
                    const xx = j * sw + v * dw - b.low
                    if (yy < 0 || yy >= h || xx < 0 || xx >= w) continue
                    s += X[((m * h + yy) * w + xx) * c + Math.floor(o / fg) * cg + q]! * K[((u * kw + v) * cg + q) * f + o]!
                  }
              want.push(s)
            }
      expectClose(y, want)
      cases++
    })
    expect(cases).toBe(60)
  })
  it("is depthwise with as many groups as channels", () => {
    const x = tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])
    const k = tensorOf([1, 10, 1, 10, 1, 10, 1, 10], [2, 2, 1, 2])
    expect(valuesOf(conv2d(x, k, { groups: 2 }))).toEqual([16, 200])
  })
  it("takes images with no batch axis, and with several", () => {
    const k = tensorOf([2], [1, 1, 1, 1])
    expect(conv2d(tensorOf([1, 2, 3, 4], [2, 2, 1]), k).shape).toEqual([2, 2, 1])
    expect(valuesOf(conv2d(tensorOf([1, 2, 3, 4], [1, 2, 1, 2, 1]), k))).toEqual([2, 4, 6, 8])
  })
})

describe("pools", () => {
  it("are their definitions; padding never wins and is never counted", () => {
    each(40, (g) => {
      const [n, h, w, c, kh, kw] = [g.int(1, 2), g.int(4, 8), g.int(4, 8), g.int(1, 3), g.int(2, 3), g.int(2, 3)]
      const [sh, sw] = [g.int(1, 3), g.int(1, 3)]
      const padding = [g.pick(["valid", "same", 1, [0, 1]] as const), g.pick(["valid", "same", 1] as const)] as const
      const x = g.tensor([n, h, w, c], "f32", { lo: -3, hi: -1 })
      const options = { stride: [sh, sw], padding } as const
      const [a, b] = [axisOf(h, kh, sh, 1, padding[0]), axisOf(w, kw, sw, 1, padding[1])]
      const X = valuesOf(x)
      const most: number[] = []
      const mean: number[] = []
      for (let m = 0; m < n; m++)
        for (let i = 0; i < a.count; i++)
          for (let j = 0; j < b.count; j++)
            for (let q = 0; q < c; q++) {
              const seen: number[] = []
              for (let u = 0; u < kh; u++)
                for (let v = 0; v < kw; v++) {
                  const yy = i * sh + u - a.low
                  const xx = j * sw + v - b.low
                  if (yy >= 0 && yy < h && xx >= 0 && xx < w) seen.push(X[((m * h + yy) * w + xx) * c + q]!)
                }
              most.push(Math.max(...seen))
              mean.push(seen.reduce((s, v) => s + v, 0) / seen.length)
            }
      expectClose(maxPool2d(x, [kh, kw], options), most, 0)
      expectClose(avgPool2d(x, [kh, kw], options), mean)
    })
  })
})
