import { type Calls, axisOf, defineOp, emit, type OpDef, upto, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { axisOutside } from "../../typelevel/messages.ts"
import type { Axis, Drop, Insert, Rankless, Shape } from "../../typelevel/shape.ts"
import { transpose } from "./transpose.ts"

/** S with axis F put at T, or the sentence. */
export type MoveAxisRule<S extends Shape, F extends number, T extends number> =
  Rankless<S> extends true
    ? Shape
    : [Axis<S, F>] extends [never]
      ? axisOutside<"moveAxis", S, F>
      : [Axis<S, T>] extends [never]
        ? axisOutside<"moveAxis", S, T>
        : number extends Axis<S, F> | Axis<S, T>
          ? { -readonly [K in keyof S]: Dim }
          : Insert<Drop<S, Axis<S, F>>, Axis<S, T>, S[Axis<S, F>]>
type FromRule<S extends Shape, F extends number> = MoveAxisRule<S, F, F>

/** Attributes: axes, non-negative. */
export const op: OpDef<{ readonly from: number; readonly to: number }> = defineOp<{ readonly from: number; readonly to: number }>(
  {
    name: "moveAxis",
    spelling: { onnx: "Transpose", stablehlo: "transpose" },
    shape: ([x], { from, to }) => ({ dtype: x!.dtype, shape: moved(x!.shape.length, from, to).map((k) => x!.shape[k]!) }),
    expand: ([x], { from, to }) => transpose(x!, moved(x!.shape.length, from, to)),
  },
)
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 4)
    return [g.tensor(s), g.int(0, s.length - 1), g.int(-s.length, s.length - 1)]
  },
  refused: [
    (g) => [g.tensor([2, 3]), g.int(2, 5), 0],
    (g) => [g.tensor([2, 3]), 0, g.int(-9, -3)],
    (g) => [g.tensor([]), 0, g.int(0, 3)],
  ],
})
const moved = (rank: number, from: number, to: number): number[] => {
  const rest = upto(rank).filter((k) => k !== from)
  return [...rest.slice(0, to), from, ...rest.slice(to)]
}

/**
 * Axis `from` becomes axis `to`; the others keep their order.
 *
 * Every shape and dtype; axes may be negative. Refuses axes that x does not have. NumPy `moveaxis`.
 * @example moveAxis(zeros([2, 3, 4]), 0, -1) // [3, 4, 2]
 */
export function moveAxis<S extends Shape, D extends DType, const F extends number, const T extends number>(
  x: Tensor<S, D>,
  from: Or<FromRule<S, F>, F>,
  to: Or<MoveAxisRule<S, F, T>, T>,
): Of<MoveAxisRule<S, F, T>, D> {
  const s = tensorIn("moveAxis", x).shape
  return emit(op, [x], { from: axisOf("moveAxis", s, from as number), to: axisOf("moveAxis", s, to as number) })
}
