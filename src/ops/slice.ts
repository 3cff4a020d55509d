import { type Calls, ir, make, type OpDef, refuse, show, upto, view, tensorIn, listIn, spelled, text } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Spread } from "../../typelevel/ellipsis.ts"
import type { Add, CeilDiv, Compare, Sub } from "../../typelevel/nat.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { Minus } from "../../typelevel/symbolic.ts"
import { others, spread } from "./_ellipsis.ts"
import { flip } from "./flip.ts"
import { pad } from "./pad.ts"
import { reshape } from "./reshape.ts"

/** What to take of an axis: the element at an index (the axis disappears), all of it (null), or `[start, end, step]`, null: as far as it goes. */
export type Range = number | null | readonly [start: number | null, end?: number | null, step?: number]

// ---- type rule -----------------------------------------------------------------------------------------------------
/** Ranges of the axes in order; "..." stands for all axes between those before and those behind it. */
export type Ranges = readonly (Range | "...")[]
/** S with each axis reduced to its range; axes without one stay. Or the sentence. */
export type SliceRule<S extends Shape, R extends Ranges> =
  Rankless<S> extends true
    ? Shape
    : number extends R["length"]
      ? Shape
      : "..." extends R[number]
        ? Spread<"slice", S, R, null> extends infer Q
          ? Q extends readonly Range[]
            ? Walk<S, Q, S, Q>
            : Q
          : never
        : Walk<S, R & readonly Range[], S, R>
type Walk<
  S extends Shape,
  All extends readonly Range[],
  Rest,
  R,
  Acc extends Shape = [],
  Seen extends 0[] = [],
> = R extends readonly [infer H extends Range, ...infer T]
  ? Rest extends readonly [infer N extends Dim, ...infer M]
    ? Part<S, Seen["length"], N, H> extends infer P
      ? P extends string
        ? P
        : P extends { size: infer D extends Dim }
          ? Walk<S, All, M, T, [...Acc, D], [...Seen, 0]>
          : Walk<S, All, M, T, Acc, [...Seen, 0]>
      : never
    : tooMany<S, All["length"]>
  : Rest extends Shape
    ? [...Acc, ...Rest]
    : never
type Part<S, K extends number, N extends Dim, R extends Range> = R extends null
  ? { size: N }
  : R extends number
    ? [Position<N, R, true>] extends [never]
      ? outside<S, K, R>
      : null
    : R extends readonly [infer A]
      ? Size<Run<S, K, N, A, null, 1>>
      : R extends readonly [infer A, infer B]
        ? Size<Run<S, K, N, A, B, 1>>
        : R extends readonly [infer A, infer B, infer P]
          ? Size<Run<S, K, N, A, B, P>>
          : { size: number }
type Size<M> = M extends number ? { size: M } : M extends { same: infer D } ? { size: D } : M
/** Where X is on an axis of size N: `never` outside, `number` where it cannot be known. `Element`: N itself is outside. */
type Position<N extends Dim, X extends number, Element extends boolean> = number extends X
  ? number
  : `${X}` extends `-${infer P extends number}`
    ? N extends number
      ? Sub<N, P>
      : number
    : N extends number
      ? Compare<X, N> extends infer O
        ? "<" extends O
          ? X
          : "=" extends O
            ? Element extends true
              ? never
              : X
            : never
        : never
      : X
type Run<S, K extends number, N extends Dim, A, B, P> = P extends number
  ? number extends P
    ? number
    : P extends 0
      ? noStep<S, K>
      : `${P}` extends `-${infer Q extends number}`
        ? Down<S, K, N, A, B, Q, P>
        : [A, B, P] extends [null | 0, null, 1]
          ? { same: N }
          : [N, P] extends [string, 1]
            ? Named<N, A, B> extends infer D
              ? D extends Dim
                ? { same: D }
                : Up<S, K, N, A, B, P>
              : never
            : Up<S, K, N, A, B, P>
  : never
/** The size of a range of an axis with a name, where it is counted from the end. Whether the axis is so long is known when it runs. */
type Named<N extends Dim, A, B> = [Back<A>, Back<B>] extends [infer X, infer Y]
  ? Y extends number
    ? X extends number
      ? Sub<X, Y>
      : Minus<Minus<N, Y>, A extends number ? A : 0>
    : B extends null
      ? X extends number
        ? X
        : Minus<N, A extends number ? A : 0>
      : undefined
  : never
/** How far from the end a negative position is. */
type Back<X> = X extends number ? (`${X}` extends `-${infer P extends number}` ? P : undefined) : undefined
type Up<S, K extends number, N extends Dim, A, B, P extends number> = (
  A extends number
    ? Position<N, A, false>
    : 0
) extends infer X extends number
  ? [X] extends [never]
    ? outside<S, K, A & number>
    : (B extends number ? Position<N, B, false> : N extends number ? N : number) extends infer Y extends number
      ? [Y] extends [never]
        ? outside<S, K, B & number>
        : number extends X | Y
          ? number
          : Sub<Y, X> extends infer D extends number
            ? [D] extends [never]
              ? against<S, K, A, B, P>
              : CeilDiv<D, P>
            : never
      : never
  : never
