import type { Dim } from "../../typelevel/dim.ts"
import type { Shape, Sizes } from "../../typelevel/shape.ts"
import { type Calls, defineOp, emit, type OpDef, type Tensor } from "../core/index.ts"
import type { Or } from "../core/signature.ts"
import { checkSizes } from "./_sizes.ts"
import { full } from "./full.ts"

export type DimRule<N extends Dim> = Sizes<"dim", [N]>

/** Attributes: the size. Always becomes `full`. */
export const op: OpDef<{ readonly n: number }> = defineOp<{ readonly n: number }>({
  name: "dim",
  shape: () => ({ shape: [], dtype: "f32" }),
  expand: (_, { n }) => full([], n),
  rewrite: (_, { n }) => full([], n),
})
export const calls = (): Calls => ({
  examples: (g) => [g.int(0, 1000)],
  refused: [(g) => [g.int(-9, -1)], () => [2.5], () => [9007199254740994]],
})

/**
 * A dimension as a number in the program: [] f32.
 *
 * Inside a shaped function dims come from its parameters; there a name has the size that the call gave it.
 * Refuses what is no size.
 * @example div(zeros([2, 64]), sqrt(dim(64))) // [2, 64]
 */
export function dim<const N extends Dim>(n: Or<DimRule<N>, N>): DimRule<N> extends Shape ? Tensor<[]> : never {
  return emit(op, [], { n: checkSizes("dim", [n as Dim])[0] }) as never
}
