// Convolutions over one to three axes, and transposed ones, against their definitions as loops over all indices.
import { describe, expect, it } from "vitest"
import type { RawTensor } from "../../src/core/index.ts"
import { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d, mul, sum } from "../../src/ops/index.ts"
import { each, expectClose, tensorOf, valuesOf } from "./_helpers.ts"

type Call = (x: RawTensor, k: RawTensor, options: object) => RawTensor
const forward = [conv1d, conv2d, conv3d] as unknown as readonly Call[]
const backward = [convTranspose1d, convTranspose2d, convTranspose3d] as unknown as readonly Call[]

type Padding = "valid" | "same" | "full" | number | readonly [number, number]
/** All index vectors below the bounds, in row-major order. */
const indices = (bounds: readonly number[]): number[][] =>
  bounds.reduce<number[][]>((all, n) => all.flatMap((i) => Array.from({ length: n }, (_, k) => [...i, k])), [[]])
const at = (values: readonly number[], shape: readonly number[], i: readonly number[]): number =>
  values[shape.reduce((offset, n, k) => offset * n + i[k]!, 0)]!
const inside = (i: readonly number[], shape: readonly number[]): boolean => i.every((v, k) => v >= 0 && v < shape[k]!)
/** Elements added [below, above] one axis, from the definitions in the docs. */
const added = (n: number, k: number, stride: number, dilation: number, p: Padding): readonly [number, number] => {
  const covered = dilation * (k - 1) + 1
  if (p === "same") {
    const missing = Math.max(0, (Math.ceil(n / stride) - 1) * stride + covered - n)
    return [Math.floor(missing / 2), Math.ceil(missing / 2)]
  }
  if (p === "valid") return [0, 0]
  if (p === "full") return [covered - 1, covered - 1]
  return typeof p === "number" ? [p, p] : p
}

describe.each([1, 2, 3] as const)("over %i axes", (n) => {
  const list = <T>(f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i))
  it("a convolution is its loops, for strides, dilations, paddings and groups", () => {
    let cases = 0
    each(40, (g) => {
      const [groups, cg, fg, b] = [g.int(1, 3), g.int(1, 2), g.int(1, 2), g.int(1, 2)]
      const [size, window] = [list(() => g.int(n === 3 ? 3 : 5, n === 3 ? 4 : 8)), list(() => g.int(1, n === 3 ? 2 : 3))]
      const [stride, dilation] = [list(() => g.int(1, 3)), list(() => g.int(1, 2))]
      const padding = list(() => g.pick<Padding>(["valid", "same", "full", 1, [0, 2], [1, 0]]))
      const [c, f] = [groups * cg, groups * fg]
      const x = g.tensor([b, ...size, c])
      const k = g.tensor([...window, cg, f])
      const pads = size.map((m, i) => added(m, window[i]!, stride[i]!, dilation[i]!, padding[i]!))
      const count = size.map((m, i) => {
        const covered = dilation[i]! * (window[i]! - 1) + 1
        return padding[i] === "same"
          ? Math.ceil(m / stride[i]!)
          : Math.floor((m + pads[i]![0] + pads[i]![1] - covered) / stride[i]!) + 1
      })
      const y = forward[n - 1]!(x, k, { stride, dilation, padding, groups })
      expect(y.shape).toEqual([b, ...count, f])
      const [X, K] = [valuesOf(x), valuesOf(k)]
      const want = indices(y.shape).map((o) => {
        const [m, filter] = [o[0]!, o.at(-1)!]
        return indices([...window, cg]).reduce((s, w) => {
          const from = list((i) => o[i + 1]! * stride[i]! + w[i]! * dilation[i]! - pads[i]![0])
          if (!inside(from, size)) return s
          return s + at(X, x.shape, [m, ...from, Math.floor(filter / fg) * cg + w[n]!]) * at(K, k.shape, [...w, filter])
        }, 0)
      })
      expectClose(y, want)
      cases++
    })
    expect(cases).toBe(40)
  })
  it("a transposed convolution lays the input times the kernel over one another", () => {
    let cases = 0
    each(40, (g) => {
      const [groups, cg, fg, b] = [g.int(1, 3), g.int(1, 2), g.int(1, 2), g.int(1, 2)]
      const [size, window] = [list(() => g.int(1, n === 3 ? 3 : 4)), list(() => g.int(1, n === 3 ? 2 : 4))]
      const [stride, dilation] = [list(() => g.int(1, 3)), list(() => g.int(1, 2))]
      const extra = list((i) => g.int(0, Math.max(stride[i]!, dilation[i]!) - 1))
      const same = g.int(0, 3) === 0
      const reach = list((i) => (size[i]! - 1) * stride[i]! + dilation[i]! * (window[i]! - 1) + 1)
      const low = list((i) => (same ? 0 : g.int(0, Math.min(2, reach[i]! - 1))))
      const high = list((i) => (same ? 0 : g.int(0, Math.min(2, reach[i]! - 1 - low[i]!))))
      const [c, f] = [groups * cg, groups * fg]
      const x = g.tensor([b, ...size, c])
      const k = g.tensor([...window, fg, c])
      const padding = same ? "same" : list((i) => [low[i]!, high[i]!] as const)
      const y = backward[n - 1]!(x, k, { stride, dilation, padding, groups, ...(same ? {} : { outputPadding: extra }) })
      const out = list((i) => (same ? size[i]! * stride[i]! : reach[i]! + extra[i]! - low[i]! - high[i]!))
      expect(y.shape).toEqual([b, ...out, f])
      // what "same" padding of the convolution from `out` elements to `size` windows adds below
      const below = list((i) => (same ? added(out[i]!, window[i]!, stride[i]!, dilation[i]!, "same")[0] : low[i]!))
      const [X, K] = [valuesOf(x), valuesOf(k)]
      const sums = new Map<string, number>()
      for (const i of indices(x.shape))
        for (const w of indices([...window, fg])) {
          const to = list((d) => i[d + 1]! * stride[d]! + w[d]! * dilation[d]! - below[d]!)
          if (!inside(to, out)) continue
          const channel = i.at(-1)!
          const key = [i[0], ...to, Math.floor(channel / cg) * fg + w[n]!].join()
          sums.set(key, (sums.get(key) ?? 0) + at(X, x.shape, i) * at(K, k.shape, [...w, channel]))
        }
      expectClose(
        y,
        indices(y.shape).map((o) => sums.get(o.join()) ?? 0),
      )
      cases++
    })
    expect(cases).toBe(40)
  })
  it("the two are transposes: <conv(x), y> = <x, transposed(y)> for the same kernel", () => {
    each(20, (g) => {
      const groups = g.int(1, 2)
      const [size, window] = [list(() => g.int(3, 5)), list(() => g.int(1, 3))]
      const [stride, padding] = [list(() => g.int(1, 2)), g.pick<Padding>(["valid", "full", 1])]
      const x = g.tensor([...size, 2 * groups])
      const k = g.tensor([...window, 2, groups])
      const y = forward[n - 1]!(x, k, { stride, padding, groups })
      const v = g.tensor(y.shape)
      const back = (outputPadding: readonly number[]): RawTensor =>
        backward[n - 1]!(v, k, { stride, padding, groups, outputPadding })
      const short = back(list(() => 0))
      const u = back(list((i) => size[i]! - short.shape[i]!))
      expect(u.shape).toEqual(x.shape)
      expectClose(sum(mul(y, v)), valuesOf(sum(mul(x, u))), 1e-11)
    })
  })
})

