import type { AtPlace, AxisSizes, Einops } from "../../typelevel/einops.ts"
import { type Calls, defineOp, emit, type OpDef } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { type AtTensors, carryOut, type DTypeOf, joined, type OneOrMore, type Plan, planOf, type ShapeOf } from "./_einops.ts"
import { badPatterns, badSizes, misfits, repeated } from "./_einopsExamples.ts"

export type RepeatRule<X extends OneOrMore, P extends string, Z> = Einops<"repeat", ShapeOf<"repeat", X>, P, Z>

/** Attributes: the plan. */
export const op: OpDef<Plan> = defineOp<Plan>({
  name: "repeat",
  shape: ([x], { to }) => ({ dtype: x!.dtype, shape: to }),
  expand: ([x], plan) => carryOut(x!, plan),
})
export const calls = (): Calls => ({
  examples: repeated,
  refused: [
    ...badPatterns,
    ...badSizes,
    ...misfits,
    (g) => [g.tensor([2, 3]), "a b -> a", { a: 2 }],
    (g) => [g.tensor([2, 3]), "a 3 -> a r", { r: 2 }],
    (g) => [g.tensor([2, 3]), "a b -> a (b r)"],
    (g) => [g.tensor([2, 3]), "a b -> r a b s", { s: g.int(2, 4) }],
    (g) => [[g.tensor([2, 3]), g.tensor([2, g.int(4, 6)])], "n a b -> a n b r", { r: 2 }],
  ],
})

/**
 * New axes, along which x is repeated, as a pattern of named axes says: `h w -> h (w r)`.
 *
 * The language of `rearrange`. Axes on the right alone are new: names whose sizes are given, or lengths (`h w -> h w 3`); inside a group they
 * repeat elements (`(w r)`) or the whole (`(r w)`). Every dtype. Refuses patterns that lose an axis, and new axes without a size.
 * Rogozhnikov, "Einops", ICLR 2022.
 * @example repeat(zeros([2, 3]), "h w -> h (w r) 2", { r: 4 }) // [2, 12, 2]
 */
export function repeat<const X extends OneOrMore, const P extends string, const Z extends AxisSizes = {}>(
  x: AtTensors<"repeat", X, RepeatRule<X, P, Z>>,
  pattern: Or<AtPlace<RepeatRule<X, P, Z>, "pattern">, P>,
  sizes?: Or<AtPlace<RepeatRule<X, P, Z>, "sizes">, Z>,
): Of<RepeatRule<X, P, Z>, DTypeOf<X>> {
  const t = joined("repeat", x)
  return emit(op, [t], planOf("repeat", t.shape, pattern as string, sizes as AxisSizes | undefined))
}
