import { type Calls, axesOf, emit, ir, type OpDef, view, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Axes, Rankless, Shape } from "../../typelevel/shape.ts"

/** S, or the sentence where X does not name axes of it. */
export type FlipRule<S extends Shape, X> =
  Rankless<S> extends true ? S : X extends undefined ? S : Axes<"flip", S, X> extends infer M extends string ? M : S

/** Attributes: axes, non-negative and sorted. An index map; its own adjoint. */
export const op: OpDef<{ readonly axes: readonly number[] }> = view<{ readonly axes: readonly number[] }>({
  name: "flip",
  spelling: { stablehlo: "reverse" },
  shape: (x) => x.shape,
  at: (x, i, { axes }, from) => x(i.map((e, k) => (axes.includes(k) ? ir.plus(ir.times(e, -1), from[k]! - 1) : e))),
  transpose: (ct, { axes }) => flip(ct, axes),
  batch: ({ axes }) => ({ axes: axes.map((k) => k + 1) }),
  rewrite: (x, { axes }) => (axes.length === 0 ? x : undefined),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 4)
    return s.length === 0 || g.bool() ? [g.tensor(s)] : [g.tensor(s), [g.int(-s.length, s.length - 1)]]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 5)],
    (g) => [g.tensor([2, 3]), [0, g.int(-9, -3)]],
    (g) => [g.tensor([2, 3]), [1, g.pick([1, -1])]],
  ],
})

/**
 * x with some axes running backwards (all of them where none is given).
 *
 * `y[.., i, ..] = x[.., n - 1 - i, ..]`. Every shape and dtype; axes may be negative. NumPy `flip`.
 * @example flip(fromArray([1, 2, 3], [3]), 0) // 3, 2, 1
 */
export function flip<S extends Shape, D extends DType, const X extends number | readonly number[] | undefined = undefined>(
  x: Tensor<S, D>,
  axes?: Or<FlipRule<S, X>, X>,
): Of<FlipRule<S, X>, D> {
  return emit(op, [x], { axes: axesOf("flip", tensorIn("flip", x).shape, axes as number | readonly number[] | undefined) })
}
