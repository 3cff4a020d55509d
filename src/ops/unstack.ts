import { type Calls, axisOf, defineOp, makeAll, type OpDef, raw, upto, tensorIn } from "../core/index.ts"
import type { Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Axis, Drop, Rankless, SameShape, Shape } from "../../typelevel/shape.ts"
import type { AtTensor } from "./_axes.ts"
import { type Pieces, type Copies } from "./_pieces.ts"
import { slice } from "./slice.ts"

/** S without axis X, once for each place on it; `never` where X is no axis. */
export type UnstackRule<S extends Shape, X extends number> =
  Rankless<S> extends true
    ? Shape[]
    : [Axis<S, X>] extends [never]
      ? never
      : number extends Axis<S, X>
        ? Shape[]
        : S[Axis<S, X>] extends infer N extends number
          ? Copies<Drop<S, Axis<S, X>>, N>
          : Drop<S, Axis<S, X>>[]

/** One output for each place on the axis. */
export const op: OpDef<{ readonly axis: number }> = defineOp<{ readonly axis: number }>({
  name: "unstack",
  shape: ([x], { axis }) => upto(x!.shape[axis]!).map(() => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(axis, 1) })),
  expand: ([x], { axis }) =>
    upto(x!.shape[axis]!).map((at) =>
      raw(
        slice(
          x!,
          x!.shape.map((_, k) => (k === axis ? at : null)),
        ),
      ),
    ),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const axis = g.int(0, s.length - 1)
    const x = g.tensor(s.with(axis, Math.min(s[axis]!, 5)), g.pick(["f32", "f32", "i32", "bool"]))
    return axis === 0 && g.bool() ? [x] : [x, g.bool() ? axis : axis - s.length]
  },
  refused: [
    (g) => [g.tensor([6, 2]), g.int(2, 5)],
    (g) => [g.tensor([6, 2]), g.int(-9, -3)],
    (g) => [g.tensor([], g.pick(["f32", "i32"]))],
  ],
})

/**
 * The slices of x along an axis (by default the first), without that axis: what `stack` puts together again.
 *
 * Every dtype. The result is a tuple as long as the axis (an array where its size is unknown, or 1000 and more). Refuses an axis that x
 * does not have. Array API `unstack`.
 * @example unstack(zeros([2, 3])) // [3] and [3]
 */
export function unstack<S extends Shape, D extends DType, const X extends number = 0>(
  x: Or<AtTensor<X, 0, SameShape<"unstack", S, X>, S>, Tensor<S, D>>,
  axis?: Or<SameShape<"unstack", S, X>, X>,
): Pieces<UnstackRule<S, X>, D> {
  const t = tensorIn("unstack", x)
  return [...makeAll(op, [t], { axis: axisOf("unstack", t.shape, (axis ?? 0) as number) })] as Pieces<UnstackRule<S, X>, D>
}
