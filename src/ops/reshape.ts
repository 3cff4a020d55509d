import { type Calls, emit, ir, type OpDef, refuse, same, size, view, tensorIn } from "../core/index.ts"
import { elementsDiffer, inferredFromNothing, inferredTwice, notASize, notDivisible } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Reshape } from "../../typelevel/reshape.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { constantOf, constantLike } from "./_constant.ts"
import { sizesIn } from "./_sizes.ts"

export type ReshapeRule<S extends Shape, T extends Shape> = Reshape<"reshape", S, T>

/** `to` with its -1 inferred; sizes that both sides have cancel first, so that sentences name what is left. */
export const reshaped = (op: string, from: readonly number[], to: readonly number[]): number[] => {
  const others = to.filter((n) => n !== -1)
  const holes = to.length - others.length
  if (holes > 1) refuse(inferredTwice(op, to))
  for (const n of others) if (!Number.isSafeInteger(n) || n < 0) refuse(notASize(op, n))
  if (holes === 0) {
    if (size(from) !== size(to)) refuse(elementsDiffer(op, from, to, size(from), size(to)))
    return [...to]
  }
  const rest = [...others]
  const left = from.filter((n) => {
    const at = rest.indexOf(n)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
  if (rest.includes(0)) refuse(inferredFromNothing(op, to))
  if (size(left) % size(rest) !== 0) refuse(notDivisible(op, from, to, size(left), size(rest)))
  return to.map((n) => (n === -1 ? size(left) / size(rest) : n))
}

/** Attributes: the shape, without -1. An index map; its own adjoint. */
export const op: OpDef<{ readonly shape: readonly number[] }> = view<{ readonly shape: readonly number[] }>({
  name: "reshape",
  spelling: { onnx: "Reshape", stablehlo: "reshape" },
  shape: (x, { shape }) => reshaped("reshape", x.shape, shape),
  at: (x, i, _, from, to) => x(ir.reindex(i, to, from)),
  transpose: (ct, _, from) => reshape(ct, from),
  batch: ({ shape }, n) => ({ shape: [n, ...shape] }),
  rewrite: (x, { shape }) => {
    if (same(x.shape, shape)) return x
    if (size(x.shape) !== size(shape)) return undefined
    if (constantOf(x) !== undefined) return constantLike(x, shape)
    return x.node.op === op ? reshape(x.node.ins[0]!, shape) : undefined
  },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 3)
    const rotated = [...s.slice(1), ...s.slice(0, 1)]
    return [g.tensor(s), g.bool() || s.includes(0) ? rotated : [g.pick([1, ...s]), -1]]
  },
  refused: [
    (g) => [g.tensor([2, 3]), [g.int(4, 9), 2]],
    (g) => [g.tensor([2, 3]), [-1, -1]],
    (g) => [g.tensor([2, g.pick([3, 5, 7])]), [4, -1]],
    (g) => [g.tensor([2, 3]), [g.int(-9, -2), 3]],
    (g) => [g.tensor([0, 3]), [0, 0, -1]],
  ],
})

/**
 * The same elements in row-major order under another shape; one dimension may be -1 and is inferred.
 *
 * `y[i] = x[j]` with `flat(i) = flat(j)`. Shapes `[...]` to any with as many elements; every dtype.
 * Refuses a shape with another number of elements, or in which -1 has no or no unique meaning. NumPy `reshape`.
 * @example reshape(zeros([2, 3, 4]), [2, -1]) // [2, 12]
 */
export function reshape<S extends Shape, D extends DType, const T extends Shape>(
  x: Tensor<S, D>,
  shape: Or<ReshapeRule<S, T>, readonly [...T]>,
): Of<ReshapeRule<S, [...T]>, D> {
  return emit(op, [x], { shape: reshaped("reshape", tensorIn("reshape", x).shape, sizesIn("reshape", shape)) })
}
