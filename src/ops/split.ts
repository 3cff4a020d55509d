import { type Calls, axisOf, defineOp, makeAll, type OpDef, refuse, show, tensorIn } from "../core/index.ts"
import { notPositive } from "../core/messages.ts"
import type { Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Zero } from "../../typelevel/conv.ts"
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { notPositive as NotPositive } from "../../typelevel/messages.ts"
import type { Axis, Rankless, Replace, SameShape, Shape, Show, Sizes } from "../../typelevel/shape.ts"
import type { Over, Plus } from "../../typelevel/symbolic.ts"
import type { AtTensor } from "./_axes.ts"
import { type Division, type OrPieces, partShapes, parts, type Pieces, type Copies } from "./_pieces.ts"
import { checkSizes } from "./_sizes.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
/** The list of the parts' shapes, or the sentence; `never` where X is no axis. */
export type SplitRule<S extends Shape, N, X extends number> =
  Rankless<S> extends true
    ? Unplaced<N>
    : [Axis<S, X>] extends [never]
      ? never
      : number extends Axis<S, X>
        ? Unplaced<N>
        : N extends number
          ? Equal<S, Axis<S, X>, N>
          : N extends readonly Dim[]
            ? Sizes<"split", N> extends infer M extends string
              ? M
              : Listed<S, Axis<S, X>, N>
            : never
/** As many parts as are asked for, of an axis that is not known. */
type Unplaced<N> = N extends number
  ? number extends N
    ? Shape[]
    : [Zero<N>] extends [never]
      ? Copies<Shape, N>
      : NotPositive<"split", "the number of parts", Zero<N>>
  : N extends readonly Dim[]
    ? Sizes<"split", N> extends infer M extends string
      ? M
      : { -readonly [K in keyof N]: Shape }
    : never
type Equal<S extends Shape, A extends number, N extends number> = number extends N
  ? Replace<S, A, number>[]
  : [Zero<N>] extends [never]
    ? Over<S[A], N> extends infer Q extends Dim
      ? [Q] extends [never]
        ? unequal<S, A, N>
        : Copies<Replace<S, A, Q>, N>
      : never
    : NotPositive<"split", "the number of parts", Zero<N>>
type Listed<S extends Shape, A extends number, N extends readonly Dim[]> = number extends N["length"]
  ? Replace<S, A, number>[]
  : Total<N> extends infer T extends Dim
    ? Fits<T, S[A]> extends true
      ? Each<S, A, N>
      : wrongTotal<S, A, N, T>
    : never
type Total<N, Acc extends Dim = 0> = N extends readonly [infer H extends Dim, ...infer R] ? Total<R, Plus<Acc, H>> : Acc
type Each<S extends Shape, A extends number, N, Acc extends Shape[] = []> = N extends readonly [infer H extends Dim, ...infer R]
  ? Each<S, A, R, [...Acc, Replace<S, A, H>]>
  : Acc

type unequal<
  S extends Shape,
  A extends number,
  N extends number,
> = `split: axis ${A} of ${Show<S>} into ${N} parts: ${ShowDim<S[A]>} is not divisible by ${N}; give a list of sizes, or use chunk`
const unequal = (s: readonly number[], a: number, n: number): string =>
  `split: axis ${a} of ${show(s)} into ${n} parts: ${s[a]} is not divisible by ${n}; give a list of sizes, or use chunk`
type wrongTotal<
  S extends Shape,
  A extends number,
  N extends Shape,
  T extends Dim,
> = `split: the sizes ${Show<N>} add up to ${ShowDim<T>}, and axis ${A} of ${Show<S>} has ${ShowDim<S[A]>}; change one of the sizes`
const wrongTotal = (s: readonly number[], a: number, n: readonly number[], t: number): string =>
  `split: the sizes ${show(n)} add up to ${t}, and axis ${a} of ${show(s)} has ${s[a]}; change one of the sizes`

// ---- run time ------------------------------------------------------------------------------------------------------
const sizesOf = (s: readonly number[], axis: number, given: unknown): readonly number[] => {
  if (typeof given === "number") {
    if (!Number.isSafeInteger(given) || given < 1) refuse(notPositive("split", "the number of parts", given))
    if (s[axis]! % given !== 0) refuse(unequal(s, axis, given))
    return Array.from({ length: given }, () => s[axis]! / given)
  }
  const sizes = checkSizes("split", given)
  const total = sizes.reduce((a, b) => a + b, 0)
  return total === s[axis] ? sizes : refuse(wrongTotal(s, axis, sizes, total))
}

/** One output for each part; each is a slice, so that their adjoints together are a concatenation. */
export const op: OpDef<Division> = defineOp<Division>({
  name: "split",
  spelling: { onnx: "Split" },
  shape: ([x], division) => partShapes(x!, division),
  expand: ([x], division) => parts(x!, division),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const n = s[axis]!
    const few = [1, 2, 3].filter((k) => n % k === 0)
    const a = g.int(0, n)
    const x = g.tensor(s, g.pick(["f32", "f32", "i32", "bool"]))
    const how = g.pick<number | number[]>([g.pick(few), [a, n - a], [n], [0, a, n - a]])
    return axis === 0 && g.bool() ? [x, how] : [x, how, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [g.tensor([3, 7]), g.int(2, 6), 1],
    (g) => [g.tensor([6, 2]), [g.int(3, 5), 4]],
    (g) => [g.tensor([6, 2]), g.pick([0, -2, 1.5])],
    (g) => [g.tensor([6, 2]), [g.int(-5, -1), 8]],
    (g) => [g.tensor([6, 2]), 2, g.pick([2, -3])],
    (g) => [g.tensor([]), g.int(1, 3)],
  ],
})

/**
 * Parts of x along an axis (by default the first), one behind the other: a number of equal parts, or parts of the sizes given.
 *
 * Every dtype. The result is a tuple (an array where the number of parts is unknown, or 1000 and more). Refuses a number that does not
 * divide the axis, and sizes that do not add up to it. NumPy `split` (which takes places to cut at, not sizes).
 * @example split(zeros([6, 2]), [1, 5]) // [1, 2] and [5, 2]
 */
export function split<S extends Shape, D extends DType, const N extends number | readonly Dim[], const X extends number = 0>(
  x: Or<AtTensor<X, 0, SameShape<"split", S, X>, S>, Tensor<S, D>>,
  parts: OrPieces<SplitRule<S, N, X>, N>,
  axis?: Or<SameShape<"split", S, X>, X>,
): Pieces<SplitRule<S, N, X>, D> {
  const t = tensorIn("split", x)
  const k = axisOf("split", t.shape, (axis ?? 0) as number)
  return [...makeAll(op, [t], { axis: k, sizes: sizesOf(t.shape, k, parts) })] as Pieces<SplitRule<S, N, X>, D>
}
