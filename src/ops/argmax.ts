import { type Calls, axisOf, defineOp, emit, isFloat, type OpDef, type RawTensor, refuse, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type AtTensor, type KeepDims, type NonEmptyRule, noElements, onesAt, spread, keepsDims } from "./_axes.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import type { Over } from "./_reduction.ts"
import { equal } from "./equal.ts"
import { full } from "./full.ts"
import { iota } from "./iota.ts"
import { logicalOr } from "./logicalOr.ts"
import { max } from "./max.ts"
import { min } from "./min.ts"
import { notEqual } from "./notEqual.ts"
import { reshape } from "./reshape.ts"
import { where } from "./where.ts"

export type ArgmaxRule<S extends Shape, X extends number, O> = NonEmptyRule<"argmax", S, X, O>

/** Attributes: one axis, non-negative. The maximum, then the smallest position where x equals it: two plain reductions. */
export const op: OpDef<Over> = defineOp<Over>({
  name: "argmax",
  spelling: { onnx: "ArgMax" },
  shape: ([x], { axes }) => ({ dtype: "i32", shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes }) => {
    const last = full(x!.shape, x!.shape[axes[0]!]! - 1, "i32")
    const at = equal(x!, spread(max(x!, axes) as RawTensor, x!.shape, axes))
    const found = isFloat(x!.dtype) ? logicalOr(at, notEqual(x!, x!)) : at // the max of a NaN is NaN, which equals nothing
    return min(where(found, iota(x!.shape, axes[0]!), last), axes)
  },
  jvp: () => null,
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 4, 1)
    const x = g.tensor(s, g.pick(["f32", "i32"]))
    const axis = g.int(-s.length, s.length - 1)
    return g.pick([[x], [x, axis], [x, axis, { keepDims: true }]])
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 9)],
    (g) => [g.tensor([2, 3]), g.int(-9, -3), { keepDims: true }],
    (g) => [g.tensor([]), g.pick([0, -1])],
    (g) => [g.tensor([2, g.int(1, 3)], "bool")],
    (g) => [g.tensor([g.int(1, 3), 0]), -1, { keepDims: true }],
  ],
})

/**
 * Position of the largest element along an axis (by default the last), as i32; the first one among equals, or the first NaN.
 *
 * Numbers of every dtype; a negative axis counts from the end; `keepDims` keeps it with size 1. It has no derivative.
 * Refuses an axis that x does not have, or of no elements. NumPy `argmax`.
 * @example argmax(fromArray([3, 7, 7], [3])) // 1, as i32
 */
export function argmax<S extends Shape, D extends DType, const X extends number = -1, const O extends KeepDims = {}>(
  x: Or<NumberOnly<"argmax", AtTensor<X, -1, ArgmaxRule<S, X, {}>, S>, D>, Tensor<S, D>>,
  axis?: Or<ArgmaxRule<S, X, {}>, X>,
  options?: O,
): Of<NumberOnly<"argmax", ArgmaxRule<S, X, O>, D>, "i32"> {
  const t = tensorIn("argmax", x)
  numbersOnly("argmax")([t])
  const k = axisOf("argmax", t.shape, (axis ?? -1) as number)
  if (t.shape[k] === 0) refuse(noElements("argmax", t.shape))
  const y = emit<RawTensor>(op, [t], { axes: [k] })
  return (keepsDims("argmax", options) ? reshape(y, onesAt(t.shape, [k])) : y) as Of<
    NumberOnly<"argmax", ArgmaxRule<S, X, O>, D>,
    "i32"
  >
}
