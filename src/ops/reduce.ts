import type { DType } from "../../typelevel/dtype.ts"
import type { AtPlace, AxisSizes, Einops, FoldsNone, Solved } from "../../typelevel/einops.ts"
import type { Fault, FloatOnly } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, emit, floatsOnly, make, type OpDef, type RawTensor, refuse, text } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { noElements } from "./_axes.ts"
import { type BoolOnly, boolsOnly } from "./_dtypes.ts"
import { type AtTensors, carryOut, type DTypeOf, joined, type OneOrMore, type Plan, planOf, type ShapeOf } from "./_einops.ts"
import { badPatterns, badSizes, misfits, reduced } from "./_einopsExamples.ts"
import { op as max } from "./max.ts"
import { mean } from "./mean.ts"
import { op as min } from "./min.ts"
import { prod } from "./prod.ts"
import { sum, type SumDType } from "./sum.ts"

// ---- type rule -----------------------------------------------------------------------------------------------------
const reductions = ["sum", "mean", "max", "min", "prod", "any", "all"] as const
export type Reduction = (typeof reductions)[number]
type unknownReduction<K extends string> = `reduce: '${K}' is no reduction; there are sum, mean, max, min, prod, any and all`
const unknownReduction = (k: string): string => `reduce: '${k}' is no reduction; there are sum, mean, max, min, prod, any and all`
/** The reduction, where nothing else is wrong. */
type KindRule<R, K extends string> = R extends Shape
  ? [K] extends [Reduction]
    ? R
    : string extends K
      ? R
      : unknownReduction<K>
  : R

type Fold<S extends Shape, P extends string, Z> = Einops<"reduce", S, P, Z>
/** The resulting shape, or what is wrong. */
export type EinReduceRule<S extends Shape, D extends DType, P extends string, K extends string, Z> =
  Fold<S, P, Z> extends infer R
    ? R extends Shape
      ? Meant<S, D, P, K, Z, R> extends infer M
        ? M extends string
          ? Fault<"x", M>
          : M
        : never
      : R
    : never
/** R, or the sentence where the reduction has no meaning for the tensor. */
type Meant<S extends Shape, D extends DType, P extends string, K extends string, Z, R> = [K] extends ["sum" | "prod"]
  ? R
  : [K] extends ["any" | "all"]
    ? BoolOnly<"reduce", R, D>
    : [K] extends ["max" | "min" | "mean"]
      ? [K] extends ["mean"]
        ? FloatOnly<"reduce", NonEmpty<S, P, Z, R>, D>
        : NonEmpty<S, P, Z, R>
      : R
type NonEmpty<S extends Shape, P extends string, Z, R> = 0 extends S[number]
  ? FoldsNone<Solved<"reduce", S, P, Z>> extends true
    ? noElements<"reduce", S>
    : R
  : R
type ReducedDType<D extends DType, K extends string> = [K] extends ["sum" | "prod"] ? SumDType<D> : D

// ---- run time ------------------------------------------------------------------------------------------------------
type Attrs = Plan & { readonly kind: Reduction }
const folds: Readonly<Record<Reduction, (x: RawTensor, axes: readonly number[]) => unknown>> = {
  sum: (x, axes) => sum(x, axes),
  mean: (x, axes) => mean(x, axes),
  prod: (x, axes) => prod(x, axes),
  max: (x, axes) => make(max, [x], { axes }),
  min: (x, axes) => make(min, [x], { axes }),
  any: (x, axes) => make(max, [x], { axes }),
  all: (x, axes) => make(min, [x], { axes }),
}
const check = (kind: Reduction, x: RawTensor, { split, folded }: Plan): void => {
  if (kind === "mean") floatsOnly("reduce")([x])
  if (kind === "any" || kind === "all") boolsOnly("reduce")([x])
  else if (kind !== "sum" && kind !== "prod" && folded.some((k) => split[k] === 0)) refuse(noElements("reduce", x.shape))
}

/** Attributes: the plan, and which reduction. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "reduce",
  shape: ([x], { to, kind }) => ({
    dtype: x!.dtype === "bool" && (kind === "sum" || kind === "prod") ? "i32" : x!.dtype,
    shape: to,
  }),
  expand: ([x], { kind, ...plan }) => carryOut(x!, plan, (y, axes) => folds[kind](y, axes) as RawTensor),
})
export const calls = (): Calls => ({
  examples: reduced(reductions),
  refused: [
    ...[...badPatterns, ...badSizes, ...misfits].map((draw): Calls["examples"] => (g) => {
      const [x, pattern, ...sizes] = draw(g)
      return [x, pattern, g.pick(["sum", "max"]), ...sizes]
    }),
    (g) => [g.tensor([2, 3]), "a b -> a c", "sum"],
    (g) => [g.tensor([2, 3]), "a b -> a 3", "sum"],
    (g) => [g.tensor([2, 3]), "a b -> a", g.pick(["avg", "median"])],
    (g) => [g.tensor([2, 3], g.pick(["i32", "bool"])), "a b -> a", "mean"],
    (g) => [g.tensor([2, 3], g.pick(["i32", "f32"])), "a b -> a", g.pick(["any", "all"])],
    (g) => [g.tensor([2, 0]), "a b -> a", g.pick(["mean", "max", "min"])],
    (g) => [g.tensor([2, 0, g.int(1, 3)]), "... c -> c", g.pick(["mean", "max", "min"])],
    (g) => [g.tensor([2, g.pick([3, 5])]), "a (b 2) -> a b", "sum"],
    (g) => [[g.tensor([2, 3]), g.tensor([2, g.int(4, 6)])], "n a b -> a b", "sum"],
  ],
})

/**
 * Axes folded, as a pattern of named axes says: those that are on the left alone.
 *
 * The language of `rearrange`; on the left lengths may stand in groups: `b (h 2) (w 2) c -> b h w c` with "max" is a max pooling. Reductions:
 * "sum", "mean", "max", "min", "prod"; "any" and "all" of booleans. Dtypes and derivatives are those of the ops of these names.
 * Refuses patterns that invent an axis, sizes that do not fit, and "mean", "max" and "min" of no elements.
 * Rogozhnikov, "Einops", ICLR 2022.
 * @example reduce(zeros([2, 6, 4, 3]), "b (h 2) (w 2) c -> b h w c", "mean") // [2, 3, 2, 3]
 */
export function reduce<
  const X extends OneOrMore,
  const P extends string,
  const K extends Reduction | (string & {}),
  const Z extends AxisSizes = {},
>(
  x: AtTensors<"reduce", X, EinReduceRule<ShapeOf<"reduce", X>, DTypeOf<X>, P, K, Z>>,
  pattern: Or<AtPlace<Fold<ShapeOf<"reduce", X>, P, Z>, "pattern">, P>,
  reduction: Or<KindRule<AtPlace<Fold<ShapeOf<"reduce", X>, P, Z>, never>, K>, K>,
  sizes?: Or<AtPlace<Fold<ShapeOf<"reduce", X>, P, Z>, "sizes">, Z>,
): Of<EinReduceRule<ShapeOf<"reduce", X>, DTypeOf<X>, P, K, Z>, ReducedDType<DTypeOf<X>, K>> {
  const t = joined("reduce", x)
  const kind = reduction as Reduction
  const plan = planOf("reduce", t.shape, pattern as string, sizes as AxisSizes | undefined)
  if (!reductions.includes(kind)) refuse(unknownReduction(text(kind)))
  check(kind, t, plan)
  return emit(op, [t], { ...plan, kind })
}
