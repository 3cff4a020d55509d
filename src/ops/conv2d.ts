import { defineOp, emit, type Gen, type OpDef, type RawTensor, raw, refuse, show, upto } from "../core/index.ts"
import { dtypesDiffer, notPositive } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Option, Padding, PerAxis, Windows } from "../../typelevel/conv.ts"
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer, notPositive as NotPositive } from "../../typelevel/messages.ts"
import type { Mod, Mul } from "../../typelevel/nat.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { type Pair, type Paddings, paddingAt, perAxis, type Sliding, sliding, wholeStrides } from "./_windows.ts"
import { op as contract } from "./contract.ts"
import { pad } from "./pad.ts"
import { reshape } from "./reshape.ts"
import { op as windows } from "./windows.ts"

export interface ConvOptions {
  /** Distance from one window to the next, for both axes or each. Default 1. */
  readonly stride?: Pair
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: Pair
  /** Zeros around: "valid" (none), "same" (as many as give ceil(n / stride)), a number, or [low, high]; a list is one per axis. Default "valid". */
  readonly padding?: Paddings
  /** The channels are cut into this many groups, each with filters of its own. Default 1; as many as channels: depthwise. */
  readonly groups?: number
}

// ---- type rule -----------------------------------------------------------------------------------------------------
type Stride<O, I extends 0 | 1> = PerAxis<Option<O, "stride", 1, number>, I> & number
type Dilation<O, I extends 0 | 1> = PerAxis<Option<O, "dilation", 1, number>, I> & number
type Pad<O, I extends 0 | 1> =
  Option<O, "padding", "valid", Padding> extends infer P ? (P extends readonly [Padding, Padding] ? P[I] : P) : never
type Groups<O> = Option<O, "groups", 1, number> & number

/** [..., height, width, channels] x [height, width, channels / groups, filters], or the sentence. */
export type Conv2dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = [D & E] extends [never]
  ? DTypesDiffer<"conv2d", D, E>
  : NumberOnly<"conv2d", Convolved<X, K, O>, D>
type Convolved<X extends Shape, K extends Shape, O> = X extends readonly [
  ...infer B extends Shape,
  infer H extends Dim,
  infer W extends Dim,
  infer C extends Dim,
]
  ? K extends readonly [infer R extends Dim, infer Q extends Dim, infer E extends Dim, infer F extends Dim]
    ? Channels<X, K, C, E, F, Groups<O>> extends infer M extends string
      ? M
      : Windows<"conv2d", H, R, Stride<O, 0>, Pad<O, 0>, Dilation<O, 0>> extends infer Y
        ? Y extends `conv2d: ${string}`
          ? Y
          : Windows<"conv2d", W, Q, Stride<O, 1>, Pad<O, 1>, Dilation<O, 1>> extends infer Z
            ? Z extends `conv2d: ${string}`
              ? Z
              : [...B, Y & Dim, Z & Dim, F]
            : never
        : never
    : Rankless<K> extends true
      ? Shape
      : noKernel<K>
  : Rankless<X> extends true
    ? Shape
    : noImage<X>
type Channels<X, K, C extends Dim, E extends Dim, F extends Dim, G extends number> = G extends 1
  ? Fits<C, E> extends true
    ? true
    : channelsDiffer<X, K, C, E>
  : G extends 0
    ? NotPositive<"conv2d", "groups", 0>
    : [C, E] extends [infer N extends number, infer M extends number]
      ? Fits<N, number extends M | G ? number : Mul<M, G>> extends true
        ? F extends number
          ? Mod<F, G> extends infer R
            ? number extends R
              ? true
              : R extends 0
                ? true
                : notDivided<K, F, G>
            : never
          : true
        : groupsDiffer<X, K, C, E, G>
      : true
