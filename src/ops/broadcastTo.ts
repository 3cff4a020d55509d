import { type Calls, emit, ir, type OpDef, refuse, same, show, upto, view, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim, Fits, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Rankless, Shape, Show, Sizes } from "../../typelevel/shape.ts"
import { constantLike, constantOf } from "./_constant.ts"
import { checkSizes } from "./_sizes.ts"
import { reshape } from "./reshape.ts"
import { sum } from "./sum.ts"

/** T where S broadcasts to it, or the sentence. */
export type BroadcastToRule<S extends Shape, T extends Shape> =
  Sizes<"broadcastTo", T> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? T
      : Rankless<T> extends true
        ? Shape
        : Walk<S, T, S, T>
type Walk<S extends Shape, T extends Shape, A extends Shape, B extends Shape> = A extends readonly [
  ...infer P extends Shape,
  infer X extends Dim,
]
  ? B extends readonly [...infer Q extends Shape, infer Y extends Dim]
    ? X extends 1
      ? Walk<S, T, P, Q>
      : Fits<X, Y> extends true
        ? Walk<S, T, P, Q>
        : noFit<S, T, X, Y>
    : rankTooHigh<S, T>
  : T
type noFit<S, T, X, Y> =
  `broadcastTo: ${Show<S>} does not broadcast to ${Show<T>}: ${ShowDim<X>} is neither 1 nor ${ShowDim<Y>}; tile repeats other sizes`
const noFit = (s: readonly number[], t: readonly number[], x: number, y: number): string =>
  `broadcastTo: ${show(s)} does not broadcast to ${show(t)}: ${x} is neither 1 nor ${y}; tile repeats other sizes`
type rankTooHigh<S, T> = `broadcastTo: ${Show<S>} does not broadcast to ${Show<T>}: its rank is higher; sum over axes, or reshape`
const rankTooHigh = (s: readonly number[], t: readonly number[]): string =>
  `broadcastTo: ${show(s)} does not broadcast to ${show(t)}: its rank is higher; sum over axes, or reshape`

const check = (s: readonly number[], t: readonly number[]): void => {
  for (let k = 1; k <= s.length; k++) {
    if (k > t.length) refuse(rankTooHigh(s, t))
    const n = s.at(-k)!
    if (n !== 1 && n !== t.at(-k)) refuse(noFit(s, t, n, t.at(-k)!))
  }
}

/** Attributes: the shape. The input has the same rank: aligning ranks inside would break batching, whose axis 0 would land elsewhere. */
export const op: OpDef<{ readonly shape: readonly number[] }> = view<{ readonly shape: readonly number[] }>({
  name: "broadcastTo",
  spelling: { onnx: "Expand", stablehlo: "broadcast_in_dim" },
  shape: (_, { shape }) => shape,
  at: (x, i, _, from) => x(i.map((e, k) => (from[k] === 1 ? ir.ix(0) : e))),
  transpose: (ct, { shape }, from) =>
    sum(
      ct,
      upto(shape.length).filter((k) => from[k] === 1 && shape[k] !== 1),
      { keepDims: true },
    ),
  batch: ({ shape }, n) => ({ shape: [n, ...shape] }),
  rewrite: (x, { shape }) => {
    if (same(x.shape, shape)) return x
    return constantOf(x) === undefined ? undefined : constantLike(x, shape)
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const t = g.shape(0, 4)
    const from = g.int(0, t.length)
    return [g.tensor(t.slice(from).map((n) => (g.bool() ? n : 1))), t]
  },
  refused: [
    (g) => [g.tensor([2, 3]), [4, g.int(4, 9)]],
    (g) => [g.tensor([2, 3]), [3]],
    (g) => [g.tensor([1, 3]), [g.int(-9, -1), 3]],
  ],
})

/**
 * x repeated along new leading axes and along axes of size 1, as NumPy's broadcasting does; nothing is copied.
 *
 * `y[.., i] = x[i']` with `i'[k] = 0` where x has size 1. Every dtype. Refuses a shape that x does not broadcast to.
 * NumPy `broadcast_to`.
 * @example broadcastTo(zeros([3, 1]), [2, 3, 4]) // [2, 3, 4]
 */
export function broadcastTo<S extends Shape, D extends DType, const T extends Shape>(
  x: Tensor<S, D>,
  shape: Or<BroadcastToRule<S, T>, readonly [...T]>,
): Of<BroadcastToRule<S, [...T]>, D> {
  const s = tensorIn("broadcastTo", x).shape
  const t = checkSizes("broadcastTo", shape)
  check(s, t)
  const missing = t.length - s.length
  const aligned: unknown = missing === 0 ? x : reshape(x as Tensor<Shape, DType>, [...upto(missing).map(() => 1), ...s])
  return emit(op, [aligned], { shape: [...t] })
}
