import {
  type Calls,
  defineOp,
  floatsOnly,
  make,
  type OpDef,
  type RawTensor,
  refuse,
  show,
  tensorIn,
  flagIn,
  optionsIn,
  spelled,
} from "../core/index.ts"
import type { FloatOnly, Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type AtTensor, type AxisArg, type KeepDims, type NonEmptyRule, nonEmptyAxes, onesAt, spread } from "./_axes.ts"
import { type Over, reductionExamples, reductionRefused } from "./_reduction.ts"
import { div } from "./div.ts"
import { mean } from "./mean.ts"
import { mul } from "./mul.ts"
import { reshape } from "./reshape.ts"
import { sub } from "./sub.ts"
import { sum } from "./sum.ts"

export type VarianceRule<S extends Shape, X, O> = NonEmptyRule<"variance", S, X, O>
export interface VarianceOptions extends KeepDims {
  /** Subtracted from the number of elements to divide by: 1 for the unbiased estimate. Default 0. */
  readonly correction?: number
}
interface Attrs extends Over {
  readonly correction: number
}

/** Attributes: axes, non-negative and sorted. Two passes: the mean first, which keeps the digits that E[x^2] - E[x]^2 loses. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "variance",
  shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes, correction }) => {
    const away = sub(x!, spread(mean(x!, axes) as RawTensor, x!.shape, axes))
    return div(sum(mul(away, away), axes), axes.reduce((n, k) => n * x!.shape[k]!, 1) - correction)
  },
  batch: ({ ins, attrs }): RawTensor => make(op, ins, { ...attrs, axes: attrs.axes.map((k) => k + 1) }),
})
export const calls = (): Calls => ({
  examples: reductionExamples(1),
  refused: [
    ...reductionRefused,
    (g) => [g.tensor([2, g.int(1, 3)], g.pick(["i32", "bool"]))],
    (g) => [g.tensor([0, g.int(1, 3)])],
  ],
})

/**
 * Mean squared distance from the mean over axes (all of them where none is given).
 *
 * `y = sum (x - mean x)^2 / (n - correction)`. Floats; axes may be negative; `keepDims` keeps them with size 1. Refuses integers, axes
 * that x does not have, no elements, and a correction that leaves nothing to divide by. NumPy `var` (`ddof` is `correction`).
 * @example variance(ones([2, 3, 4]), [1, 2], { correction: 1 }) // [2]
 */
export function variance<
  S extends Shape,
  D extends DType,
  const X extends AxisArg = undefined,
  const O extends VarianceOptions = {},
>(
  x: Or<FloatOnly<"variance", AtTensor<X, undefined, VarianceRule<S, X, {}>, S>, D>, Tensor<S, D>>,
  axes?: Or<VarianceRule<S, X, {}>, X>,
  options?: O,
): Of<Also<FloatOnly<"variance", S, D>, VarianceRule<S, X, O>>, D> {
  const t = tensorIn("variance", x)
  floatsOnly("variance")([t])
  const list = nonEmptyAxes("variance", t, axes)
  const given = optionsIn<VarianceOptions>("variance", options, ["correction", "keepDims"])
  const { correction = 0 } = given
  if (typeof correction !== "number") refuse(`variance: the correction is ${spelled(correction)}; give a number`)
  const n = list.reduce((m, k) => m * t.shape[k]!, 1)
  if (!(n - correction > 0))
    refuse(`variance: ${n} elements of ${show(t.shape)} with a correction of ${correction}; it must be less than ${n}`)
  const y = make(op, [t], { axes: list, correction })
  return (flagIn("variance", "keepDims", given.keepDims) ? reshape(y, onesAt(t.shape, list)) : y) as Of<
    Also<FloatOnly<"variance", S, D>, VarianceRule<S, X, O>>,
    D
  >
}
