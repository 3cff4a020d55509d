// Sizes of sliding windows at run time: the twin of typelevel/conv.ts.
import { refuse } from "../core/index.ts"
import { notASize, notPositive, windowTooLarge } from "../core/messages.ts"
import type { Padding } from "../../typelevel/conv.ts"

/** One value for both spatial axes, or one for each. */
export type Pair = number | readonly [number, number]
export type Paddings = Padding | readonly [Padding, Padding]

/** How windows lie on one axis: elements added below and above, and how many windows there are. */
export interface Sliding {
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly low: number
  readonly high: number
  readonly count: number
}
export const sliding = (op: string, n: number, size: number, stride = 1, padding: Padding = "valid", dilation = 1): Sliding => {
  for (const [field, v] of [
    ["stride", stride],
    ["dilation", dilation],
    ["window", size],
  ] as const) {
    if (!Number.isSafeInteger(v) || v < 1) refuse(notPositive(op, field, v))
  }
  const covered = dilation * (size - 1) + 1
  const lay = (low: number, high: number, count: number): Sliding => ({ size, stride, dilation, low, high, count })
  if (padding === "same") {
    const count = Math.ceil(n / stride)
    const missing = Math.max(0, (count - 1) * stride + covered - n)
    const low = Math.floor(missing / 2)
    return lay(low, missing - low, count)
  }
  const [low, high] = padding === "valid" ? [0, 0] : typeof padding === "number" ? [padding, padding] : padding
  for (const v of [low, high]) if (!Number.isSafeInteger(v) || v < 0) refuse(notASize(op, v))
  if (low + n + high < covered) refuse(windowTooLarge(op, covered, low + n + high))
  return lay(low, high, Math.floor((low + n + high - covered) / stride) + 1)
}
/** Elements to add above so that the padded axis is whole strides: the adjoint then splits its axis by the stride (see fold). */
export const wholeStrides = (n: number, { low, high, stride }: Sliding): number =>
  high + ((stride - ((low + n + high) % stride)) % stride)

/** The entry of an option for spatial axis k. */
export const perAxis = <V extends number | string>(v: V | readonly V[], k: 0 | 1): V => (typeof v === "object" ? v[k]! : v)
export const paddingAt = (p: Paddings | undefined, k: 0 | 1): Padding =>
  p === undefined ? "valid" : typeof p === "object" ? p[k] : p
