import type { DType } from "../../typelevel/dtype.ts"
import type { FlattenAxes } from "../../typelevel/flatten.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, axisOf, defineOp, emit, type OpDef, refuse, show, size, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import { reshape } from "./reshape.ts"

export type FlattenRule<S extends Shape, A extends number, B extends number> = FlattenAxes<"flatten", S, A, B>

const axesBackwards = (s: readonly number[], from: number, to: number): string =>
  `flatten: axes ${from} to ${to} of ${show(s)} run backwards; the first comes first`

interface Attrs {
  readonly from: number
  readonly to: number
}
const joined = (s: readonly number[], { from, to }: Attrs): number[] => [
  ...s.slice(0, from),
  size(s.slice(from, to + 1)),
  ...s.slice(to + 1),
]
/** Attributes: axes, non-negative, both inclusive. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "flatten",
  spelling: { onnx: "Flatten", stablehlo: "reshape" },
  shape: ([x], range) => ({ dtype: x!.dtype, shape: joined(x!.shape, range) }),
  expand: ([x], range) => reshape(x!, joined(x!.shape, range)),
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(0, 4)
    if (s.length === 0 || g.int(0, 4) === 0) return [g.tensor(s)]
    const from = g.int(0, s.length - 1)
    const to = g.int(from, s.length - 1)
    const either = (k: number): number => (g.bool() ? k : k - s.length)
    return g.int(0, 3) === 0 ? [g.tensor(s), either(from)] : [g.tensor(s), either(from), either(to)]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 5)],
    (g) => [g.tensor([2, 3]), 0, g.int(-9, -3)],
    (g) => [g.tensor([2, 3, 4]), g.pick([2, -1]), g.pick([1, 0, -2])],
    (g) => [g.tensor([]), g.pick([1, -2])],
  ],
})

/**
 * Axes `from` to `to`, both inclusive, as one; by default all of them. A scalar becomes [1].
 *
 * The elements stay in row-major order; its size is the product of theirs. Every dtype; axes may be negative. Refuses axes that x does not
 * have, and a range that runs backwards. PyTorch `flatten`.
 * @example flatten(zeros([2, 3, 4, 5]), 1, -2) // [2, 12, 5]
 */
export function flatten<S extends Shape, D extends DType, const A extends number = 0, const B extends number = -1>(
  x: Tensor<S, D>,
  from?: Or<FlattenRule<S, A, A>, A>,
  to?: Or<FlattenRule<S, A, B>, B>,
): Of<FlattenRule<S, A, B>, D> {
  const { shape } = tensorIn("flatten", x)
  const s = shape.length === 0 ? [1] : shape
  const [a, b] = [(from ?? 0) as number, (to ?? -1) as number]
  const range = { from: axisOf("flatten", s, a), to: axisOf("flatten", s, b) }
  if (range.from > range.to) refuse(axesBackwards(s, a, b))
  return emit(op, [x], range)
}
