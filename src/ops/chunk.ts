import { type Calls, axisOf, defineOp, makeAll, type OpDef, refuse, tensorIn } from "../core/index.ts"
import { notPositive } from "../core/messages.ts"
import type { Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { notPositive as NotPositive } from "../../typelevel/messages.ts"
import type { CeilDiv, Mod, NotASize } from "../../typelevel/nat.ts"
import type { Axis, Rankless, Replace, SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
import { type Division, type OrPieces, partShapes, parts, type Pieces, type Copies } from "./_pieces.ts"

/** The list of the parts' shapes, or the sentence; `never` where X is no axis. */
export type ChunkRule<S extends Shape, N extends number, X extends number> =
  // what is wrong with the axis is said at the axis, and nothing else
  [Rankless<S>, [Axis<S, X>]] extends [false, [never]] ? never : Parts<S, N, X>
type Parts<S extends Shape, N extends number, X extends number> = N extends 0
  ? NotPositive<"chunk", "the number of parts", 0>
  : [NotASize<N>] extends [never]
    ? Rankless<S> extends true
      ? Shape[]
      : Cut<S, Axis<S, X>, N>
    : NotPositive<"chunk", "the number of parts", NotASize<N>>
type Cut<S extends Shape, A extends number, N extends number> = [A] extends [never]
  ? never
  : number extends A
    ? Shape[]
    : S[A] extends infer D extends number
      ? number extends D | N
        ? Replace<S, A, number>[]
        : D extends 0
          ? Copies<[...S], N>
          : CeilDiv<D, N> extends infer Q extends number
            ? Mod<D, Q> extends infer R extends number
              ? Ended<Copies<Replace<S, A, Q>, CeilDiv<D, Q>>, Replace<S, A, R>, R>
              : never
            : never
      : Replace<S, A, number>[]
/** The last part is smaller where something remains. */
type Ended<L extends Shape[], Last extends Shape, R extends number> = R extends 0
  ? L
  : L extends [...infer P extends Shape[], Shape]
    ? [...P, Last]
    : Shape[]

const sizesOf = (n: number, count: number): number[] => {
  if (!Number.isSafeInteger(count) || count < 1) refuse(notPositive("chunk", "the number of parts", count))
  if (n === 0) return Array.from({ length: count }, () => 0)
  const size = Math.ceil(n / count)
  return Array.from({ length: Math.ceil(n / size) }, (_, k) => Math.min(size, n - k * size))
}

/** One output for each part; each is a slice. */
export const op: OpDef<Division> = defineOp<Division>({
  name: "chunk",
  spelling: { onnx: "Split" },
  shape: ([x], division) => partShapes(x!, division),
  expand: ([x], division) => parts(x!, division),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const x = g.tensor(s, g.pick(["f32", "f32", "i32", "bool"]))
    const n = g.int(1, 5)
    return axis === 0 && g.bool() ? [x, n] : [x, n, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [g.tensor([6, 2]), g.pick([0, -2, 1.5])],
    (g) => [g.tensor([6, 2]), 2, g.pick([2, -3])],
    (g) => [g.tensor([]), g.int(1, 3)],
  ],
})

/**
 * Parts of x along an axis (by default the first), at most n of them: all of size ceil(size / n) but the last, which may be smaller.
 *
 * Every dtype. The result is a tuple (an array where the size of the axis is unknown); it is shorter than n where fewer parts are
 * enough: 12 in 5 parts is 3, 3, 3, 3. Refuses an n below 1. PyTorch `chunk`.
 * @example chunk(zeros([7, 2]), 3) // [3, 2], [3, 2] and [1, 2]
 */
export function chunk<S extends Shape, D extends DType, const N extends number, const X extends number = 0>(
  x: Or<AtTensor<X, 0, SameShape<"chunk", S, X>, S>, Tensor<S, D>>,
  n: OrPieces<ChunkRule<S, N, X>, N>,
  axis?: Or<SameShape<"chunk", S, X>, X>,
): Pieces<ChunkRule<S, N, X>, D> {
  const t = tensorIn("chunk", x)
  const k = axisOf("chunk", t.shape, (axis ?? 0) as number)
  return [...makeAll(op, [t], { axis: k, sizes: sizesOf(t.shape[k]!, n as number) })] as Pieces<ChunkRule<S, N, X>, D>
}
