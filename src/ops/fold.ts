import { type Calls, axisOf, emit, ir, make, type OpDef, refuse, show, view, tensorIn, optionsIn } from "../core/index.ts"
import { needsRank, notASize, notPositive } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Covered } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type {
  axisOutside,
  needsRank as NeedsRank,
  notASize as NotASizeText,
  notPositive as NotPositive,
} from "../../typelevel/messages.ts"
import type { Add, Compare, Mul, NotASize, Sub } from "../../typelevel/nat.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Axis, Rankless, Replace, Shape, Show } from "../../typelevel/shape.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { op as windows, type WindowOptions } from "./windows.ts"

/** S without its last axis, and axis X of size N; or the sentence. */
export type FoldRule<S extends Shape, X extends number, N extends number, O> = S extends readonly [
  ...infer R extends Shape,
  infer K extends Dim,
]
  ? [Axis<R, X>] extends [never]
    ? R extends readonly []
      ? NeedsRank<"fold", "2 or more", S>
      : axisOutside<"fold", R, X>
    : number extends Axis<R, X>
      ? { -readonly [I in keyof R]: Dim }
      : [NotASize<N>] extends [never]
        ? Reaching<S, R, X, K, N, Option<O, "stride", 1, number>, Option<O, "dilation", 1, number>>
        : NotASizeText<"fold", NotASize<N>>
  : Rankless<S> extends true
    ? Shape
    : NeedsRank<"fold", "2 or more", S>
type Reaching<S extends Shape, R extends Shape, X extends number, K extends Dim, N extends number, P, Q> = [Odd<P>] extends [
  never,
]
  ? [Odd<Q>] extends [never]
    ? [R[Axis<R, X>], K] extends [infer C extends number, infer Z extends number]
      ? 0 extends C | Z
        ? Replace<R, X, N>
        : number extends C | Z | N | P | Q
          ? Replace<R, X, N>
          : Add<Mul<Sub<C, 1>, P & number>, Covered<Z, Q & number>> extends infer T extends number
            ? Compare<T, N> extends ">"
              ? tooFar<S, T, N>
              : Replace<R, X, N>
            : never
      : Replace<R, X, N>
    : NotPositive<"fold", "dilation", Odd<Q>>
  : NotPositive<"fold", "stride", Odd<P>>
/** P where it is a literal that is no whole number of 1 or more. */
type Odd<P> = P extends number ? (P extends 0 ? 0 : NotASize<P>) : never
type tooFar<
  S extends Shape,
  T extends number,
  N extends number,
> = `fold: the windows ${Show<S>} reach over ${T} elements, and there are ${N}; give a larger size`
const tooFar = (s: readonly number[], t: number, n: number): string =>
  `fold: the windows ${show(s)} reach over ${t} elements, and there are ${n}; give a larger size`

interface Attrs {
  readonly axis: number
  readonly stride: number
  readonly dilation: number
  /** Size of the axis. */
  readonly n: number
}
/** Attributes: axis, non-negative. Overlap-add as a pull: x[i] = sum over r of w[(i - r dilation) / stride, r] where that is a window. */
export const op: OpDef<Attrs> = view<Attrs>({
  name: "fold",
  shape: (w, { axis, n }) => w.shape.slice(0, -1).with(axis, n),
  at: (w, i, { axis, stride, dilation }, from) => {
    const y = i[axis]!
    const count = from[axis]!
    const size = from.at(-1)!
    const put = (e: ir.Ix, r: ir.Ix): ir.Expr => w([...i.with(axis, e), r])
    // Without dilation the r that fit are r = i mod stride + stride q, at window i div stride - q: no divisibility test, no wasted
    // step. Once axis i is split by the stride every read is affine, and the input gradient of a strided convolution is one contraction.
    if (dilation === 1)
      return ir.reduce("add", [Math.ceil(size / stride)], ([q]) => {
        const e = ir.plus(ir.div(y, stride), ir.times(q!, -1))
        const r = ir.plus(ir.mod(y, stride), ir.times(q!, stride))
        return ir.guard([ir.inside(e, count), ir.inside(r, size)], put(e, r), 0)
      })
    return ir.reduce("add", [size], ([r]) => {
      const e = ir.plus(y, ir.times(r!, -dilation))
      return ir.guard([ir.inside(e, (count - 1) * stride + 1), ir.divides(stride, e)], put(ir.div(e, stride), r!), 0)
    })
  },
  transpose: (ct, { axis, stride, dilation }, from) =>
    make(windows, [ct], { axis, size: from.at(-1)!, stride, dilation, count: from[axis]! }),
  batch: (a) => ({ ...a, axis: a.axis + 1 }),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const [size, stride, dilation] = [g.int(1, 3), g.int(1, 3), g.int(1, 2)]
    const n = Math.max(0, s[axis]! - 1) * stride + (size - 1) * dilation + 1 + g.int(0, 2)
    return [g.tensor([...s, size]), g.bool() ? axis : axis - s.length, n, { stride, dilation }]
  },
  refused: [
    (g) => [g.tensor([3, 2]), 0, g.int(1, 3)],
    (g) => [g.tensor([3, 2]), g.int(1, 5), 9],
    (g) => [g.tensor([g.int(1, 3)]), 0, 9],
    (g) => [g.tensor([3, 2]), 0, g.int(-3, -1)],
    (g) => [g.tensor([3, 2]), 0, g.int(1, 5), { stride: 2, dilation: 3 }],
    (g) => [g.tensor([3, 2]), 0, g.int(4, 9), { stride: g.pick([0, -2]) }],
    (g) => [g.tensor([3, 2], "bool"), 0, g.int(4, 9)],
  ],
})

/**
 * Overlap-add: windows put back in their places on an axis of size n, where they overlap summed. The adjoint of `windows`.
 *
 * `y[.., i, ..] = sum of w[.., j, .., r] over j stride + r dilation = i`. Every dtype of numbers. The axis is one of the result's and may be
 * negative. Refuses windows that reach beyond n.
 * @example fold(ones([8, 13, 3]), 1, 28, { stride: 2 }) // [8, 28]
 */
export function fold<
  S extends Shape,
  D extends DType,
  const X extends number,
  const N extends number,
  const O extends WindowOptions = {},
>(
  w: Tensor<S, D>,
  axis: X,
  n: Or<NumberOnly<"fold", FoldRule<S, X, N, O>, D>, N>,
  options?: O,
): Of<NumberOnly<"fold", FoldRule<S, X, N, O>, D>, D> {
  const t = tensorIn("fold", w, "w")
  numbersOnly("fold")([t])
  const { stride = 1, dilation = 1 } = optionsIn<WindowOptions>("fold", options, ["stride", "dilation"])
  const size = n as number
  if (t.shape.length < 2) refuse(needsRank("fold", "2 or more", t.shape))
  const k = axisOf("fold", t.shape.slice(0, -1), axis)
  if (!Number.isSafeInteger(size) || size < 0) refuse(notASize("fold", size))
  for (const [field, v] of [
    ["stride", stride],
    ["dilation", dilation],
  ] as const) {
    if (!Number.isSafeInteger(v) || v < 1) refuse(notPositive("fold", field, v))
  }
  const [count, window] = [t.shape[k]!, t.shape.at(-1)!]
  const reach = count === 0 || window === 0 ? 0 : (count - 1) * stride + dilation * (window - 1) + 1
  if (reach > size) refuse(tooFar(t.shape, reach, size))
  return emit(op, [t], { axis: k, stride, dilation, n: size })
}
