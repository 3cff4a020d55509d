// Convolution over one, two or three axes: the rule of sizes and channels, the same at run time, and the op itself.
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
import { dtypesDiffer, notPositive } from "../core/messages.ts"
import type {
  AxisNames,
  ConvPadding,
  Split,
  Each,
  ForAxes,
  needsImage,
  PaddingAt,
  PerAxis,
  Sliders,
  Sliding as SlidingOver,
  Windows,
  Zero,
} from "../../typelevel/conv.ts"
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer as DTypesDiffer, notPositive as NotPositive } from "../../typelevel/messages.ts"
import type { Mod, Mul } from "../../typelevel/nat.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { type needsNumber, numbersOnly } from "./_dtypes.ts"
import { anImage, axisNames, eachAxis, paddingAt, type Sliding, sliding, slidingOver, wholeStrides } from "./_windows.ts"
import { op as contract } from "./contract.ts"
import { pad } from "./pad.ts"
import { reshape } from "./reshape.ts"
import { op as windows } from "./windows.ts"

export interface ConvOptions<N extends Sliders> {
  /** Distance from one window to the next, for all axes or each. Default 1. */
  readonly stride?: ForAxes<N, number>
  /** Distance between the elements of a window. Default 1. */
  readonly dilation?: ForAxes<N, number>
  /** Zeros around: "valid" (none), "same" (as many as give ceil(n / stride)), "full" (all but one element of a window), a number, or [low,
   *  high]; a list with an entry for each axis has one per axis. Default "valid". */
  readonly padding?: ForAxes<N, ConvPadding>
  /** The channels are cut into this many groups, each with filters of its own. Default 1; as many as channels: depthwise. */
  readonly groups?: number
}

// ---- type rule -----------------------------------------------------------------------------------------------------
/** [..., spatial axes, channels] x [...window, channels / groups, filters], or the sentence. */
export type ConvRule<
  Op extends string,
  N extends Sliders,
  X extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  O,
> = [D & E & NumberDType] extends [never] ? WrongDType<Op, D, E> : Convolved<Op, N, X, K, O>
export type NumberDType = Exclude<DType, "bool">
export type WrongDType<Op extends string, D extends DType, E extends DType> = [D & E] extends [never]
  ? DTypesDiffer<Op, D, E>
  : needsNumber<Op>
type Convolved<Op extends string, N extends Sliders, X extends Shape, K extends Shape, O> =
  Split<N, X> extends [infer B extends Shape, infer S extends Shape, infer C extends Dim]
    ? K extends readonly [...infer W extends Each<Dim>[N], infer E extends Dim, infer F extends Dim]
      ? Channels<Op, X, K, C, E, F, Option<O, "groups", 1, number> & number> extends infer M extends string
        ? M
        : Along<Op, N, S, W, Stride<O>, Option<O, "padding", "valid", ConvPadding>, Dilation<O>> extends infer R extends Shape
          ? [R[number] & `${Op}: ${string}`] extends [never]
            ? [...B, ...R, F]
            : SlidingOver<Op, FirstSentence<Op, R>, X, `kernel ${Show<K>}`>
          : never
      : Rankless<K> extends true
        ? Shape
        : noKernel<Op, N, K>
    : Rankless<X> extends true
      ? Shape
      : needsImage<Op, N, X>
export type Stride<O> = Option<O, "stride", 1, number>
export type Dilation<O> = Option<O, "dilation", 1, number>
/** The number of windows along each axis, or the sentence in its place. */
type Along<Op extends string, N extends Sliders, S extends Shape, W extends Shape, Strides, P, Dilations> = {
  [I in keyof W]: Windows<
    Op,
    S[I & keyof S] & Dim,
    W[I],
    PerAxis<Strides, I> & number,
    PaddingAt<P, N, I>,
    PerAxis<Dilations, I> & number
  >
}
/** The first dimension that is a sentence. */
export type FirstSentence<Op extends string, R> = R extends readonly [infer H, ...infer T]
  ? H extends `${Op}: ${string}`
    ? H
    : FirstSentence<Op, T>
  : never

type Channels<Op extends string, X, K, C extends Dim, E extends Dim, F extends Dim, G extends number> = G extends 1
  ? Fits<C, E> extends true
    ? true
    : channelsDiffer<Op, X, K, C, E>
  : [Zero<G>] extends [never]
    ? [C, E] extends [infer N extends number, infer M extends number]
      ? Fits<N, number extends M | G ? number : Mul<M, G>> extends true
        ? F extends number
          ? Mod<F, G> extends infer R
            ? number extends R
              ? true
              : R extends 0
                ? true
                : notDivided<Op, K, F, G>
            : never
          : true
        : groupsDiffer<Op, X, K, C, E, G>
      : true
    : NotPositive<Op, "groups", Zero<G>>
type noKernel<
  Op extends string,
  N extends Sliders,
  K,