type Down<S, K extends number, N extends Dim, A, B, Q extends number, P extends number> = N extends 0
  ? A extends number
    ? outside<S, K, A>
    : B extends number
      ? outside<S, K, B>
      : 0
  : (A extends number ? Position<N, A, true> : N extends number ? Sub<N, 1> : number) extends infer X extends number
    ? [X] extends [never]
      ? outside<S, K, A & number>
      : B extends number
        ? Position<N, B, true> extends infer Y extends number
          ? [Y] extends [never]
            ? outside<S, K, B>
            : number extends X | Y
              ? number
              : Sub<X, Y> extends infer D extends number
                ? [D] extends [never]
                  ? against<S, K, A, B, P>
                  : CeilDiv<D, Q>
                : never
          : never
        : number extends X
          ? number
          : CeilDiv<Add<X, 1>, Q>
    : never

type tooMany<
  S extends Shape,
  N extends number,
> = `slice: ${N} ranges for ${Show<S>}, which has rank ${S["length"]}; give one for each axis at most`
const tooMany = (s: readonly number[], n: number): string =>
  `slice: ${n} ranges for ${show(s)}, which has rank ${s.length}; give one for each axis at most`
type outside<
  S,
  K extends number,
  X extends number,
> = `slice: ${X} is outside axis ${K} of ${Show<S>}, which has size ${ShowDim<S[K & keyof S]>}; stay inside, null goes as far as there is`
const outside = (s: readonly number[], k: number, x: number): string =>
  `slice: ${text(x)} is outside axis ${k} of ${show(s)}, which has size ${s[k]}; stay inside, null goes as far as there is`
type against<
  S,
  K extends number,
  A,
  B,
  P extends number,
> = `slice: ${Text<A>} to ${Text<B>} on axis ${K} of ${Show<S>} runs against the step ${P}; swap them, or negate the step`
type Text<A> = A & (number | null) extends infer T extends number | null ? `${T}` : never
const against = (s: readonly number[], k: number, a: number | null, b: number | null, p: number): string =>
  `slice: ${a} to ${b} on axis ${k} of ${show(s)} runs against the step ${p}; swap them, or negate the step`
type noStep<S, K extends number> = `slice: the step on axis ${K} of ${Show<S>} is 0; give 1 or more, or -1 or less`
const noStep = (s: readonly number[], k: number): string =>
  `slice: the step on axis ${k} of ${show(s)} is 0; give 1 or more, or -1 or less`

/** Only plain JavaScript gets here. */
const noRange = (s: readonly number[], k: number, v: unknown): string =>
  `slice: ${spelled(v)} is no range of axis ${k} of ${show(s)}; give an index, null, or [start, end, step]`

// ---- run time ------------------------------------------------------------------------------------------------------
/** count elements: first, first + step, ... */
interface Taken {
  readonly first: number
  readonly count: number
  readonly step: number
  readonly drop: boolean
}
const taken = (s: readonly number[], k: number, range: Range): Taken => {
  const n = s[k]!
  const place = (x: number, last: number): number =>
    Number.isInteger(x) && x >= -n && x <= last ? (x < 0 ? x + n : x) : refuse(outside(s, k, x))
  if (range === null) return { first: 0, count: n, step: 1, drop: false }
  if (typeof range === "number") return { first: place(range, n - 1), count: 1, step: 1, drop: true }
  if (!Array.isArray(range) || range.length > 3) return refuse(noRange(s, k, range))
  const [a = null, b = null, step = 1] = range as readonly [number | null, (number | null)?, number?]
  if (step === 0) refuse(noStep(s, k))
  if (!Number.isSafeInteger(step)) return refuse(noRange(s, k, range))
  const last = step > 0 ? n : n - 1
  const first = a === null ? (step > 0 ? 0 : n - 1) : place(a, last)
  const end = b === null ? (step > 0 ? n : -1) : place(b, last)
  const way = step > 0 ? end - first : first - end
  if (way < 0) refuse(against(s, k, a, b, step))
  return { first, count: Math.ceil(way / Math.abs(step)), step, drop: false }
}

