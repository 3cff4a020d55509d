import { type Calls, emit, holds, ir, type OpDef, refuse, show, view, tensorIn, listIn, spelled, text } from "../core/index.ts"
import { numberMisfit } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType, Misfit } from "../../typelevel/dtype.ts"
import type { numberMisfit as numberMisfits } from "../../typelevel/messages.ts"
import type { Add, Mul, NotASize, Sub } from "../../typelevel/nat.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { Plus } from "../../typelevel/symbolic.ts"
import { slice } from "./slice.ts"

/** Elements to add to an axis: on both sides, or `[low, high]`, or `[low, high, gap]` with `gap` between neighbours. */
export type Width = number | readonly [low: number, high: number, gap?: number]

// ---- type rule -----------------------------------------------------------------------------------------------------
/** S with every axis widened, or the sentence. */
export type PadRule<S extends Shape, W extends readonly Width[]> =
  Rankless<S> extends true
    ? Shape
    : number extends W["length"]
      ? { -readonly [K in keyof S]: number }
      : W["length"] extends S["length"]
        ? Walk<S, S, W>
        : wrongCount<S, W["length"]>
type Walk<S extends Shape, Rest, W, Acc extends Shape = []> = W extends readonly [infer H extends Width, ...infer T]
  ? Rest extends readonly [infer N extends Dim, ...infer M]
    ? H extends number
      ? Next<S, M, T, Acc, N, H, H, 0>
      : H extends readonly [infer L extends number, infer U extends number]
        ? Next<S, M, T, Acc, N, L, U, 0>
        : H extends readonly [infer L extends number, infer U extends number, infer G extends number]
          ? Next<S, M, T, Acc, N, L, U, G>
          : Walk<S, M, T, [...Acc, number]>
    : never
  : Acc
type Next<S extends Shape, M, T, Acc extends Shape, N extends Dim, L extends number, U extends number, G extends number> = [
  NotASize<L | U | G>,
] extends [never]
  ? Walk<
      S,
      M,
      T,
      [
        ...Acc,
        [L, U, G] extends [0, 0, 0]
          ? N
          : N extends number
            ? Add<Spread<N, G>, Add<L, U>>
            : G extends 0
              ? Plus<N, Add<L, U>>
              : number,
      ]
    >
  : notAWidth<NotASize<L | U | G>, Acc["length"] & number, S>
type Spread<N extends number, G extends number> = G extends 0
  ? N
  : N extends 0
    ? 0
    : number extends N | G
      ? number
      : Add<Mul<Sub<N, 1>, G>, N>

type wrongCount<
  S extends Shape,
  N extends number,
> = `pad: ${N} widths for ${Show<S>}, which has rank ${S["length"]}; give one for each axis`
const wrongCount = (s: readonly number[], n: number): string =>
  `pad: ${n} widths for ${show(s)}, which has rank ${s.length}; give one for each axis`
type notAWidth<
  N extends string,
  K extends number,
  S extends Shape,
> = `pad: the width ${N} on axis ${K} of ${Show<S>} is not a whole number of 0 or more; slice takes elements away`
const notAWidth = (n: number, k: number, s: readonly number[]): string =>
  `pad: the width ${text(n)} on axis ${k} of ${show(s)} is not a whole number of 0 or more; slice takes elements away`

/** Only plain JavaScript gets here. */
const noWidth = (v: readonly unknown[]): string =>
  `pad: the width ${spelled(v)} has ${v.length} entries; give a number, [low, high] or [low, high, gap]`

// ---- run time ------------------------------------------------------------------------------------------------------
interface Attrs {
  readonly lo: readonly number[]
  readonly hi: readonly number[]
  readonly gap: readonly number[]
  readonly value: number
}
const spread = (n: number, gap: number): number => (n === 0 ? 0 : (n - 1) * (gap + 1) + 1)