> = `${Op}: the kernel needs shape [${AxisNames[N]}, in, out], got ${Show<K>}; reshape or transpose it`
const noKernel = (op: string, n: Sliders, k: readonly number[]): string =>
  `${op}: the kernel needs shape [${axisNames[n]}, in, out], got ${show(k)}; reshape or transpose it`
export type channelsDiffer<
  Op extends string,
  X,
  K,
  C,
  E,
> = `${Op}: channels differ: ${Show<X>} and kernel ${Show<K>}: ${ShowDim<C>} is not ${ShowDim<E>}; give the kernel as many as the input`
export const channelsDiffer = (op: string, x: readonly number[], k: readonly number[], e: number): string =>
  `${op}: channels differ: ${show(x)} and kernel ${show(k)}: ${x.at(-1)} is not ${e}; give the kernel as many as the input`
type groupsDiffer<
  Op extends string,
  X,
  K,
  C,
  E,
  G extends number,
> = `${Op}: channels differ: ${Show<X>} and kernel ${Show<K>}: ${ShowDim<C>} is not ${ShowDim<E>} x ${G} groups; give the kernel as many as the input`
export const groupsDiffer = (op: string, x: readonly Dim[], k: readonly Dim[], e: Dim, g: number): string =>
  `${op}: channels differ: ${show(x)} and kernel ${show(k)}: ${x.at(-1)} is not ${e} x ${g} groups; give the kernel as many as the input`
type notDivided<
  Op extends string,
  K,
  F,
  G extends number,
> = `${Op}: the ${ShowDim<F>} filters of kernel ${Show<K>} do not divide into ${G} groups; give a multiple of the groups`
export const notDivided = (op: string, k: readonly Dim[], f: number, g: number): string =>
  `${op}: the ${f} filters of kernel ${show(k)} do not divide into ${g} groups; give a multiple of the groups`

// ---- run time ------------------------------------------------------------------------------------------------------
/** How windows lie on each axis, and the number of groups. */
export interface Convolving {
  readonly axes: readonly Sliding[]
  readonly groups: number
}
/** What the two operands of a convolution must be whatever its direction; or the sentence. */
export const checkOperands = (op: string, n: Sliders, x: RawTensor, k: RawTensor): void => {
  if (x.dtype !== k.dtype) refuse(dtypesDiffer(op, x.dtype, k.dtype))
  numbersOnly(op)([x])
  anImage(op, n, x.shape)
}
export const convOptions = ["stride", "dilation", "padding", "groups"] as const
/** How the windows of a convolution lie, or the sentence. */
export const convolving = (op: string, n: Sliders, x: RawTensor, k: RawTensor, options: unknown): Convolving => {
  const { stride = 1, dilation = 1, padding, groups = 1 } = optionsIn<ConvOptions<Sliders>>(op, options, convOptions)
  checkOperands(op, n, x, k)
  if (k.shape.length !== n + 2) refuse(noKernel(op, n, k.shape))
  const [e, f] = [k.shape[n]!, k.shape[n + 1]!]
  if (!Number.isSafeInteger(groups) || groups < 1) refuse(notPositive(op, "groups", groups))
  if (e * groups !== x.shape.at(-1)!)
    refuse(groups === 1 ? channelsDiffer(op, x.shape, k.shape, e) : groupsDiffer(op, x.shape, k.shape, e, groups))
  if (f % groups !== 0) refuse(notDivided(op, k.shape, f, groups))
  const [strides, dilations] = [eachAxis(op, "stride", stride, n), eachAxis(op, "dilation", dilation, n)]
  const axes = slidingOver(op, x.shape, `kernel ${show(k.shape)}`, () =>
    upto(n).map((i) => sliding(op, x.shape.at(i - n - 1)!, k.shape[i]!, strides[i], paddingAt(padding, i, n), dilations[i])),
  )
  return { axes, groups }
}

/** Labels of a convolution's axes: leading ones, places of windows, and elements of windows. */
export const labels = (lead: number, n: number) => ({
  lead: upto(lead).map((k) => String.fromCodePoint(65 + k)),
  places: [..."zyx"].slice(-n),
  taps: [..."kij"].slice(-n),
})

/** Attributes: how windows lie on each axis. A contraction of windows: the forward, input-gradient and filter-gradient convolutions all
 *  follow from the rules of pad, windows and contract, and each becomes one sum over a product of two reads. */
