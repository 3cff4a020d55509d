import { type Calls, axisOf, emit, ir, type OpDef, view, tensorIn, optionsIn, spelled } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Sliding, Windows } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { axisOutside } from "../../typelevel/messages.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Axis, Rankless, Replace, Shape } from "../../typelevel/shape.ts"
import { sliding, slidingOver } from "./_windows.ts"
import { fold } from "./fold.ts"
import { slice } from "./slice.ts"

export interface WindowOptions {
  /** Distance from one window to the next. Default 1. */
  readonly stride?: number
  /** Distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: number
}
/** S with the axis X replaced by the number of windows, and their size at the end; or the sentence. */
export type WindowsRule<S extends Shape, X extends number, K extends number, O> =
  Rankless<S> extends true
    ? Shape
    : [Axis<S, X>] extends [never]
      ? axisOutside<"windows", S, X>
      : number extends Axis<S, X>
        ? [...{ -readonly [I in keyof S]: Dim }, K]
        : Windows<
              "windows",
              S[Axis<S, X>],
              K,
              Option<O, "stride", 1, number> & number,
              "valid",
              Option<O, "dilation", 1, number> & number
            > extends infer N
          ? N extends `windows: ${string}`
            ? Sliding<"windows", N, S, `window ${K}`>
            : [...Replace<S, X, N & Dim>, K]
          : never

export interface Laid {
  readonly axis: number
  readonly size: number
  readonly stride: number
  readonly dilation: number
  readonly count: number
}
/** Attributes: axis, non-negative, and how many windows there are (as many as fit, or fewer). An index map; adjoint: fold. */
export const op: OpDef<Laid> = view<Laid>({
  name: "windows",
  shape: (x, { axis, size, count }) => [...x.shape.with(axis, count), size],
  at: (x, i, { axis, stride, dilation }) =>
    x(i.slice(0, -1).map((e, k) => (k === axis ? ir.plus(ir.times(e, stride), ir.times(i.at(-1)!, dilation)) : e))),
  transpose: (ct, { axis, stride, dilation }, from) => {
    const n = from[axis]!
    // whole strides, so that the axis of the fold splits by the stride
    const back = fold(ct, axis, Math.ceil(n / stride) * stride, { stride, dilation })
    return slice(
      back,
      from.map((m, k) => (k === axis ? ([0, m] as const) : null)),
    )
  },
  batch: (a) => ({ ...a, axis: a.axis + 1 }),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const n = Math.max(1, s[axis]!)
    const dilation = n > 2 ? g.int(1, 2) : 1
    const size = g.int(1, Math.min(3, Math.floor((n - 1) / dilation) + 1))
    const x = g.tensor(s.with(axis, n))
    return g.bool() ? [x, axis, size, { stride: g.int(1, 3), dilation }] : [x, axis - s.length, size, { dilation }]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 9), 1],
    (g) => [g.tensor([2, 3]), 1, g.int(4, 9)],
    (g) => [g.tensor([2, 3]), 1, 2, { dilation: g.int(3, 5) }],
    (g) => [g.tensor([2, g.int(3, 5)]), 1, 2, { stride: 0 }],
    (g) => [g.tensor([g.int(3, 5)]), 0, 0],
  ],
})

/**
 * All windows of `size` elements along an axis: the axis becomes their number, a new last axis their elements. Nothing is copied.
 *
 * `y[.., j, .., r] = x[.., j stride + r dilation, ..]`, floor((n - dilation (size - 1) - 1) / stride) + 1 windows. Every dtype; the axis
 * may be negative. Refuses windows that do not fit. NumPy `sliding_window_view`. Its adjoint is `fold`.
 * @example windows(zeros([8, 28]), 1, 3, { stride: 2 }) // [8, 13, 3]
 */
export function windows<
  S extends Shape,
  D extends DType,
  const X extends number,
  const K extends number,
  const O extends WindowOptions = {},
>(x: Tensor<S, D>, axis: X, size: Or<WindowsRule<S, X, K, O>, K>, options?: O): Of<WindowsRule<S, X, K, O>, D> {
  const t = tensorIn("windows", x)
  const k = axisOf("windows", t.shape, axis)
  const { stride, dilation } = optionsIn<WindowOptions>("windows", options, ["stride", "dilation"])
  const w = slidingOver("windows", t.shape, `window ${spelled(size)}`, () =>
    sliding("windows", t.shape[k]!, size as number, stride, "valid", dilation),
  )
  return emit(op, [t], { axis: k, size: w.size, stride: w.stride, dilation: w.dilation, count: w.count })
}
