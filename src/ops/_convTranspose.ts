// Transposed convolution over one, two or three axes: the gradient of a convolution with respect to its input, as an op of its own.
import {
  type Calls,
  defineOp,
  emit,
  type Gen,
  type OpDef,
  optionsIn,
  type RawTensor,
  raw,
  refuse,
  show,
  upto,
} from "../core/index.ts"
import { notPositive } from "../core/messages.ts"
import type {
  AxisNames,
  ConvPadding,
  Each,
  ForAxes,
  needsImage,
  PaddingAt,
  PerAxis,
  Sliders,
  Sliding as SlidingOver,
  Split,
  Spread,
  Zero,
} from "../../typelevel/conv.ts"
import type { Dim, Fits } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { notPositive as NotPositive } from "../../typelevel/messages.ts"
import type { Mod } from "../../typelevel/nat.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { Times } from "../../typelevel/symbolic.ts"
import {
  channelsDiffer,
  checkOperands,
  type ConvOptions,
  convOptions,
  type Dilation,
  type FirstSentence,
  labels,
  manner,
  type NumberDType,
  type Stride,
  type WrongDType,
} from "./_conv.ts"
import { axisNames, eachAxis, paddingAt, slidingOver, type Spreading, spreading } from "./_windows.ts"
import { op as contract } from "./contract.ts"
import { fold } from "./fold.ts"
import { reshape } from "./reshape.ts"
import { slice } from "./slice.ts"

export interface ConvTransposeOptions<N extends Sliders> extends ConvOptions<N> {
  /** Elements that no window reached, added above: less than the stride or the dilation. Sizes that a convolution makes equal differ by
   *  as much. Default 0. */
  readonly outputPadding?: ForAxes<N, number>
}

// ---- type rule -----------------------------------------------------------------------------------------------------
/** [..., spatial axes, channels] x [...window, filters / groups, channels], or the sentence. */
export type ConvTransposeRule<
  Op extends string,
  N extends Sliders,
  X extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  O,
> = [D & E & NumberDType] extends [never] ? WrongDType<Op, D, E> : Transposed<Op, N, X, K, O>
type Transposed<Op extends string, N extends Sliders, X extends Shape, K extends Shape, O> =
  Split<N, X> extends [infer B extends Shape, infer S extends Shape, infer C extends Dim]
    ? K extends readonly [...infer W extends Each<Dim>[N], infer F extends Dim, infer E extends Dim]
      ? Filters<Op, X, K, C, E, F, Option<O, "groups", 1, number> & number> extends infer M extends Dim
        ? M extends `${Op}: ${string}`
          ? M
          : Along<
                Op,
                N,
                S,
                W,
                Stride<O>,
                Option<O, "padding", "valid", ConvPadding>,
                Dilation<O>,
                Option<O, "outputPadding", 0, number>
              > extends infer R extends Shape
            ? [R[number] & `${Op}: ${string}`] extends [never]
              ? [...B, ...R, M]
              : SlidingOver<Op, FirstSentence<Op, R>, X, `kernel ${Show<K>}`>
            : never
        : never
      : Rankless<K> extends true
        ? Shape
        : noKernel<Op, N, K>
    : Rankless<X> extends true
      ? Shape
      : needsImage<Op, N, X>
/** The size of each axis, or the sentence in its place. */
type Along<Op extends string, N extends Sliders, S extends Shape, W extends Shape, Strides, P, Dilations, Extras> = {
  [I in keyof W]: Spread<
    Op,
    S[I & keyof S] & Dim,
    W[I],
    PerAxis<Strides, I> & number,
    PaddingAt<P, N, I>,
    PerAxis<Dilations, I> & number,
    PerAxis<Extras, I> & number
  >
}
/** The channels that come out, or the sentence. */
type Filters<Op extends string, X, K, C extends Dim, E extends Dim, F extends Dim, G extends number> = [Zero<G>] extends [never]
  ? Fits<C, E> extends true
    ? G extends 1
      ? F
      : E extends number
        ? Mod<E, G> extends infer R
          ? number extends R
            ? Times<F, G>
            : R extends 0
              ? Times<F, G>
              : notDivided<Op, K, E, G>
          : never
        : Times<F, G>
    : channelsDiffer<Op, X, K, C, E>
  : NotPositive<Op, "groups", Zero<G>>
