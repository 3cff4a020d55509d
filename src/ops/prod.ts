import { type Calls, defineOp, make, type OpDef, type RawTensor, raw, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { axesFor, type AxisArg, type KeepDims, reduced, type ReduceRule } from "./_axes.ts"
import { type Over, reductionExamples, reductionRefused } from "./_reduction.ts"
import { cast } from "./cast.ts"
import { full } from "./full.ts"
import { mul } from "./mul.ts"
import { pad } from "./pad.ts"
import { reshape } from "./reshape.ts"
import { slice } from "./slice.ts"
import type { SumDType } from "./sum.ts"

export type ProdRule<S extends Shape, X, O> = ReduceRule<"prod", S, X, O>

/** x folded along axis k by multiplying its halves, log2 n times. The size of k becomes 1. */
const halved = (x: RawTensor, k: number): RawTensor => {
  if (x.shape[k] === 0) return raw(full(x.shape.with(k, 1), 1, x.dtype))
  let y = x
  for (let n = y.shape[k]!; n > 1; n = y.shape[k]!) {
    const h = Math.ceil(n / 2)
    const along = (a: number, b: number): RawTensor =>
      raw(
        slice(
          y,
          y.shape.map((_, j) => (j === k ? ([a, b] as const) : null)),
        ),
      )
    const rest = pad(
      along(h, n),
      y.shape.map((_, j) => [0, j === k ? 2 * h - n : 0] as const),
      1,
    )
    y = raw(mul(along(0, h), rest))
  }
  return y
}

/** Attributes: axes, non-negative and sorted. A tree of products, not a fold: its derivative needs no division, so zeros are no exception. */
export const op: OpDef<Over> = defineOp<Over>({
  name: "prod",
  spelling: { onnx: "ReduceProd" },
  shape: ([x], { axes }) => ({ dtype: x!.dtype, shape: x!.shape.filter((_, k) => !axes.includes(k)) }),
  expand: ([x], { axes }) =>
    reshape(
      axes.reduce(halved, x!),
      x!.shape.filter((_, k) => !axes.includes(k)),
    ),
  batch: ({ ins, attrs }): RawTensor => make(op, ins, { axes: attrs.axes.map((k) => k + 1) }),
})
export const calls = (): Calls => ({
  examples: reductionExamples(0, ["f32", "f32", "i32", "bool"]),
  refused: reductionRefused,
})

/**
 * Product over axes (all of them where none is given); 1 over no elements.
 *
 * `y = prod x[.., i, ..]`, with the right derivative at zeros too. Axes may be negative; `keepDims` keeps them with size 1. Every dtype;
 * bool counts as i32. Refuses axes that x does not have, or twice the same. NumPy `prod`.
 * @example prod(fromArray([2, 3, 4], [3])) // 24
 */
export function prod<S extends Shape, D extends DType, const X extends AxisArg = undefined, const O extends KeepDims = {}>(
  x: Tensor<S, D>,
  axes?: Or<ProdRule<S, X, {}>, X>,
  options?: O,
): Of<ProdRule<S, X, O>, SumDType<D>> {
  const t = tensorIn("prod", x)
  return reduced(op, t.dtype === "bool" ? cast(t, "i32") : t, axesFor("prod", t, axes), options)
}