interface Attrs {
  readonly start: readonly number[]
  readonly end: readonly number[]
  readonly step: readonly number[]
}
/** Attributes: per axis, non-negative, steps positive (a negative one is a flip afterwards). An index map; adjoint: pad with zeros between. */
export const op: OpDef<Attrs> = view<Attrs>({
  name: "slice",
  spelling: { onnx: "Slice", stablehlo: "slice" },
  shape: (x, { start, end, step }) => x.shape.map((_, k) => Math.ceil((end[k]! - start[k]!) / step[k]!)),
  at: (x, i, { start, step }) => x(i.map((e, k) => ir.plus(ir.times(e, step[k]!), start[k]!))),
  transpose: (ct, { start, step }, from) =>
    pad(
      ct,
      from.map((n, k) => {
        const covered = ct.shape[k] === 0 ? 0 : (ct.shape[k]! - 1) * step[k]! + 1
        return [start[k]!, n - start[k]! - covered, step[k]! - 1] as const
      }),
    ),
  batch: ({ start, end, step }, n) => ({ start: [0, ...start], end: [n, ...end], step: [1, ...step] }),
  rewrite: (x, { start, end, step }) =>
    x.shape.every((n, k) => start[k] === 0 && end[k] === n && step[k] === 1) ? x : undefined,
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const of = (n: number): Range => {
      if (n === 0) return g.pick([null, [null, null, -1]])
      const a = g.int(0, n - 1)
      const b = g.int(a, n)
      return g.pick<Range>([
        null,
        a,
        a - n,
        [a, b],
        [a],
        [a - n, b, 2],
        [null, null, -1],
        [b - 1 < a ? a : b - 1, a, -1],
        [null, null, 3],
      ])
    }
    const ranges = s.slice(0, g.int(0, s.length)).map(of)
    if (g.int(0, 3) > 0) return [g.tensor(s), ranges]
    const first = g.int(0, ranges.length)
    const rest = s.length - (ranges.length - first)
    return [g.tensor(s), [...ranges.slice(0, first), "...", ...s.slice(rest).map(of)]]
  },
  refused: [
    (g) => [g.tensor([2, 3]), [g.int(2, 5)]],
    (g) => [g.tensor([2, 3]), [null, [0, g.int(4, 9)]]],
    (g) => [g.tensor([2, 6]), [null, [g.int(4, 6), g.int(0, 3)]]],
    (g) => [g.tensor([2, 6]), [null, [g.int(0, 2), g.int(3, 5), -1]]],
    (g) => [g.tensor([2, 3]), [[null, null, g.pick([0])]]],
    (g) => [g.tensor([g.int(2, 4)]), [null, null]],
    (g) => [g.tensor([4]), [[g.int(-9, -5)]]],
    (g) => [g.tensor([2, g.int(2, 4)]), [0, "...", null, 0]],
    (g) => [g.tensor([2, 3, g.int(2, 4)]), ["...", 0, "..."]],
    (g) => [g.tensor([2, 3, g.int(2, 4)]), [0, "...", g.int(4, 9)]],
  ],
})
/** The ranges with one for each axis that "..." stands for. */
const filled = (s: readonly number[], ranges: Ranges): readonly Range[] => {
  if (!ranges.includes("...")) return ranges as readonly Range[]
  const named = others<Range>("slice", ranges)
  return named.length > s.length
    ? named
    : spread<Range>(
        ranges,
        s.slice(named.length).map(() => null),
      )
}
const forward = (t: Taken): boolean => t.step > 0 || t.count === 0

/**
 * A part of x: for each axis an index (the axis disappears), `null` (all of it) or `[start, end, step]`; further axes stay whole.
 * "..." stands for as many `null` as there are axes without a range.
 *
 * Indices may be negative (from the end), steps too (backwards), and `null` goes as far as there is. `x[2:5, ::-1, 0]` in NumPy is
 * `slice(x, [[2, 5], [null, null, -1], 0])`. Other than in NumPy a range outside the axis is refused, not clipped. Every dtype.
 * @example slice(zeros([6, 4, 3]), [[1, -1, 2], null, 0]) // [2, 4]
 */
export function slice<S extends Shape, D extends DType, const R extends Ranges>(
  x: Tensor<S, D>,
  ranges: Or<SliceRule<S, R>, readonly [...R]>,
): Of<SliceRule<S, R>, D> {
  const s = tensorIn("slice", x).shape
  const given = filled(s, listIn<Range | "...">("slice", "the ranges", ranges))
  const parts = s.map((_, k) => taken(s, k, given[k] ?? null))
  if (given.length > s.length) refuse(tooMany(s, given.length))
  const low = (t: Taken): number => (t.count === 0 ? 0 : t.step > 0 ? t.first : t.first + (t.count - 1) * t.step)
  const reach = (t: Taken): number => (t.count === 0 ? 0 : low(t) + (t.count - 1) * Math.abs(t.step) + 1)
  // one element or none: the step says nothing; 1 keeps equal slices equal
  const step = (t: Taken): number => (t.count < 2 ? 1 : Math.abs(t.step))
  const cut = make(op, [tensorIn("slice", x)], { start: parts.map(low), end: parts.map(reach), step: parts.map(step) })
  const turned = flip(
    cut,
    upto(s.length).filter((k) => !forward(parts[k]!)),
  )
  if (!parts.some((t) => t.drop)) return turned as Of<SliceRule<S, R>, D>
  return reshape(turned, turned.shape.filter((_, k) => !parts[k]!.drop) as readonly number[]) as Of<SliceRule<S, R>, D>
}
