// Sizes of sliding windows at run time: the twin of typelevel/conv.ts.
import { refuse, ShapeError, show, spelled, upto } from "../core/index.ts"
import { minus, over, plus, times, UNKNOWN } from "../core/dims.ts"
import { notASize, notPositive, windowTooLarge } from "../core/messages.ts"
import type {
  AxisNames,
  ConvPadding,
  extraTooLarge as ExtraTooLarge,
  extraWithSame as ExtraWithSame,
  Sliders,
  takesTooMuch as TakesTooMuch,
} from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"

/** What the spatial axes are called in sentences. */
export const axisNames: AxisNames = { 1: "length", 2: "height, width", 3: "depth, height, width" }

/** Refuses what has too few axes for n spatial ones and channels. */
export const anImage = (op: string, n: Sliders, s: readonly Dim[]): void => {
  if (s.length <= n) refuse(`${op}: needs [..., ${axisNames[n]}, channels], got ${show(s)}; reshape it first`)
}

/** How windows lie on one axis: elements added below and above, and how many windows there are. */
export interface Sliding {
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly low: number
  readonly high: number
  readonly count: number
}
interface Geometry {
  readonly covered: number
  /** Elements added below and above; undefined for "same", where they depend on the size. */
  readonly added: readonly [number, number] | undefined
}
/** What does not depend on the size of the axis; or the sentence. */
const geometry = (op: string, size: number, stride: number, padding: ConvPadding, dilation: number): Geometry => {
  for (const [field, v] of [
    ["stride", stride],
    ["dilation", dilation],
    ["window", size],
  ] as const) {
    if (!Number.isSafeInteger(v) || v < 1) refuse(notPositive(op, field, v))
  }
  const covered = dilation * (size - 1) + 1
  if (padding === "same") return { covered, added: undefined }
  const both = (p: number): readonly [number, number] => [p, p]
  const added = Array.isArray(padding)
    ? (padding as readonly number[])
    : both(padding === "valid" ? 0 : padding === "full" ? covered - 1 : (padding as number))
  if (added.length !== 2 || added.some((v) => typeof v !== "number"))
    refuse(
      `${op}: ${spelled(padding)} is no padding; give "valid", "same", a number, or [low, high], or a list with one per axis`,
    )
  for (const v of added) if (!Number.isSafeInteger(v) || v < 0) refuse(notASize(op, v))
  return { covered, added: added as readonly number[] as readonly [number, number] }
}
/** Elements that "same" padding adds for n windows that reach over `reach` elements, where there are `given`. */
const same = (reach: number, given: number): readonly [number, number] => {
  const missing = Math.max(0, reach - given)
  return [Math.floor(missing / 2), Math.ceil(missing / 2)]
}
export const sliding = (
  op: string,
  n: number,
  size: number,
  stride = 1,
  padding: ConvPadding = "valid",
  dilation = 1,
): Sliding => {
  const { covered, added } = geometry(op, size, stride, padding, dilation)
  const count = Math.ceil(n / stride)
  const [low, high] = added ?? same((count - 1) * stride + covered, n)
  const lay = { size, stride, dilation, low, high }
  if (!added) return { ...lay, count }
  if (low + n + high < covered) refuse(windowTooLarge(op, covered, padded(n, low + high)))
  return { ...lay, count: Math.floor((low + n + high - covered) / stride) + 1 }
}
/** The size with its padding, as sentences show it. */
export const padded = (n: number, added: number): string | number => (added === 0 ? n : `${n + added} with the padding`)
/** Refuses with the shape that windows slide over, and what slides, in a sentence about one axis. */
export const slidingOver = <R>(op: string, s: readonly Dim[], what: string, f: () => R): R => {
  const start = `${op}: a `
  try {
    return f()
  } catch (e) {
    if (!(e instanceof ShapeError) || !e.message.startsWith(start)) throw e
    return refuse(`${op}: ${show(s)} and ${what}: a ${e.message.slice(start.length)}`)
  }
}
/** Elements to add above so that the padded axis is whole strides: the adjoint then splits its axis by the stride (see fold). */
export const wholeStrides = (n: number, { low, high, stride }: Sliding): number =>
  high + ((stride - ((low + n + high) % stride)) % stride)