describe("depthwise", () => {
  it("is a convolution of each channel by itself, with as many filters as wanted", () => {
    each(10, (g) => {
      const [c, m] = [g.int(2, 4), g.int(1, 3)]
      const x = g.tensor([1, 5, 4, c])
      const k = g.tensor([3, 2, 1, c * m])
      const y = conv2d(x, k, { groups: c, padding: "same" })
      expect(y.shape).toEqual([1, 5, 4, c * m])
      const [X, K, Y] = [valuesOf(x), valuesOf(k), valuesOf(y)]
      for (let f = 0; f < c * m; f++) {
        const one = tensorOf(
          X.filter((_, i) => i % c === Math.floor(f / m)),
          [1, 5, 4, 1],
        )
        const filter = tensorOf(
          K.filter((_, i) => i % (c * m) === f),
          [3, 2, 1, 1],
        )
        expectClose(
          conv2d(one, filter, { padding: "same" }),
          Y.filter((_, i) => i % (c * m) === f),
        )
      }
    })
  })
})

describe("what plain JavaScript may pass", () => {
  const x = tensorOf([1, 2, 3, 4], [4, 1])
  const k = tensorOf([1, 1], [2, 1, 1])
  const text = (options: unknown): string => {
    try {
      conv1d(x, k, options as {})
      return "nothing was refused"
    } catch (e) {
      return (e as Error).message
    }
  }
  it("refuses what is no padding", () => {
    const what = 'give "valid", "same", a number, or [low, high], or a list with one per axis'
    expect(text({ padding: "all" })).toBe(`conv1d: "all" is no padding; ${what}`)
    expect(text({ padding: [1, 2, 3] })).toBe(`conv1d: [1, 2, 3] is no padding; ${what}`)
    expect(text({ padding: [1, 2] })).toBe("nothing was refused")
  })
})