/** Attributes: per axis, non-negative. A guarded read. Its linear part pads with zeros; adjoint: slice with a step. */
export const op: OpDef<Attrs> = view<Attrs>({
  name: "pad",
  spelling: { onnx: "Pad", stablehlo: "pad" },
  shape: (x, { lo, hi, gap }) => x.shape.map((n, k) => lo[k]! + spread(n, gap[k]!) + hi[k]!),
  at: (x, i, { lo, gap, value }, from) => {
    const e = i.map((w, k) => ir.plus(w, -lo[k]!))
    const when = e.flatMap((w, k) => [ir.inside(w, spread(from[k]!, gap[k]!)), ir.divides(gap[k]! + 1, w)])
    return ir.guard(when, x(e.map((w, k) => ir.div(w, gap[k]! + 1))), value)
  },
  transpose: (ct, { lo, gap }, from) =>
    slice(
      ct,
      from.map((n, k) => [lo[k]!, lo[k]! + spread(n, gap[k]!), gap[k]! + 1] as const),
    ),
  tangent: (a) => ({ ...a, value: 0 }),
  batch: ({ lo, hi, gap, value }) => ({ lo: [0, ...lo], hi: [0, ...hi], gap: [0, ...gap], value }),
  rewrite: (x, { lo, hi, gap }) => (lo.every((v, k) => v === 0 && hi[k] === 0 && gap[k] === 0) ? x : undefined),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const width = (): Width =>
      g.bool() ? g.int(0, 2) : g.bool() ? [g.int(0, 2), g.int(0, 3)] : [g.int(0, 1), g.int(0, 2), g.int(0, 2)]
    return g.bool() ? [g.tensor(s), s.map(width)] : [g.tensor(s), s.map(width), g.int(-3, 3)]
  },
  refused: [
    (g) => [g.tensor([2, 3]), [g.int(0, 2)]],
    (g) => [g.tensor([2, 3]), [1, g.int(-3, -1)]],
    (g) => [g.tensor([2, 3]), [[1, g.pick([0.5, -1])], 0]],
    (g) => [g.tensor([2, 3], "i32"), [1, 1], g.pick([0.5, 3000000000])],
  ],
})

/**
 * x with elements of `value` around it and, if asked, between its elements.
 *
 * One width per axis: `n` (both sides), `[low, high]` or `[low, high, gap]`; size n becomes low + n + (n - 1) gap + high. Every dtype.
 * Refuses negative widths, another number of widths than axes, and a value that the dtype cannot hold. NumPy `pad`, XLA `Pad`.
 * @example pad(ones([2, 3]), [1, [0, 2]]) // [4, 5]
 */
export function pad<S extends Shape, D extends DType, const W extends readonly Width[], const V extends number = 0>(
  x: Tensor<S, D>,
  widths: Or<PadRule<S, W>, readonly [...W]>,
  value?: Misfit<V, D> extends true ? numberMisfits<"pad", V, D> : V,
): Of<Misfit<V, D> extends true ? never : PadRule<S, W>, D> {
  const s = tensorIn("pad", x).shape
  const w = listIn<Width>("pad", "the widths", widths).map((v) => {
    if (!Array.isArray(v)) return [v as number, v as number, 0] as const
    if (v.length < 2 || v.length > 3) refuse(noWidth(v))
    return [v[0] as number, v[1] as number, v.length === 3 ? (v[2] as number) : 0] as const
  })
  if (w.length !== s.length) refuse(wrongCount(s, w.length))
  w.forEach((v, k) => {
    for (const n of v) if (!Number.isSafeInteger(n) || n < 0) refuse(notAWidth(n, k, s))
  })
  const v = (value ?? 0) as number
  if (!holds(x.dtype, v)) refuse(numberMisfit("pad", v, x.dtype))
  return emit(op, [x], { lo: w.map(([n]) => n), hi: w.map(([, n]) => n), gap: w.map(([, , n]) => n), value: v })
}
