// Pools to a given number of parts: part i of m covers the elements floor(i n / m) to ceil((i + 1) n / m) of an axis of n. Parts overlap
// where m does not divide n, and repeat elements where m is greater. Where m divides n they are windows.
import { type Calls, defineOp, emit, type Gen, type OpDef, type RawTensor, raw, refuse, upto } from "../core/index.ts"
import { notPositive } from "../core/messages.ts"
import type { Sliders } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import { drawImage, poolWindows, someImage, withSpatial } from "./_pool.ts"
import { eachAxis } from "./_windows.ts"
import { add } from "./add.ts"
import { cast } from "./cast.ts"
import { div } from "./div.ts"
import { greater } from "./greater.ts"
import { iota } from "./iota.ts"
import { less } from "./less.ts"
import { logicalAnd } from "./logicalAnd.ts"
import { matmul } from "./matmul.ts"
import { max } from "./max.ts"
import { mean } from "./mean.ts"
import { minimum } from "./minimum.ts"
import { moveAxis } from "./moveAxis.ts"
import { mul } from "./mul.ts"
import { reshape } from "./reshape.ts"
import { sum } from "./sum.ts"
import { take } from "./take.ts"
import { transpose } from "./transpose.ts"
import { where } from "./where.ts"

/** The number of parts of each of n spatial axes; null keeps one. Or the sentence. */
export const partsOf = (op: string, n: Sliders, size: unknown): (number | null)[] =>
  eachAxis(op, "size", size as number | null | undefined, n).map((m) =>
    m === null || m === undefined || (Number.isSafeInteger(m) && m >= 1) ? (m ?? null) : refuse(notPositive(op, "size", m)),
  )
/** The shape of an adaptive pool; or the sentence. */
export const adaptiveShape = (op: string, s: readonly Dim[], parts: readonly (number | null)[]): Dim[] => {
  const n = parts.length as Sliders
  someImage(op, n, s)
  return withSpatial(
    s,
    parts.map((m, k) => m ?? s.at(k - n - 1)!),
  )
}

/** Attributes: how many parts each spatial axis has afterwards. */
export interface Parts {
  readonly parts: readonly number[]
}
/** Windows of n / m elements, where m divides n. */
const regular = (n: number, m: number) => ({ size: n / m, stride: n / m, dilation: 1, low: 0, high: 0, count: m })
/** [m, n]: does part i cover element j? floor(i n / m) <= j < ceil((i + 1) n / m), without a division. */
const covers = (n: number, m: number): RawTensor => {
  const [i, j] = [raw(iota([m, n], 0)), raw(iota([m, n], 1))]
  return raw(logicalAnd(greater(mul(add(j, 1), m), mul(i, n)), less(mul(j, m), mul(add(i, 1), n))))
}
/** How many elements the longest part covers. */
const longest = (n: number, m: number): number =>
  Math.max(...upto(m).map((i) => Math.ceil(((i + 1) * n) / m) - Math.floor((i * n) / m)))

/** The mean over the parts of each axis, one axis after the other: windows, or a matrix of shares. */
export const meanOfParts = (x: RawTensor, { parts }: Parts): RawTensor =>
  parts.reduce<RawTensor>((t, m, k) => {
    const axis = t.shape.length - 1 - parts.length + k
    const n = t.shape[axis]!
    if (n === m) return t
    if (n % m === 0) return raw(mean(reshape(t, t.shape.toSpliced(axis, 1, m, n / m)), axis + 1))
    const at = raw(cast(covers(n, m), t.dtype))
    const shares = raw(div(at, sum(at, 1, { keepDims: true })))
    return raw(moveAxis(matmul(moveAxis(t, axis, -1), transpose(shares)), -1, axis))
  }, x)
/** The largest element of the parts, of all axes together: equal elements share the derivative equally. */
export const maxOfParts = (x: RawTensor, { parts }: Parts): RawTensor => {
  const first = x.shape.length - 1 - parts.length
  const seen = parts.reduce<RawTensor>((t, m, k) => {
    const n = x.shape[first + k]!
    if (n === m) return t
    return n % m === 0 ? poolWindows(t, [regular(n, m)], -Infinity, first + k) : elementsOf(t, first + k, m)
  }, x)
  return seen === x
    ? x
    : raw(
        max(
          seen,
          upto(seen.shape.length - x.shape.length).map((k) => -1 - k),
        ),
      )
}
/** The elements of each part, as one more axis at the end; -Infinity where a part is shorter than the longest. */
const elementsOf = (x: RawTensor, axis: number, m: number): RawTensor => {
  const n = x.shape[axis]!
  const k = longest(n, m)
  const at = covers(n, m)
  // The first element of part i is the number of elements that end before it begins.
  const [i, j] = [raw(iota([m, n], 0)), raw(iota([m, n], 1))]
  const before = raw(sum(raw(cast(less(mul(add(j, 1), m), add(mul(i, n), 1)), "i32")), 1, { keepDims: true }))
  const index = raw(add(before, iota([m, k], 1)))
  const inside = raw(less(iota([m, k], 1), sum(raw(cast(at, "i32")), 1, { keepDims: true })))
  const taken = raw(moveAxis(take(x, raw(minimum(index, n - 1)), axis), axis + 1, -1))
  const mask = raw(reshape(inside, [m, ...upto(taken.shape.length - axis - 2).map(() => 1), k]))
  return raw(where(mask, taken, -Infinity))
}

export const adaptivePooling = (name: string, n: Sliders, expand: (x: RawTensor, a: Parts) => RawTensor): OpDef<Parts> =>
  defineOp<Parts>({
    name,
    shape: ([x], { parts }) => ({ dtype: x!.dtype, shape: withSpatial(x!.shape, parts) as number[] }),
    expand: ([x], a) => expand(x!, a),
  })
export const adaptivePooled = <R>(op: OpDef<Parts>, n: Sliders, x: RawTensor, size: unknown): R & RawTensor => {
  if (x.shape.length <= n) someImage(op.name, n, x.shape)
  return emit(op, [x], { parts: adaptiveShape(op.name, x.shape, partsOf(op.name, n, size)).slice(-1 - n, -1) as number[] })
}

export const adaptiveCalls = (n: Sliders): Calls => ({ examples: adaptiveExamples(n), refused: adaptiveRefused(n) })
const adaptiveExamples =
  (n: Sliders) =>
  (g: Gen): readonly unknown[] => {
    const x = drawImage(g, n)
    const sides = x.shape.slice(-1 - n, -1)
    return g.pick([
      [x, g.int(1, 3)],
      [x, sides.map((s) => g.pick([1, 2, s, s + 1, null]))],
      [x, sides.map((s) => g.pick([null, g.int(1, s)]))],
    ])
  }
const adaptiveRefused = (n: Sliders): readonly ((g: Gen) => readonly unknown[])[] => {
  const image = [...upto(n).map(() => 5), 1]
  return [
    (g) => [g.tensor([...image.slice(2), g.int(1, 5)]), 2],
    (g) => [g.tensor([...upto(n - 1).map(() => 3), 0, g.int(1, 3)]), 1],
    (g) => [g.tensor([...image.slice(0, -1), g.int(1, 4)]), 0],
    (g) => [g.tensor(image), [...upto(n - 1).map(() => g.pick([1, null])), g.pick([0, -1, 1.5])]],
    (g) => [g.tensor(image, g.pick(["i32", "bool"])), g.int(1, 3)],
  ]
}