type noImage<X> = `conv2d: needs [..., height, width, channels], got ${Show<X>}`
const noImage = (x: readonly number[]): string => `conv2d: needs [..., height, width, channels], got ${show(x)}`
type noKernel<K> = `conv2d: the kernel needs shape [height, width, in, out], got ${Show<K>}`
const noKernel = (k: readonly number[]): string => `conv2d: the kernel needs shape [height, width, in, out], got ${show(k)}`
type channelsDiffer<X, K, C, E> = `conv2d: channels differ: ${Show<X>} and kernel ${Show<K>}: ${ShowDim<C>} is not ${ShowDim<E>}`
const channelsDiffer = (x: readonly number[], k: readonly number[]): string =>
  `conv2d: channels differ: ${show(x)} and kernel ${show(k)}: ${x.at(-1)} is not ${k[2]}`
type groupsDiffer<
  X,
  K,
  C,
  E,
  G extends number,
> = `conv2d: channels differ: ${Show<X>} and kernel ${Show<K>}: ${ShowDim<C>} is not ${ShowDim<E>} x ${G} groups`
const groupsDiffer = (x: readonly number[], k: readonly number[], g: number): string =>
  `conv2d: channels differ: ${show(x)} and kernel ${show(k)}: ${x.at(-1)} is not ${k[2]} x ${g} groups`
type notDivided<K, F, G extends number> = `conv2d: the ${ShowDim<F>} filters of kernel ${Show<K>} do not divide into ${G} groups`
const notDivided = (k: readonly number[], g: number): string =>
  `conv2d: the ${k[3]} filters of kernel ${show(k)} do not divide into ${g} groups`

// ---- run time ------------------------------------------------------------------------------------------------------
interface Attrs {
  readonly h: Sliding
  readonly w: Sliding
  readonly groups: number
}
const checkChannels = (x: readonly number[], k: readonly number[], groups: number): void => {
  if (!Number.isSafeInteger(groups) || groups < 1) refuse(notPositive("conv2d", "groups", groups))
  if (k[2]! * groups !== x.at(-1)) refuse(groups === 1 ? channelsDiffer(x, k) : groupsDiffer(x, k, groups))
  if (k[3]! % groups !== 0) refuse(notDivided(k, groups))
}
/** An image, a kernel and options in the manner of the generator's shapes. */
const draw = (g: Gen): readonly [RawTensor, RawTensor, ConvOptions] => {
  const wide = g.shapes === "large" || g.shapes === "long"
  const one = g.shapes === "ones" || g.shapes === "scalar"
  const groups = one ? 1 : g.int(1, 2)
  const [per, filters] = [one ? 1 : g.int(1, wide ? 6 : 2), groups * g.int(1, wide ? 6 : 2)]
  const side = (): number => (one ? 1 : wide ? g.int(9, 14) : g.int(5, 7))
  const size = (): number => (one ? 1 : g.int(1, 3))
  const lead = g.shapes === "empty" ? [0] : g.pick([[], [1], [2]])
  const option = (lo: number, hi: number): Pair => (g.bool() ? g.int(lo, hi) : [g.int(lo, hi), g.int(lo, hi)])
  const padding = g.pick<Paddings>([
    "valid",
    "same",
    g.int(0, 2),
    [g.int(0, 2), "same"],
    [
      [0, 1],
      [2, 1],
    ],
  ])
  const x = g.tensor([...lead, side(), side(), groups * per])
  return [x, g.tensor([size(), size(), per, filters]), { stride: option(1, 3), dilation: option(1, 2), padding, groups }]
}

