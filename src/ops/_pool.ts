// What pools share: windows over the spatial axes of [..., length, channels], [..., height, width, channels] or [..., depth, height,
// width, channels]. The run-time twin of typelevel/pool.ts.
import {
  type Calls,
  defineOp,
  emit,
  flagIn,
  type Gen,
  type OpDef,
  optionsIn,
  type RawTensor,
  raw,
  refuse,
  show,
  upto,
  spelled,
} from "../core/index.ts"
import { minus, over, plus, UNKNOWN } from "../core/dims.ts"
import { windowTooLarge } from "../core/messages.ts"
import type { ForAxes, Padding, Sliders } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import { anImage, eachAxis, padded, paddingAt, type Sliding, sliding, slidingOver, wholeStrides, windowsOf } from "./_windows.ts"
import { div } from "./div.ts"
import { full } from "./full.ts"
import { pad } from "./pad.ts"
import { reshape } from "./reshape.ts"
import { sum } from "./sum.ts"
import { op as windows } from "./windows.ts"

export interface PoolOptions<N extends Sliders = Sliders> {
  /** Distance from one window to the next, for all axes or each. Default: the size, so that windows do not overlap. */
  readonly stride?: ForAxes<N, number>
  /** "valid" (none), "same" (as much as gives ceil(n / stride)), a number, or [low, high]; a list is one per axis. Default "valid". */
  readonly padding?: ForAxes<N, Padding>
  /** Is there a window for the elements that are left over at the end, as long as it begins before they end? Default false. */
  readonly ceilMode?: boolean
}
export interface AvgPoolOptions<N extends Sliders = Sliders> extends PoolOptions<N> {
  /** Do the zeros of the padding count as elements? (What a last window reaches beyond them never does.) Default false. */
  readonly countPadding?: boolean
}

const allPadding = (op: string, p: number, k: number): string =>
  `${op}: a padding of ${p} leaves a window of ${k} nothing to see; pad by less`
const nothingToPool = (op: string, s: readonly Dim[]): string =>
  `${op}: ${show(s)} has no elements to pool; every spatial axis needs at least one`

// ---- shapes, which may hold names ----------------------------------------------------------------------------------
/** The size of spatial axis k of n. */
const axisOf = <D>(s: readonly D[], n: number, k: number): D => s.at(k - n - 1)!
/** s with its spatial axes replaced. */
export const withSpatial = (s: readonly Dim[], axes: readonly Dim[]): Dim[] => [
  ...s.slice(0, -1 - axes.length),
  ...axes,
  s.at(-1)!,
]
/** Refuses what is no image, and an image without elements along an axis. */
export const someImage = (op: string, n: Sliders, s: readonly Dim[]): void => {
  anImage(op, n, s)
  if (s.slice(-1 - n, -1).includes(0)) refuse(nothingToPool(op, s))
}

interface Axis {
  readonly size: number
  readonly stride: number
  readonly padding: Padding
  readonly ceil: boolean
}
/** The options of each axis; or the sentence. */
export const poolOptions = (op: string, v: unknown): Partial<AvgPoolOptions> =>
  optionsIn(op, v, ["stride", "padding", "ceilMode", ...(op.startsWith("avg") ? (["countPadding"] as const) : [])])
