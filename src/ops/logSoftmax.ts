import { type Calls, defineOp, emit, floatsOnly, make, type OpDef, type RawTensor, raw, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Axes, Rankless, Shape } from "../../typelevel/shape.ts"
import { type AtTensor, axesFor, spread } from "./_axes.ts"
import type { Over } from "./_reduction.ts"
import { shifted } from "./_shifted.ts"
import { exp } from "./exp.ts"
import { log } from "./log.ts"
import { maximum } from "./maximum.ts"
import { mul } from "./mul.ts"
import { sub } from "./sub.ts"
import { sum } from "./sum.ts"

/** S, or the sentence where X is no axis of it. */
export type LogSoftmaxRule<S extends Shape, X extends number | readonly number[]> =
  Rankless<S> extends true ? S : Axes<"logSoftmax", S, X> extends infer M ? ([M] extends [string] ? M : S) : never

/** Attributes: axes, non-negative and sorted. dy = dx - sum(exp(y) dx). */
export const op: OpDef<Over> = defineOp<Over>({
  name: "logSoftmax",
  spelling: { onnx: "LogSoftmax" },
  ulp: 8,
  shape: ([x]) => x!,
  expand: ([x], { axes }) => {
    const z = shifted(x!, axes)
    // the sum is 1 or more, unless all of x is -Infinity: then the result is -Infinity, not NaN
    return sub(z, spread(raw(log(maximum(sum(exp(z), axes), 1))), x!.shape, axes))
  },
  jvp: ({ tans: [t], out: y, attrs: { axes } }) => (t ? sub(t, spread(raw(sum(mul(exp(y), t), axes)), y.shape, axes)) : null),
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
 * Logarithm of the softmax along an axis (by default the last), or along several together, without underflow.
 *
 * `y = x - log sum exp x`. Floats. Where every element is -Infinity the result is -Infinity.
 * Refuses integers, and axes that x does not have.
 * @example logSoftmax(zeros([2, 4])) // all log(1/4)
 */
export function logSoftmax<S extends Shape, D extends DType, const X extends number | readonly number[] = -1>(
  x: Or<FloatOnly<"logSoftmax", AtTensor<X, -1, LogSoftmaxRule<S, X>, S>, D>, Tensor<S, D>>,
  axis?: Or<LogSoftmaxRule<S, X>, X>,
): Of<Also<FloatOnly<"logSoftmax", S, D>, LogSoftmaxRule<S, X>>, D> {
  const t = tensorIn("logSoftmax", x)
  floatsOnly("logSoftmax")([t])
  return emit(op, [t], { axes: axesFor("logSoftmax", t, axis ?? -1) })
}