type noKernel<
  Op extends string,
  N extends Sliders,
  K,
> = `${Op}: the kernel needs shape [${AxisNames[N]}, out, in], got ${Show<K>}; reshape or transpose it`
const noKernel = (op: string, n: Sliders, k: readonly number[]): string =>
  `${op}: the kernel needs shape [${axisNames[n]}, out, in], got ${show(k)}; reshape or transpose it`
type notDivided<
  Op extends string,
  K,
  E extends number,
  G extends number,
> = `${Op}: the ${E} channels of kernel ${Show<K>} do not divide into ${G} groups; give a multiple of the groups`
export const notDivided = (op: string, k: readonly Dim[], g: number): string =>
  `${op}: the ${k.at(-1)} channels of kernel ${show(k)} do not divide into ${g} groups; give a multiple of the groups`

// ---- run time ------------------------------------------------------------------------------------------------------
/** How windows are put back on each axis, and the number of groups. */
export interface Transposing {
  readonly axes: readonly Spreading[]
  readonly groups: number
}
/** How the windows of a transposed convolution are put back, or the sentence. */
export const transposing = (op: string, n: Sliders, x: RawTensor, k: RawTensor, options: unknown): Transposing => {
  const given = optionsIn<ConvTransposeOptions<Sliders>>(op, options, [...convOptions, "outputPadding"])
  const { stride = 1, dilation = 1, padding, groups = 1, outputPadding = 0 } = given
  checkOperands(op, n, x, k)
  if (k.shape.length !== n + 2) refuse(noKernel(op, n, k.shape))
  const channels = k.shape.at(-1)!
  if (!Number.isSafeInteger(groups) || groups < 1) refuse(notPositive(op, "groups", groups))
  if (channels !== x.shape.at(-1)) refuse(channelsDiffer(op, x.shape, k.shape, channels))
  if (channels % groups !== 0) refuse(notDivided(op, k.shape, groups))
  const [strides, dilations] = [eachAxis(op, "stride", stride, n), eachAxis(op, "dilation", dilation, n)]
  const extras = eachAxis(op, "outputPadding", outputPadding, n)
  const axes = slidingOver(op, x.shape, `kernel ${show(k.shape)}`, () =>
    upto(n).map((i) =>
      spreading(op, x.shape.at(i - n - 1)!, k.shape[i]!, strides[i]!, paddingAt(padding, i, n), dilations[i]!, extras[i]!),
    ),
  )
  return { axes, groups }
}

/** Attributes: how windows are put back. Each element of the input times the kernel, laid over one another: the rules of contract and fold
 *  make one sum over a product of two reads of it, as they do of the gradient of a convolution, and convolutions of its derivatives. */
export const convTransposeOp = (name: string, n: Sliders): OpDef<Transposing> =>
  defineOp<Transposing>({
    name,
    spelling: { onnx: "ConvTranspose", stablehlo: "convolution" },
    shape: ([x, k], { axes, groups }) => ({
      dtype: x!.dtype,
      shape: [...x!.shape.slice(0, -n - 1), ...axes.map((a) => a.count), k!.shape[n]! * groups],
    }),
    expand: ([x, k], { axes, groups }) => {
      const first = x!.shape.length - n - 1
      const [f, c] = k!.shape.slice(n) as [number, number]
      const { lead, places, taps } = labels(first, n)
      const g = groups === 1 ? [] : ["g"]
      const cut = groups === 1 ? [c] : [groups, c / groups]
      const pieces: RawTensor = emit(
        contract,
        [reshape(x!, [...x!.shape.slice(0, -1), ...cut]), reshape(k!, [...k!.shape.slice(0, -1), ...cut])],
        {
          a: [...lead, ...places, ...g, "c"],
          b: [...taps, "f", ...g, "c"],
          out: [...lead, ...places, ...g, "f", ...taps],
        },
      )
      const laid = axes.reduceRight<RawTensor>((t, { size, stride, dilation, low, count }, i) => {
        const reach = (x!.shape[first + i]! - 1) * stride + dilation * (size - 1) + 1
        // whole strides, so that the axis of the fold splits by the stride
        const whole = Math.ceil(Math.max(low + count, reach) / stride) * stride
        return raw(fold(t, first + i, whole, { stride, dilation }))
      }, pieces)
      const inside = slice(
        laid,
        laid.shape.map((_, d) => {
          const a = axes[d - first]
          return a ? ([a.low, a.low + a.count] as const) : null
        }),
      )
      return reshape(inside, [...inside.shape.slice(0, first + n), groups * f])
    },
  })

