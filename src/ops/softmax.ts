import { type Calls, defineOp, emit, floatsOnly, make, type OpDef, type RawTensor, raw, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Axes, Rankless, Shape } from "../../typelevel/shape.ts"
import { type AtTensor, axesFor, spread } from "./_axes.ts"
import type { Over } from "./_reduction.ts"
import { shifted } from "./_shifted.ts"
import { div } from "./div.ts"
import { exp } from "./exp.ts"
import { maximum } from "./maximum.ts"
import { mul } from "./mul.ts"
import { sub } from "./sub.ts"
import { sum } from "./sum.ts"

/** S, or the sentence where X is no axis of it. */
export type SoftmaxRule<S extends Shape, X extends number | readonly number[]> =
  Rankless<S> extends true ? S : Axes<"softmax", S, X> extends infer M ? ([M] extends [string] ? M : S) : never

/** Attributes: axes, non-negative and sorted. dy = u - y sum u with u = y dx: no derivative of the maximum, half the work of the expansion. */
export const op: OpDef<Over> = defineOp<Over>({
  name: "softmax",
  spelling: { onnx: "Softmax" },
  ulp: 8,
  shape: ([x]) => x!,
  expand: ([x], { axes }) => {
    const e = raw(exp(shifted(x!, axes)))
    // the largest exponential is 1, so the sum is 1 or more, unless all of x is -Infinity: then the result is 0, not 0 / 0
    return mul(e, spread(raw(div(1, maximum(sum(e, axes), 1))), x!.shape, axes))
  },
  jvp: ({ tans: [t], out: y, attrs: { axes } }) => {
    if (!t) return null
    const u = raw(mul(y, t))
    return sub(u, mul(y, spread(raw(sum(u, axes)), y.shape, axes)))
  },
  batch: ({ ins, attrs }): RawTensor => make(op, ins, { axes: attrs.axes.map((k) => k + 1) }),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 4)
    const x = g.tensor(s, "f32", { lo: -4, hi: 4 })
    return g.pick([[x], [x, g.int(-s.length, s.length - 1)], [x, s.map((_, k) => -1 - k)]])
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 9)],
    (g) => [g.tensor([2, 3]), [1, g.pick([1, -1])]],
    (g) => [g.tensor([2, g.int(1, 3)], g.pick(["i32", "bool"]))],
    (g) => [g.tensor([])],
  ],
})

/**
 * Positive numbers that sum to 1 along an axis (by default the last), or along several together.
 *
 * `y = exp(x - max x) / sum exp(x - max x)`. Floats. Where every element is -Infinity (a row that is masked altogether) the result is 0.
 * Refuses integers, and axes that x does not have. Bridle 1990.
 * @example softmax(zeros([2, 4])) // all 0.25
 */
export function softmax<S extends Shape, D extends DType, const X extends number | readonly number[] = -1>(
  x: Or<FloatOnly<"softmax", AtTensor<X, -1, SoftmaxRule<S, X>, S>, D>, Tensor<S, D>>,
  axis?: Or<SoftmaxRule<S, X>, X>,
): Of<Also<FloatOnly<"softmax", S, D>, SoftmaxRule<S, X>>, D> {
  const t = tensorIn("softmax", x)
  floatsOnly("softmax")([t])
  return emit(op, [t], { axes: axesFor("softmax", t, axis ?? -1) })
}
