import { type Calls, type Gen, type OpDef, refuse, show, upto, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import {
  type Common,
  type Dot,
  dot,
  dotOp,
  type Multiplied,
  multiplied,
  type Paired,
  paired,
  type Places,
  places,
  type Product,
} from "./_dot.ts"

type List = readonly number[]
type AxesArg = number | readonly [number | List, number | List] | undefined

// ---- type rule -----------------------------------------------------------------------------------------------------
/** Axes of a and of b, or the sentence about them. null: not known. */
type Axes<A extends Shape, B extends Shape, X> = X extends undefined
  ? Axes<A, B, 2>
  : X extends number
    ? number extends X
      ? null
      : `${X}` extends `-${string}` | `${string}.${string}`
        ? noCount<X>
        : Rankless<A> extends true
          ? null
          : Rankless<B> extends true
            ? null
            : Last<A, X> extends infer P
              ? P extends List
                ? First<B, X> extends infer Q
                  ? Q extends List
                    ? [P, Q]
                    : tooMany<X, B>
                  : never
                : tooMany<X, A>
              : never
    : X extends readonly [infer P, infer Q]
      ? Paired<"tensordot", "axes", readonly [AsList<P>, AsList<Q>]> extends infer L
        ? L extends readonly [infer K, infer M]
          ? Placed<Places<"tensordot", A, K>, Places<"tensordot", B, M>>
          : L
        : never
      : null
type AsList<P> = P extends number ? readonly [P] : P
type Placed<P, Q> = P extends string ? P : Q extends string ? Q : [P, Q] extends [List, List] ? [P, Q] : null
/** The last N axes of S; null if it has fewer. */
type Last<S extends Shape, N extends number, Acc extends number[] = []> = Acc["length"] extends N
  ? Acc
  : S extends readonly [...infer R extends Shape, unknown]
    ? Last<R, N, [R["length"], ...Acc]>
    : null
/** The first N axes of S; null if it has fewer. */
type First<S extends Shape, N extends number, Acc extends number[] = []> = Acc["length"] extends N
  ? Acc
  : S extends readonly [unknown, ...infer R extends Shape]
    ? First<R, N, [...Acc, Acc["length"]]>
    : null
/** The result's shape, or the sentence about b: also where the axes were left out. */
export type TensordotRule<A extends Shape, D extends DType, B extends Shape, E extends DType, X> =
  Multiplied<"tensordot", D, E> extends infer M extends string
    ? M
    : Axes<A, B, X> extends infer L
      ? L extends [infer P extends List, infer Q extends List]
        ? Common<"tensordot", A, B, P, Q> extends infer K extends string
          ? K
          : Product<A, B, [], P, Q>
        : L extends string
          ? X extends undefined
            ? L
            : never
          : Shape
      : never
/** Shape, or the sentence about the axes given. */
export type TensordotAxes<A extends Shape, D extends DType, B extends Shape, E extends DType, X> =
  Multiplied<"tensordot", D, E> extends string ? never : Axes<A, B, X> extends infer L extends string ? L : Shape

type noCount<X extends number> = `tensordot: axes is ${X}; it must be a whole number of 0 or more, or two lists of axes`
const noCount = (x: number): string => `tensordot: axes is ${x}; it must be a whole number of 0 or more, or two lists of axes`
type tooMany<
  X extends number,
  S extends Shape,
> = `tensordot: axes is ${X}, but ${Show<S>} has rank ${S["length"]}; give its rank at most`
const tooMany = (x: number, s: List): string =>
  `tensordot: axes is ${x}, but ${show(s)} has rank ${s.length}; give its rank at most`

// ---- run time ------------------------------------------------------------------------------------------------------
const axesOf = (a: List, b: List, x: NonNullable<AxesArg>): [List, List] => {
  if (typeof x === "number") {
    if (!Number.isInteger(x) || x < 0) refuse(noCount(x))
    for (const s of [a, b]) if (x > s.length) refuse(tooMany(x, s))
    return [upto(x).map((k) => a.length - x + k), upto(x)]
  }
  const pair: unknown = Array.isArray(x) ? x.map((p: number | List) => (typeof p === "number" ? [p] : p)) : x
  const lists = paired("tensordot", "axes", pair as [List, List])
  return [places("tensordot", a, lists[0]), places("tensordot", b, lists[1])]
}
/** Two tensors that share some axes, the last of the first or anywhere. */
const drawn = (g: Gen): readonly unknown[] => {
  const dtype = g.pick(["f32", "f32", "f32", "i32"])
  const s = g.shape(1, 4)
  const n = g.int(0, s.length)
  const from = g.int(0, s.length - n)
  const common = s.slice(from, from + n)
  const [a, b] = [g.tensor(s.slice(0, from + n), dtype), g.tensor([...common, ...s.slice(from + n)], dtype)]
  if (n === 2 && g.bool()) return [a, b]
  if (n === 1 && g.bool()) return [a, b, [-1, 0]]
  const [p, q] = [upto(n).map((k) => from + k), upto(n).map((k) => (g.bool() ? k : k - b.shape.length))]
  return g.pick([
    [a, b, n],
    [a, b, [p, q]],
    [a, b, [p.toReversed(), q.toReversed()]],
  ])
}
export const op: OpDef<Dot> = dotOp("tensordot", {})
export const calls = (): Calls => ({
  examples: drawn,
  refused: [
    (g) => [g.tensor([2, 3]), g.tensor([g.int(4, 9), 5]), g.pick([1, [1, 0], [[1], [-2]]])],
    (g) => [g.tensor([2, 3, 4]), g.tensor([3, g.int(5, 9)])],
    (g) => [g.tensor([g.int(1, 3)]), g.tensor([3, 4])],
    (g) => [g.tensor([2, 3]), g.tensor([2, 3]), g.int(3, 9)],
    (g) => [g.tensor([2, 3]), g.tensor([3]), 2],
    (g) => [g.tensor([2, 3]), g.tensor([3, 4]), g.pick([-1, 0.5])],
    (g) => [
      g.tensor([2, 3]),
      g.tensor([3, 4]),
      g.pick([
        [[0, 1], [0]],
        [1, [0, 1]],
      ]),
    ],
    (g) => [
      g.tensor([2, 3]),
      g.tensor([3, 4]),
      g.pick([
        [2, 0],
        [1, -3],
        [
          [0, -2],
          [0, 1],
        ],
      ]),
    ],
    (g) => [g.tensor([2, 3]), g.tensor([3, 4], g.pick(["i32", "f64"])), 1],
    (g) => [g.tensor([2, 3], "bool"), g.tensor([3, g.int(1, 3)], "bool"), 1],
  ],
})

/**
 * Products of a and b, summed over axes: the last `axes` of a with the first of b (by default 2), or two lists of axes.
 *
 * `y[free a, free b] = sum a[free a, shared] b[shared, free b]`. Two tensors of one dtype, of numbers; axes may be negative; a list of one
 * axis may be the number. Refuses axes that do not exist, are named twice or have no partner, and sizes that differ. NumPy `tensordot`.
 * @example tensordot(ones([2, 3, 4]), ones([4, 3, 5]), [[1, 2], [1, 0]]) // [2, 5]
 */
export function tensordot<
  A extends Shape,
  D extends DType,
  B extends Shape,
  E extends DType,
  const X extends AxesArg = undefined,
>(
  a: Tensor<A, D>,
  b: Or<TensordotRule<A, D, B, E, X>, Tensor<B, E>>,
  axes?: Or<TensordotAxes<A, D, B, E, X>, X>,
): Of<TensordotRule<A, D, B, E, X>, D & E> {
  const [x, y] = [tensorIn("tensordot", a, "a"), tensorIn("tensordot", b, "b")]
  multiplied("tensordot", x, y)
  const contract = axesOf(x.shape, y.shape, (axes ?? 2) as NonNullable<AxesArg>)
  return dot(op, x, y, { batch: [[], []], contract }) as Of<TensordotRule<A, D, B, E, X>, D & E>
}