const axesOf = (op: string, n: Sliders, size: ForAxes<Sliders, number>, options: PoolOptions): Axis[] => {
  const sizes = eachAxis(op, "window", size, n)
  const strides = eachAxis(op, "stride", options.stride ?? size, n)
  return upto(n).map((k) => ({
    size: sizes[k]!,
    stride: strides[k]!,
    padding: paddingAt(options.padding as Padding | undefined, k, n),
    ceil: flagIn(op, "ceilMode", options.ceilMode),
  }))
}
const sides = (p: Padding): readonly number[] => (Array.isArray(p) ? p : typeof p === "number" ? [p] : [])
const seeing = (op: string, n: Dim, { size, padding }: Axis): void => {
  for (const side of sides(padding)) if (side >= size || (n === 0 && side > 0)) refuse(allPadding(op, side, size))
}
/** How windows lie along an axis of n. */
const lay = (op: string, n: number, a: Axis): Sliding => {
  const { size, stride, padding } = a
  const s = a.ceil && stride !== 1 && padding !== "same" ? overhanging(op, n, a) : sliding(op, n, size, stride, padding)
  seeing(op, n, a)
  return s
}
/** The same with the ceiling of the division: the last window may reach beyond the padding, but begins inside. */
const overhanging = (op: string, n: number, { size, stride, padding }: Axis): Sliding => {
  const { low, high, dilation } = sliding(op, size, size, stride, padding)
  const room = low + n + high + stride - 1 - size
  if (room < 0) refuse(windowTooLarge(op, size, padded(n, low + high)))
  const last = Math.floor(room / stride)
  const count = last * stride < low + n ? last + 1 : last
  return { size, stride, dilation, low, high: Math.max(high, (count - 1) * stride + size - low - n), count }
}
/** The number of windows along an axis that may be a name. */
const countOf = (op: string, n: Dim, a: Axis): Dim => {
  if (typeof n === "number") return lay(op, n, a).count
  const { size, stride, padding, ceil } = a
  const parts = over(n, stride)
  const plain = windowsOf(op, n, size, stride, padding)
  seeing(op, n, a)
  if (!ceil || stride === 1 || padding === "same" || parts === undefined) return plain
  return parts === UNKNOWN ? UNKNOWN : plus(minus(parts, size), lay(op, size * stride, a).count)
}
const windowText = (size: ForAxes<Sliders, number>): string => `window ${spelled(size)}`
/** The shape of a pool; or the sentence. */
export const poolShape = (op: string, n: Sliders, s: readonly Dim[], size: ForAxes<Sliders, number>, options: unknown): Dim[] => {
  anImage(op, n, s)
  const axes = axesOf(op, n, size, poolOptions(op, options))
  return withSpatial(
    s,
    slidingOver(op, s, windowText(size), () => axes.map((a, k) => countOf(op, axisOf(s, n, k), a))),
  )
}

// ---- ops -----------------------------------------------------------------------------------------------------------
/** How windows lie on each spatial axis, and how many of the elements added below and above count for the mean. */
export interface Pooled {
  readonly axes: readonly Sliding[]
  readonly counted: readonly (readonly [low: number, high: number])[]
}
export const pooled = <R>(op: OpDef<Pooled>, n: Sliders, x: RawTensor, size: unknown, options: unknown): R & RawTensor => {
  const o = poolOptions(op.name, options)
  const counting = flagIn(op.name, "countPadding", o.countPadding)
  anImage(op.name, n, x.shape)
  const axes = axesOf(op.name, n, size as number, o)
  const laid = slidingOver(op.name, x.shape, windowText(size as number), () =>
    axes.map((a, k) => lay(op.name, axisOf(x.shape, n, k), a)),
  )
  const counted = laid.map(({ low, high }, k): readonly [number, number] => {
    const { padding } = axes[k]!
    return counting ? [low, padding === "same" ? high : (sides(padding).at(-1) ?? 0)] : [0, 0]
  })
  return emit(op, [x], { axes: laid, counted })
}
/** All windows, as more axes at the end; `value` around x. By default the spatial axes stand before the channels. */
export const poolWindows = (
  x: RawTensor,
  axes: readonly Sliding[],
  value: number,
  first = x.shape.length - 1 - axes.length,
): RawTensor => {
  const around = axes.map((a, k) => [a.low, wholeStrides(x.shape[first + k]!, a)] as const)
  const widths = x.shape.map((_, k) => around[k - first] ?? 0)
  return axes.reduce<RawTensor>(
    (t, { size, stride, dilation, count }, k) => emit(windows, [t], { axis: first + k, size, stride, dilation, count }),
    raw(pad(x, widths, value)),
  )
}
/** The axes of the windows, from the end. */
export const last = (n: number): number[] => upto(n).map((k) => k - n)
/** The mean of windows of `sizes` elements whose sums are given; `counts` is the number of elements of each, where it varies. */
export const divided = (sums: RawTensor, sizes: readonly number[], counts: readonly (RawTensor | undefined)[]): RawTensor => {
  const whole = sizes.reduce((n, k, j) => (counts[j] ? n : n * k), 1)
  const n = sizes.length
  return counts.reduce<RawTensor>(
    (t, c, k) => (c ? raw(div(t, reshape(c, [c.shape[0]!, ...upto(n - k).map(() => 1)]))) : t),
    whole === 1 ? sums : raw(div(sums, whole)),
  )
}
/** The mean of each window. */
export const meanOfWindows = (x: RawTensor, { axes, counted }: Pooled): RawTensor => {
  const n = axes.length
  const counts = axes.map((a, k): RawTensor | undefined => {
    const [low, high] = counted[k]!
    if (low === a.low && high === a.high) return undefined
    const inside = raw(full([low + axisOf(x.shape, n, k) + high, 1], 1, x.dtype))
    return raw(sum(poolWindows(inside, [{ ...a, low: a.low - low, high: a.high - high }], 0), [-2, -1]))
  })
  return divided(
    raw(sum(poolWindows(x, axes, 0), last(n))),
    axes.map((a) => a.size),
    counts,
  )
}