// ---- generators ----------------------------------------------------------------------------------------------------
export const convTransposeCalls = (n: Sliders): Calls => ({ examples: (g) => examples(g, n), refused: refusals(n) })
const examples = (g: Gen, n: Sliders): readonly unknown[] => {
  const { one, lead, groups, channels, side, window } = manner(g, n)
  const [per, filters] = [groups * channels(), channels()]
  const sides = upto(n).map(() => Math.max(1, side() - (n === 3 ? 1 : 2)))
  const windows = upto(n).map(window)
  const x = g.tensor([...lead, ...sides, per])
  const k = g.tensor([...windows, filters, per])
  if (one) return [x, k]
  const geometry = upto(n).map((i) => {
    const [stride, dilation] = [g.int(1, 3), g.int(1, 2)]
    const covered = dilation * (windows[i]! - 1) + 1
    const outputPadding = g.int(0, Math.max(stride, dilation) - 1)
    const total = (sides[i]! - 1) * stride + covered + outputPadding
    const low = g.int(0, Math.min(2, total - 1))
    const high = g.int(0, Math.min(2, total - 1 - low))
    return { stride, dilation, outputPadding, padding: [low, high] as const }
  })
  const { stride, dilation } = geometry[0]!
  return g.pick<readonly unknown[]>([
    [x, k, { stride, dilation, padding: "same", groups }],
    [x, k, { stride, dilation, outputPadding: Math.max(stride, dilation) - 1, groups }],
    [x, k, { stride: geometry.map((a) => a.stride), padding: upto(n).map((i) => (i === 0 ? "valid" : "same")), groups }],
    ...[0, 1].map(() => [
      x,
      k,
      {
        stride: geometry.map((a) => a.stride),
        dilation: geometry.map((a) => a.dilation),
        padding: geometry.map((a) => a.padding),
        outputPadding: geometry.map((a) => a.outputPadding),
        groups,
      },
    ]),
  ])
}
const refusals = (n: Sliders): readonly ((g: Gen) => readonly unknown[])[] => {
  const all = (v: number): number[] => upto(n).map(() => v)
  const last = (v: unknown, others: unknown): unknown[] => upto(n).map((i) => (i === n - 1 ? v : others))
  const x = (g: Gen): RawTensor => g.tensor([1, ...all(3), 2])
  const k = (g: Gen): RawTensor => g.tensor([...all(3), 1, 2])
  return [
    (g) => [x(g), g.tensor([...all(3), 4, g.int(3, 5)])],
    (g) => [x(g), g.tensor([...all(3), 1, 2], g.pick(["f64", "i32"]))],
    (g) => [g.tensor([...all(3), 1], "bool"), g.tensor([...all(2), 1, 1], "bool")],
    (g) => [g.tensor([...all(3).slice(1), g.int(1, 5)]), k(g)],
    (g) => [x(g), g.tensor([...all(3), g.int(1, 5)])],
    (g) => [x(g), k(g), { groups: g.pick([0, -1, 1.5]) }],
    (g) => [x(g), k(g), { groups: g.int(3, 5) }],
    (g) => [x(g), k(g), { stride: last(g.pick([0, -1, 0.5]), 2) }],
    (g) => {
      const stride = g.int(2, 4)
      return [x(g), k(g), { stride, outputPadding: last(stride, 1) }]
    },
    (g) => [x(g), k(g), { stride: 2, outputPadding: last(g.pick([-1, 0.5]), 0) }],
    (g) => [x(g), k(g), { padding: last(g.int(3, 5), 1) }],
    (g) => [x(g), k(g), { padding: last(g.pick([-1, 0.5]), 1) }],
    (g) => [x(g), k(g), { stride: 2, padding: "same", outputPadding: 1 }],
    (g) => [g.tensor([...all(0), 2]), k(g), { stride: g.int(1, 2) }],
  ]
}
