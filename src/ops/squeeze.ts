import { type Calls, axesOf, defineOp, emit, type OpDef, refuse, show, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim, ShowDim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Axes, Drop, Rankless, Shape, Show } from "../../typelevel/shape.ts"
import { reshape } from "./reshape.ts"

/** S without the axes X, which have size 1, or the sentence. */
export type SqueezeRule<S extends Shape, X extends number | readonly number[]> =
  Rankless<S> extends true
    ? Shape
    : Axes<"squeeze", S, X> extends infer A
      ? [A] extends [string]
        ? A
        : [A] extends [number]
          ? number extends A
            ? Shape
            : Checked<S, A, S>
          : never
      : never
type Checked<S extends Shape, A extends number, Rest, Seen extends Shape = []> = Rest extends readonly [
  infer H extends Dim,
  ...infer T,
]
  ? Seen["length"] extends A
    ? H extends 1
      ? Checked<S, A, T, [...Seen, H]>
      : number extends H
        ? Checked<S, A, T, [...Seen, H]>
        : notOne<S, Seen["length"] & number, H>
    : Checked<S, A, T, [...Seen, H]>
  : Drop<S, A>
type notOne<
  S extends Shape,
  X extends number,
  N,
> = `squeeze: axis ${X} of ${Show<S>} has size ${ShowDim<N>}, not 1; slice or reduce it instead`
const notOne = (s: readonly number[], axis: number): string =>
  `squeeze: axis ${axis} of ${show(s)} has size ${s[axis]}, not 1; slice or reduce it instead`

/** Attributes: axes, non-negative and sorted. */
export const op: OpDef<{ readonly axes: readonly number[] }> = defineOp<{ readonly axes: readonly number[] }>({
  name: "squeeze",
  spelling: { onnx: "Squeeze", stablehlo: "reshape" },
  shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes }) =>
    reshape(
      x!,
      x!.shape.filter((_, k) => !axes.includes(k)),
    ),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 4)
    const at = g.int(0, s.length - 1)
    const shape = s.map((n, k) => (k === at ? 1 : n))
    return [g.tensor(shape), g.bool() ? at : [at - s.length]]
  },
  refused: [
    (g) => [g.tensor([1, g.int(2, 5)]), 1],
    (g) => [g.tensor([1, 3]), g.int(2, 5)],
    (g) => [g.tensor([1, 3]), [0, g.pick([0, -2])]],
  ],
})

/**
 * x without some axes of size 1. The axes are always named: which sizes are 1 may not be known.
 *
 * Every dtype; axes may be negative. Refuses axes of another size. NumPy `squeeze`.
 * @example squeeze(zeros([2, 1, 3, 1]), [1, -1]) // [2, 3]
 */
export function squeeze<S extends Shape, D extends DType, const X extends number | readonly number[]>(
  x: Tensor<S, D>,
  axes: Or<SqueezeRule<S, X>, X>,
): Of<SqueezeRule<S, X>, D> {
  const s = tensorIn("squeeze", x).shape
  const list = axesOf("squeeze", s, axes as number | readonly number[])
  for (const a of list) if (s[a] !== 1) refuse(notOne(s, a))
  return emit(op, [x], { axes: list })
}