export const convOp = (name: string, n: Sliders): OpDef<Convolving> =>
  defineOp<Convolving>({
    name,
    spelling: { onnx: "Conv", stablehlo: "convolution" },
    shape: ([x, k], { axes }) => ({
      dtype: x!.dtype,
      shape: [...x!.shape.slice(0, -n - 1), ...axes.map((a) => a.count), k!.shape.at(-1)!],
    }),
    expand: ([x, k], { axes, groups }) => {
      const first = x!.shape.length - n - 1
      const [cg, f] = k!.shape.slice(n) as [number, number]
      const around = axes.map((a, i) => [a.low, wholeStrides(x!.shape[first + i]!, a)] as const)
      const padded = pad(x!, [...upto(first).map(() => 0), ...around, 0])
      const all = axes.reduce(
        (t, { size, stride, dilation, count }, i) => emit(windows, [t], { axis: first + i, size, stride, dilation, count }),
        raw(padded),
      ) // [..., places, channels, taps]
      const { lead, places, taps } = labels(first, n)
      const product = (a: unknown, b: unknown, c: readonly string[], e: readonly string[], out: readonly string[]): RawTensor =>
        emit(contract, [a, b], {
          a: [...lead, ...places, ...c, ...taps],
          b: [...taps, ...e, "f"],
          out: [...lead, ...places, ...out],
        })
      if (groups === 1) return product(all, k!, ["c"], ["c"], ["f"])
      const size = all.shape.slice(0, first + n)
      const window = k!.shape.slice(0, n)
      const cut = product(
        reshape(all, [...size, groups, cg, ...window]),
        reshape(k!, [...window, cg, groups, f / groups]),
        ["g", "c"],
        ["c", "g"],
        ["g", "f"],
      )
      return reshape(cut, [...size, f])
    },
  })

// ---- generators ----------------------------------------------------------------------------------------------------
/** How large things are in the manner of the generator's shapes. */
export const manner = (g: Gen, n: Sliders) => {
  const wide = g.shapes === "large" || g.shapes === "long"
  const one = g.shapes === "ones" || g.shapes === "scalar"
  return {
    one,
    lead: g.shapes === "empty" ? [0] : g.pick([[], [1], [2]]),
    groups: one ? 1 : g.int(1, 2),
    channels: (): number => (one ? 1 : g.int(1, wide ? 6 : 2)),
    side: (): number => (one ? 1 : wide ? (n === 3 ? g.int(5, 6) : g.int(9, 14)) : n === 3 ? g.int(3, 4) : g.int(5, 7)),
    window: (): number => (one ? 1 : g.int(1, n === 3 ? 2 : 3)),
    option: (lo: number, hi: number): number | number[] => (g.bool() ? g.int(lo, hi) : upto(n).map(() => g.int(lo, hi))),
  }
}
export const convCalls = (n: Sliders): Calls => ({ examples: (g) => convExamples(g, n), refused: convRefused(n) })
const convExamples = (g: Gen, n: Sliders): readonly unknown[] => {
  const { lead, groups, channels, side, window, option } = manner(g, n)
  const [per, filters] = [channels(), groups * channels()]
  const entry = (): ConvPadding => g.pick<ConvPadding>(["valid", "same", "full", g.int(0, 2), [g.int(0, 2), g.int(0, 2)]])
  const padding = g.pick<unknown>(["valid", "same", "full", g.int(0, 2), upto(n).map(entry), upto(n).map(entry)])
  const x = g.tensor([...lead, ...upto(n).map(side), groups * per])
  const k = g.tensor([...upto(n).map(window), per, filters])
  return [x, k, { stride: option(1, 3), dilation: option(1, 2), padding, groups }]
}
const convRefused = (n: Sliders): readonly ((g: Gen) => readonly unknown[])[] => {
  const fives = upto(n).map(() => 5)
  const threes = upto(n).map(() => 3)
  const last = (v: unknown, others: unknown): unknown[] => upto(n).map((i) => (i === n - 1 ? v : others))
  return [
    (g) => [g.tensor([1, ...fives, g.int(3, 5)]), g.tensor([...threes, 2, 4])],
    (g) => [g.tensor([1, ...fives, 4]), g.tensor([...threes, g.int(3, 5), 4]), { groups: 2 }],
    (g) => [g.tensor([1, ...fives, 4]), g.tensor([...threes, 2, g.pick([3, 5])]), { groups: 2 }],
    (g) => [g.tensor([1, ...fives, 4]), g.tensor([...threes, 2, 4]), { groups: g.pick([0, -1, 1.5]) }],
    (g) => [g.tensor([1, ...fives.with(0, g.int(1, 4)), 1]), g.tensor([...threes.with(0, 5), 1, 1])],
    (g) => [
      g.tensor([1, ...fives.with(n - 1, g.int(1, 4)), 1]),
      g.tensor([...threes, 1, 1]),
      { dilation: 2, padding: last("valid", 0) },
    ],
    (g) => [g.tensor([...fives.slice(1), g.int(1, 5)]), g.tensor([...threes, 1, 1])],
    (g) => [g.tensor([...fives, 1]), g.tensor([...threes, g.int(1, 5)])],
    (g) => [g.tensor([...fives, 1]), g.tensor([...threes, 1, 1]), { stride: last(g.pick([0, -1, 0.5]), g.int(1, 2)) }],
    (g) => [g.tensor([...fives, 1]), g.tensor([...threes, 1, 1]), { padding: last(g.pick([-1, 0.5]), g.int(1, 2)) }],
    (g) => [g.tensor([...fives, 1]), g.tensor([...threes, 1, 1], g.pick(["f64", "i32"]))],
    (g) => [g.tensor([...fives, 1], "bool"), g.tensor([...threes, 1, 1], "bool")],
  ]
}
