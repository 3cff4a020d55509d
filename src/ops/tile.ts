import { type Calls, defineOp, emit, type OpDef, raw, refuse, tensorIn, listIn } from "../core/index.ts"
import { notASize } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Rankless, Shape, Sizes } from "../../typelevel/shape.ts"
import type { Times } from "../../typelevel/symbolic.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { reshape } from "./reshape.ts"

type Repeats = number | readonly number[]
/** S with its axes repeated, aligned at the last, or the sentence. */
export type TileRule<S extends Shape, R> = R extends number
  ? TileRule<S, [R]>
  : R extends readonly number[]
    ? Sizes<"tile", R> extends infer M extends string
      ? M
      : Rankless<S> extends true
        ? Shape
        : Rankless<R> extends true
          ? Shape
          : Tiled<S, R>
    : never
type Tiled<S extends Shape, R extends Shape, Acc extends Shape = []> = S extends readonly [
  ...infer P extends Shape,
  infer N extends Dim,
]
  ? R extends readonly [...infer Q extends Shape, infer M extends number]
    ? Tiled<P, Q, [Times<N, M>, ...Acc]>
    : [...S, ...Acc]
  : [...R, ...Acc]

/** Attributes: how often, per axis of x. */
export const op: OpDef<{ readonly repeats: readonly number[] }> = defineOp<{ readonly repeats: readonly number[] }>({
  name: "tile",
  spelling: { onnx: "Tile" },
  shape: ([x], { repeats }) => ({ dtype: x!.dtype, shape: x!.shape.map((n, k) => n * repeats[k]!) }),
  expand: ([x], { repeats }) => {
    const s = x!.shape
    const apart = raw(
      reshape(
        x!,
        s.flatMap((n) => [1, n]),
      ),
    )
    const often = s.flatMap((n, k) => [repeats[k]!, n])
    return reshape(
      broadcastTo(apart, often),
      s.map((n, k) => n * repeats[k]!),
    )
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const x = g.tensor(s, g.pick(["f32", "f32", "i32", "bool"]))
    const some = (n: number): number[] => Array.from({ length: n }, () => g.pick([1, 1, 2, 3, 0]))
    return [x, g.pick([g.int(0, 3), some(s.length), some(Math.max(0, s.length - 1)), [2, ...some(s.length)]])]
  },
  refused: [(g) => [g.tensor([2, 3]), g.pick([-1, 0.5])], (g) => [g.tensor([2, 3]), [g.int(1, 3), g.pick([-2, 1.5])]]],
})

/**
 * x repeated along its axes: `repeats[k]` copies one behind the other along axis k, aligned at the last axis; one number: the last axis.
 *
 * `y[i] = x[i mod s]`. Every dtype. The shorter of shape and repeats is preceded by 1s; 0 copies leave no elements. Refuses numbers
 * that are no sizes. NumPy `tile`.
 * @example tile(zeros([2, 3]), [4, 1, 2]) // [4, 2, 6]
 */
export function tile<S extends Shape, D extends DType, const R extends Repeats>(
  x: Tensor<S, D>,
  repeats: Or<TileRule<S, R>, R>,
): Of<TileRule<S, R>, D> {
  const t = tensorIn("tile", x)
  const given = typeof repeats === "number" ? [repeats as number] : listIn<number>("tile", "repeats", repeats)
  for (const n of given) if (!Number.isSafeInteger(n) || n < 0) refuse(notASize("tile", n))
  const ones = (n: number): number[] => Array.from({ length: Math.max(0, n) }, () => 1)
  const wide = raw(reshape(t, [...ones(given.length - t.shape.length), ...t.shape]))
  return emit(op, [wide], { repeats: [...ones(t.shape.length - given.length), ...given] })
}
