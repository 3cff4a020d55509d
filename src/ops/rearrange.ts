import type { AtPlace, AxisSizes, Einops } from "../../typelevel/einops.ts"
import { type Calls, defineOp, emit, type OpDef } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { type AtTensors, carryOut, type DTypeOf, joined, type OneOrMore, type Plan, planOf, type ShapeOf } from "./_einops.ts"
import { badPatterns, badSizes, misfits, rearranged } from "./_einopsExamples.ts"

export type RearrangeRule<X extends OneOrMore, P extends string, Z> = Einops<"rearrange", ShapeOf<"rearrange", X>, P, Z>

/** Attributes: the plan. */
export const op: OpDef<Plan> = defineOp<Plan>({
  name: "rearrange",
  shape: ([x], { to }) => ({ dtype: x!.dtype, shape: to }),
  expand: ([x], plan) => carryOut(x!, plan),
})
export const calls = (): Calls => ({
  examples: rearranged,
  refused: [
    ...badPatterns,
    ...badSizes,
    ...misfits,
    (g) => [g.tensor([2, 3]), "a b -> a"],
    (g) => [g.tensor([2, 3]), "a b -> a b c"],
    (g) => [g.tensor([2, 3]), "a 3 -> a"],
    (g) => [g.tensor([2, 3]), "a b -> a b 3"],
    (g) => [[g.tensor([2, 3]), g.tensor([2, g.int(4, 6)])], "n a b -> a n b"],
    (g) => [[g.tensor([2, 3]), g.tensor([2, 3], "i32")], "n a b -> a n b"],
  ],
})

/**
 * Axes split, merged, permuted, added and removed (of size 1), as a pattern of named axes says.
 *
 * `before -> after`: names separated by spaces; `(h d)` is an axis that is the product of two, `1` or `()` one of size 1, `...` all axes that
 * are not named. Sizes within a group are given by name, all but one. A list of tensors gets a common leading axis. Every dtype.
 * Refuses patterns that lose or invent an axis, and sizes that do not fit. Rogozhnikov, "Einops", ICLR 2022.
 * @example rearrange(zeros([2, 12, 5]), "b (h d) t -> b h t d", { h: 3 }) // [2, 3, 5, 4]
 */
export function rearrange<const X extends OneOrMore, const P extends string, const Z extends AxisSizes = {}>(
  x: AtTensors<"rearrange", X, RearrangeRule<X, P, Z>>,
  pattern: Or<AtPlace<RearrangeRule<X, P, Z>, "pattern">, P>,
  sizes?: Or<AtPlace<RearrangeRule<X, P, Z>, "sizes">, Z>,
): Of<RearrangeRule<X, P, Z>, DTypeOf<X>> {
  const t = joined("rearrange", x)
  return emit(op, [t], planOf("rearrange", t.shape, pattern as string, sizes as AxisSizes | undefined))
}
