// What pools share: windows over height and width of [..., height, width, channels].
import { emit, type Gen, type RawTensor, raw, refuse, show, upto } from "../core/index.ts"
import type { Option, Padding, PerAxis, Windows } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Compare } from "../../typelevel/nat.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { type Pair, type Paddings, paddingAt, perAxis, type Sliding, sliding, wholeStrides } from "./_windows.ts"
import { pad } from "./pad.ts"
import { op as windows } from "./windows.ts"

export interface PoolOptions {
  /** Distance from one window to the next, for both axes or each. Default: the size, so that windows do not overlap. */
  readonly stride?: Pair
  /** "valid" (none), "same" (as much as gives ceil(n / stride)), a number, or [low, high]; a list is one per axis. Default "valid". */
  readonly padding?: Paddings
}
type At<V, I extends 0 | 1> = PerAxis<V, I> & number
type Pad<O, I extends 0 | 1> =
  Option<O, "padding", "valid", Padding> extends infer P ? (P extends readonly [Padding, Padding] ? P[I] : P) : never

/** [..., height, width, channels] with the numbers of windows, or the sentence. */
export type PoolRule<Op extends string, S extends Shape, K, O> = S extends readonly [
  ...infer B extends Shape,
  infer H extends Dim,
  infer W extends Dim,
  infer C extends Dim,
]
  ? Along<Op, H, At<K, 0>, At<Option<O, "stride", K, number>, 0>, Pad<O, 0>> extends infer Y
    ? Y extends `${Op}: ${string}`
      ? Y
      : Along<Op, W, At<K, 1>, At<Option<O, "stride", K, number>, 1>, Pad<O, 1>> extends infer Z
        ? Z extends `${Op}: ${string}`
          ? Z
          : [...B, Y & Dim, Z & Dim, C]
        : never
    : never
  : Rankless<S> extends true
    ? Shape
    : noImage<Op, S>
type Along<Op extends string, N extends Dim, K extends number, Stride extends number, P> =
  Windows<Op, N, K, Stride, P> extends infer M
    ? M extends `${Op}: ${string}`
      ? M
      : P extends number
        ? Covers<Op, P, K, M>
        : P extends readonly [infer L extends number, infer U extends number]
          ? Covers<Op, L, K, M> extends infer R
            ? R extends `${Op}: ${string}`
              ? R
              : Covers<Op, U, K, M>
            : never
          : M
    : never
type Covers<Op extends string, P extends number, K extends number, M> =
  Compare<P, K> extends infer C ? ("<" extends C ? M : allPadding<Op, P, K>) : never
type noImage<Op extends string, S> = `${Op}: needs [..., height, width, channels], got ${Show<S>}`
const noImage = (op: string, s: readonly number[]): string => `${op}: needs [..., height, width, channels], got ${show(s)}`
type allPadding<
  Op extends string,
  P extends number,
  K extends number,
> = `${Op}: a padding of ${P} leaves a window of ${K} nothing to see; pad by less`
const allPadding = (op: string, p: number, k: number): string =>
  `${op}: a padding of ${p} leaves a window of ${k} nothing to see; pad by less`

/** How windows lie on each axis. */
export interface Pooled {
  readonly h: Sliding
  readonly w: Sliding
}
export const pooled = (op: string, s: readonly number[], size: Pair, { stride = size, padding }: PoolOptions): Pooled => {
  if (s.length < 3) refuse(noImage(op, s))
  const along = (i: 0 | 1): Sliding => {
    const k = perAxis(size, i)
    const p = paddingAt(padding, i)
    const lay = sliding(op, s.at(i - 3)!, k, perAxis(stride, i), p)
    if (p !== "same") for (const n of [lay.low, lay.high]) if (n >= k) refuse(allPadding(op, n, k))
    return lay
  }
  return { h: along(0), w: along(1) }
}
export const pooledShape = (s: readonly number[], { h, w }: Pooled): number[] => [...s.slice(0, -3), h.count, w.count, s.at(-1)!]
/** All windows, as two more axes at the end; `value` around x. */
export const poolWindows = (x: RawTensor, { h, w }: Pooled, value: number): RawTensor => {
  const rank = x.shape.length
  const around = (s: Sliding, n: number) => [s.low, wholeStrides(n, s)] as const
  const widths = [...upto(rank - 3).map(() => 0), around(h, x.shape[rank - 3]!), around(w, x.shape[rank - 2]!), 0]
  const along = (t: RawTensor, axis: number, { size, stride, dilation, count }: Sliding): RawTensor =>
    emit(windows, [t], { axis, size, stride, dilation, count })
  return along(along(raw(pad(x, widths, value)), rank - 3, h), rank - 2, w)
}
export const poolExamples = (g: Gen): readonly unknown[] => {
  const one = g.shapes === "ones" || g.shapes === "scalar"
  const large = g.shapes === "large"
  const side = (): number => (one ? 1 : large ? g.int(12, 17) : g.int(4, 7))
  const lead = g.shapes === "empty" ? [0] : g.pick([[], [1], [2]])
  const x = g.tensor([...lead, side(), side(), large ? 5 : g.int(1, 2)])
  if (one) return [x, 1]
  return g.pick([
    [x, 2],
    [x, g.int(2, 3), { stride: g.int(1, 3), padding: 1 }],
    [x, [g.int(1, 3), 3], { padding: "same" }],
    [x, [2, 3], { stride: [1, 2], padding: [[0, 1], 1] }],
  ])
}
export const poolRefused: readonly ((g: Gen) => readonly unknown[])[] = [
  (g) => [g.tensor([1, 5, 5, g.int(1, 3)]), g.int(6, 9)],
  (g) => [g.tensor([5, g.int(1, 5)]), 2],
  (g) => [g.tensor([5, 5, 1]), [2, 2], { stride: [g.int(1, 3), 0] }],
  (g) => [g.tensor([5, 5, 1]), 2, { padding: g.int(2, 4) }],
  (g) => [g.tensor([5, 5, 1]), [3, 0], { stride: g.int(1, 3) }],
  (g) => [g.tensor([5, 5, 1], g.pick(["i32", "bool"])), 2],
]
