import { type Calls, defineOp, floatsOnly, make, type OpDef, type RawTensor, tensorIn } from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { axesFor, type AxisArg, type KeepDims, reduced, type ReduceRule, spread } from "./_axes.ts"
import { type Over, reductionExamples, reductionRefused } from "./_reduction.ts"
import { finiteMax } from "./_shifted.ts"
import { add } from "./add.ts"
import { exp } from "./exp.ts"
import { log } from "./log.ts"
import { mul } from "./mul.ts"
import { op as softmax } from "./softmax.ts"
import { sub } from "./sub.ts"
import { sum } from "./sum.ts"

export type LogSumExpRule<S extends Shape, X, O> = ReduceRule<"logSumExp", S, X, O>

/** Attributes: axes, non-negative and sorted. dy = sum(softmax(x) dx). */
export const op: OpDef<Over> = defineOp<Over>({
  name: "logSumExp",
  spelling: { onnx: "ReduceLogSumExp" },
  ulp: 8,
  shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes }) => {
    const m = finiteMax(x!, axes)
    return add(log(sum(exp(sub(x!, spread(m, x!.shape, axes))), axes)), m)
  },
  jvp: ({ ins: [x], tans: [t], attrs }) => (t ? sum(mul(t, make(softmax, [x!], attrs)), attrs.axes) : null),
  batch: ({ ins, attrs }): RawTensor => make(op, ins, { axes: attrs.axes.map((k) => k + 1) }),
})
export const calls = (): Calls => ({
  examples: reductionExamples(1),
  refused: [...reductionRefused, (g) => [g.tensor([2, g.int(1, 3)], g.pick(["i32", "bool"]))]],
})

/**
 * Logarithm of the sum of exponentials over axes (all of them where none is given), without overflow; -Infinity over no elements.
 *
 * `y = m + log sum exp(x - m)` with `m = max x`. Floats; axes may be negative; `keepDims` keeps them with size 1. Refuses integers, and
 * axes that x does not have. SciPy `logsumexp`.
 * @example logSumExp(fromArray([1000, 1000], [2])) // 1000 + log 2
 */
export function logSumExp<S extends Shape, D extends DType, const X extends AxisArg = undefined, const O extends KeepDims = {}>(
  x: Or<FloatOnly<"logSumExp", S, D>, Tensor<S, D>>,
  axes?: Or<LogSumExpRule<S, X, {}>, X>,
  options?: O,
): Of<Also<FloatOnly<"logSumExp", S, D>, LogSumExpRule<S, X, O>>, D> {
  const t = tensorIn("logSumExp", x)
  floatsOnly("logSumExp")([t])
  return reduced(op, t, axesFor("logSumExp", t, axes), options)
}