/** The number of windows along an axis that may be a name. */
export const windowsOf = (op: string, n: Dim, size: number, stride: number, padding: ConvPadding, dilation = 1): Dim => {
  if (typeof n === "number") return sliding(op, n, size, stride, padding, dilation).count
  const { covered, added } = geometry(op, size, stride, padding, dilation)
  const parts = over(n, stride)
  if (!added) return stride === 1 ? n : (parts ?? UNKNOWN)
  const room = added[0] + added[1] + stride - covered // floor((n + room) / stride)
  if (stride === 1) return shift(n, room)
  return parts === undefined ? (over(shift(n, room), stride) ?? UNKNOWN) : shift(parts, Math.floor(room / stride))
}
const shift = (n: Dim, by: number): Dim => (by === 0 ? n : by > 0 ? plus(n, by) : minus(n, -by))

// ---- back again ----------------------------------------------------------------------------------------------------
export const extraWithSame = <Op extends string, E extends number>(op: Op, extra: E): ExtraWithSame<Op, E> =>
  `${op}: outputPadding is ${extra} with padding 'same', which gives stride x size; leave it out`
export const extraTooLarge = <Op extends string, E extends number, S extends number, D extends number>(
  op: Op,
  extra: E,
  stride: S,
  dilation: D,
): ExtraTooLarge<Op, E, S, D> =>
  `${op}: outputPadding is ${extra}; it must be less than the stride ${stride} or the dilation ${dilation}`
export const takesTooMuch = <Op extends string, T extends number, M extends number>(op: Op, t: T, m: M): TakesTooMuch<Op, T, M> =>
  `${op}: a padding of ${t} in all takes away more than the ${m} there are; pad by less`

/** How the windows of a transposed convolution are put back on one axis: elements left out below, and how many stay. */
export interface Spreading {
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly low: number
  readonly count: number
}
/** The size of the axis that a transposed convolution gives, which may be a name; or the sentence. */
export const spreadOf = (
  op: string,
  n: Dim,
  size: number,
  stride: number,
  padding: ConvPadding,
  dilation: number,
  extra: number,
): Dim => {
  const { covered, added } = geometry(op, size, stride, padding, dilation)
  if (!Number.isSafeInteger(extra) || extra < 0) refuse(notASize(op, extra))
  if (extra > 0 && !added) refuse(extraWithSame(op, extra))
  if (extra > 0 && extra >= Math.max(stride, dilation)) refuse(extraTooLarge(op, extra, stride, dilation))
  if (n === 0) refuse(notPositive(op, "size", n))
  if (!added) return times(n, stride)
  const total = added[0] + added[1]
  if (typeof n !== "number") return shift(times(n, stride), covered + extra - stride - total)
  const reach = (n - 1) * stride + covered + extra
  return reach < total ? refuse(takesTooMuch(op, total, reach)) : reach - total
}
export const spreading = (
  op: string,
  n: number,
  size: number,
  stride: number,
  padding: ConvPadding,
  dilation: number,
  extra: number,
): Spreading => {
  const count = spreadOf(op, n, size, stride, padding, dilation, extra) as number
  const { covered, added } = geometry(op, size, stride, padding, dilation)
  const [low] = added ?? same(covered, stride)
  return { size, stride, dilation, low, count }
}

// ---- options -------------------------------------------------------------------------------------------------------
/** Only plain JavaScript gets here: the types of options are tuples. */
const wrongLength = (op: string, field: string, length: number, n: Sliders): string =>
  `${op}: ${field} has ${length} ${length === 1 ? "entry" : "entries"} for ${n} ${n === 1 ? "axis" : "axes"}; give one number, or one for each axis`
/** The entry of an option for each of n spatial axes; or the sentence. */
export const eachAxis = <V>(op: string, field: string, v: V | readonly V[], n: Sliders): readonly V[] => {
  if (!isMany(v)) return upto(n).map(() => v)
  return v.length === n ? v : refuse(wrongLength(op, field, v.length, n))
}
const isMany = <V>(v: V | readonly V[]): v is readonly V[] => Array.isArray(v)
/** The padding of spatial axis k of `axes`: a list with an entry for each has one of its own for it. */
export const paddingAt = <P extends ConvPadding>(p: P | readonly P[] | undefined, k: number, axes: Sliders = 2): P | "valid" =>
  p === undefined ? "valid" : isList(p, axes) ? p[k]! : p
const isList = <P extends ConvPadding>(p: P | readonly P[], axes: Sliders): p is readonly P[] =>
  Array.isArray(p) && p.length === axes