/** Attributes: how windows lie on each axis. A contraction of windows: the forward, input-gradient and filter-gradient convolutions all
 *  follow from the rules of pad, windows and contract, and each becomes one sum over a product of two reads. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "conv2d",
  spelling: { onnx: "Conv", stablehlo: "convolution" },
  shape: ([x, k], { h, w }) => ({ dtype: x!.dtype, shape: [...x!.shape.slice(0, -3), h.count, w.count, k!.shape[3]!] }),
  expand: ([x, k], { h, w, groups }) => {
    const rank = x!.shape.length
    const [kh, kw, cg, f] = k!.shape as readonly [number, number, number, number]
    const none = upto(rank - 3).map(() => 0)
    const [ah, aw] = [rank - 3, rank - 2]
    const around = (s: Sliding, n: number) => [s.low, wholeStrides(n, s)] as const
    const padded = pad(x!, [...none, around(h, x!.shape[ah]!), around(w, x!.shape[aw]!), 0])
    const along = (t: RawTensor, axis: number, { size, stride, dilation, count }: Sliding): RawTensor =>
      emit(windows, [t], { axis, size, stride, dilation, count })
    const all = along(along(raw(padded), ah, h), aw, w) // [..., y, x, c, i, j]
    const lead = none.map((_, n) => String.fromCodePoint(65 + n))
    const product = (a: unknown, b: unknown, c: readonly string[], e: readonly string[], out: readonly string[]): RawTensor =>
      emit(contract, [a, b], {
        a: [...lead, "y", "x", ...c, "i", "j"],
        b: ["i", "j", ...e, "f"],
        out: [...lead, "y", "x", ...out],
      })
    if (groups === 1) return product(all, k!, ["c"], ["c"], ["f"])
    const size = all.shape.slice(0, -3)
    const cut = product(
      reshape(all, [...size, groups, cg, kh, kw]),
      reshape(k!, [kh, kw, cg, groups, f / groups]),
      ["g", "c"],
      ["c", "g"],
      ["g", "f"],
    )
    return reshape(cut, [...size, f])
  },
  examples: draw,
  refused: [
    (g) => [g.tensor([1, 5, 5, g.int(3, 5)]), g.tensor([3, 3, 2, 4])],
    (g) => [g.tensor([1, 5, 5, 4]), g.tensor([3, 3, g.int(3, 5), 4]), { groups: 2 }],
    (g) => [g.tensor([1, 5, 5, 4]), g.tensor([3, 3, 2, g.pick([3, 5])]), { groups: 2 }],
    (g) => [g.tensor([1, g.int(1, 4), 9, 1]), g.tensor([5, 1, 1, 1])],
    (g) => [g.tensor([1, 9, g.int(1, 4), 1]), g.tensor([1, 3, 1, 1]), { dilation: 2, padding: [0, "valid"] }],
    (g) => [g.tensor([5, g.int(1, 5)]), g.tensor([3, 3, 1, 1])],
    (g) => [g.tensor([5, 5, 1]), g.tensor([3, g.int(1, 5), 1])],
    (g) => [g.tensor([5, 5, 1]), g.tensor([3, 3, 1, 1]), { stride: [g.int(1, 2), 0] }],
    (g) => [g.tensor([5, 5, 1]), g.tensor([3, 3, 1, 1], g.pick(["f64", "i32"]))],
  ],
})

/**
 * Convolution over height and width (a correlation, as the field calls it): `y[.., h, w, f] = sum x[.., h s + i d, w s + j d, c] k[i, j, c, f]`.
 *
 * x is `[..., height, width, channels]`, the kernel `[height, width, channels / groups, filters]`; two tensors of one dtype, of numbers;
 * accumulated in that dtype. Sizes: floor((n + padding - (d (k - 1) + 1)) / s) + 1. Refuses channels that differ, and windows that do
 * not fit. Dumoulin and Visin 2016.
 * @example conv2d(zeros([8, 28, 28, 1]), zeros([3, 3, 1, 32]), { stride: 2, padding: "same" }) // [8, 14, 14, 32]
 */
export function conv2d<X extends Shape, D extends DType, K extends Shape, E extends DType, const O extends ConvOptions = {}>(
  x: Tensor<X, D>,
  kernel: Or<Conv2dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<Conv2dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [x as unknown as RawTensor, kernel as unknown as RawTensor]
  const { stride = 1, dilation = 1, padding, groups = 1 } = options ?? {}
  if (a.dtype !== k.dtype) refuse(dtypesDiffer("conv2d", a.dtype, k.dtype))
  numbersOnly("conv2d")([a])
  if (a.shape.length < 3) refuse(noImage(a.shape))
  if (k.shape.length !== 4) refuse(noKernel(k.shape))
  checkChannels(a.shape, k.shape, groups)
  const along = (i: 0 | 1): Sliding =>
    sliding("conv2d", a.shape.at(i - 3)!, k.shape[i]!, perAxis(stride, i), paddingAt(padding, i), perAxis(dilation, i))
  return emit(op, [a, k], { h: along(0), w: along(1), groups })
}
