import { type Calls, axesOf, emit, type OpDef, refuse, upto, view, tensorIn, listIn } from "../core/index.ts"
import { wrongPermutation } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { PermuteRest } from "../../typelevel/ellipsis.ts"
import type { Permute } from "../../typelevel/reshape.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { others, spread } from "./_ellipsis.ts"

/** Axes in their new order; "..." stands for those that are not named. */
export type Order = readonly (number | "...")[]
export type TransposeRule<S extends Shape, P> = P extends Order
  ? "..." extends P[number]
    ? PermuteRest<"transpose", S, P>
    : Permute<"transpose", S, P>
  : Permute<"transpose", S, P>

/** Non-negative axes; every axis once, or the sentence. */
const permutation = (s: readonly number[], order: Order): number[] => {
  if (order.includes("...")) {
    const given = others("transpose", order)
    const named = axesOf("transpose", s, given)
    const rest = upto(s.length).filter((k) => !named.includes(k))
    return spread(order, rest).map((a) => (a < 0 ? a + s.length : a))
  }
  const axes = order as readonly number[]
  const p = axes.map((a) => (typeof a === "number" && a < 0 ? a + s.length : a))
  return p.length === s.length && s.every((_, k) => p.includes(k)) ? p : refuse(wrongPermutation("transpose", s, axes))
}
const inverse = (p: readonly number[]): number[] => p.map((_, k) => p.indexOf(k))

/** Attributes: the permutation, non-negative. An index map; adjoint: the inverse permutation. */
export const op: OpDef<{ readonly axes: readonly number[] }> = view<{ readonly axes: readonly number[] }>({
  name: "transpose",
  spelling: { onnx: "Transpose", stablehlo: "transpose" },
  shape: (x, { axes }) => axes.map((a) => x.shape[a]!),
  at: (x, i, { axes }) => x(inverse(axes).map((k) => i[k]!)),
  transpose: (ct, { axes }) => transpose(ct, inverse(axes)),
  batch: ({ axes }) => ({ axes: [0, ...axes.map((a) => a + 1)] }),
  rewrite: (x, { axes }) => {
    if (axes.every((a, k) => a === k)) return x
    if (x.node.op !== op) return undefined
    const first = (x.node.attrs as { axes: readonly number[] }).axes
    return transpose(
      x.node.ins[0]!,
      axes.map((a) => first[a]!),
    )
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 4)
    const from = g.int(0, s.length)
    const axes = [...upto(s.length).slice(from), ...upto(s.length).slice(0, from).reverse()]
    if (g.int(0, 3) === 0) return [g.tensor(s), g.pick([["...", ...axes.slice(from)], [...axes.slice(from), "..."], ["..."]])]
    return g.bool() ? [g.tensor(s)] : [g.tensor(s), axes.map((a) => (g.bool() ? a : a - s.length))]
  },
  refused: [
    (g) => [g.tensor([2, 3]), [g.int(0, 1)]],
    (g) => [g.tensor([2, 3, 4]), [0, g.pick([0, -3]), 1]],
    (g) => [g.tensor([2, 3]), [1, g.pick([2, 5, -3])]],
    (g) => [g.tensor([2, 3]), ["...", g.pick([2, -3])]],
    (g) => [g.tensor([2, 3, 4]), [1, "...", g.pick([1, -2])]],
    (g) => [g.tensor([2, 3, 4]), ["...", g.pick([1, -2]), "..."]],
  ],
})

/**
 * Axes in another order: axis k of the result is axis `axes[k]` of x. Without `axes`: reversed.
 * "..." stands for all axes that are not named, in their order: `transpose(x, ["...", -1, -2])` swaps the last two.
 *
 * `y[i] = x[j]` with `j[axes[k]] = i[k]`. Every shape and dtype; axes may be negative. Refuses a list that does not name each axis
 * once. NumPy `transpose`.
 * @example transpose(zeros([2, 3, 4]), [0, 2, 1]) // [2, 4, 3]
 */
export function transpose<S extends Shape, D extends DType, const P extends Order | undefined = undefined>(
  x: Tensor<S, D>,
  axes?: Or<TransposeRule<S, P>, P>,
): Of<TransposeRule<S, P>, D> {
  const s = tensorIn("transpose", x).shape
  return emit(op, [x], {
    axes: axes === undefined ? upto(s.length).reverse() : permutation(s, listIn<number | "...">("transpose", "axes", axes)),
  })
}