/** An op that pools windows over n spatial axes. */
export const pooling = (name: string, n: Sliders, onnx: string, expand: (x: RawTensor, a: Pooled) => RawTensor): OpDef<Pooled> =>
  defineOp<Pooled>({
    name,
    spelling: { onnx, stablehlo: "reduce_window" },
    shape: ([x], { axes }) => ({
      dtype: x!.dtype,
      shape: withSpatial(
        x!.shape,
        axes.map((a) => a.count),
      ) as number[],
    }),
    expand: ([x], a) => expand(x!, a),
  })

// ---- what is drawn -------------------------------------------------------------------------------------------------
/** An image with n spatial axes. */
export const drawImage = (g: Gen, n: Sliders): RawTensor => {
  const one = g.shapes === "ones" || g.shapes === "scalar"
  const large = g.shapes === "large"
  const side = (): number => (one ? 1 : n === 3 ? (large ? g.int(6, 7) : g.int(3, 4)) : large ? g.int(12, 17) : g.int(4, 7))
  const lead = g.shapes === "empty" ? [0] : g.pick([[], [1], [2]])
  return g.tensor([...lead, ...upto(n).map(side), large ? 5 : g.int(1, 2)])
}
export const poolCalls = (n: Sliders, mean: boolean): Calls => ({ examples: poolExamples(n, mean), refused: poolRefused(n) })
const poolExamples =
  (n: Sliders, mean: boolean) =>
  (g: Gen): readonly unknown[] => {
    const x = drawImage(g, n)
    if (g.shapes === "ones" || g.shapes === "scalar") return [x, 1]
    const each = (f: (k: number) => unknown): unknown => (n === 1 ? f(0) : upto(n).map(f))
    const counting = mean && g.bool() ? { countPadding: g.bool() } : {}
    const ceilMode = { ceilMode: true }
    return g.pick([
      [x, 2],
      [x, 2, { ...ceilMode, ...counting }],
      [x, g.int(2, 3), { stride: g.int(1, 3), padding: 1, ...counting }],
      [x, g.int(2, 3), { stride: g.int(2, 4), padding: g.int(0, 1), ...ceilMode, ...counting }],
      [x, each(() => g.int(1, 3)), { padding: "same", ...counting }],
      [
        x,
        each((k) => 2 + (k % 2)),
        { stride: each((k) => 1 + (k % 2)), padding: each((k) => (k === 0 ? [0, 1] : 1)), ...counting },
      ],
    ])
  }
const poolRefused = (n: Sliders): readonly ((g: Gen) => readonly unknown[])[] => {
  const image = [...upto(n).map(() => 5), 1]
  const list = (...v: readonly unknown[]): readonly unknown[] => v.slice(3 - n)
  return [
    (g) => [g.tensor([1, ...image.slice(0, -1), g.int(1, 3)]), g.int(6, 9)],
    (g) => [g.tensor([...image.slice(2), g.int(1, 5)]), 2],
    (g) => [g.tensor(image), list(2, 2, 2), { stride: list(1, g.int(1, 3), 0) }],
    (g) => [g.tensor(image), 2, { padding: g.int(2, 4) }],
    (g) => [g.tensor(image), list(3, 3, 0), { stride: g.int(1, 3) }],
    (g) => [g.tensor(image), 2, { padding: [g.int(0, 1), 2], ceilMode: true }],
    (g) => [g.tensor([0, ...image.slice(1)]), 2, { padding: 1, ceilMode: g.bool() }],
    (g) => [g.tensor(image), g.int(9, 11), { stride: 3, ceilMode: true }],
    (g) => [g.tensor(image), 2, { stride: 0, ceilMode: true }],
    (g) => [g.tensor(image, g.pick(["i32", "bool"])), 2],
  ]
}
