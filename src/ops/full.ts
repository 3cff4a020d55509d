import type { Misfit } from "../../typelevel/dtype.ts"
import type { numberMisfit as NumberMisfit } from "../../typelevel/messages.ts"
import type { Also } from "../../typelevel/rule.ts"
import type { Shape, Sizes } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, holds, ir, make, type OpDef, refuse, spelled } from "../core/index.ts"
import { numberMisfit } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import { checkDType, checkSizes } from "./_sizes.ts"

export interface FullAttrs {
  readonly shape: readonly number[]
  readonly value: number
  readonly dtype: DType
}
/** V, or the sentence where dtype D does not hold it. */
type Held<V extends number, D extends DType> = Misfit<V, D> extends true ? NumberMisfit<"full", V, D> : V
export type FullRule<S extends Shape, V extends number, D extends DType> = Also<Held<V, D>, Sizes<"full", S>>

/** The only constant: shape, value and dtype in one node, so that constants are never broadcast. Arrays of data are leaves
 *  instead. */
export const op: OpDef<FullAttrs> = defineOp<FullAttrs>({
  name: "full",
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  body: (_, { attrs: { value, dtype } }) => ir.num(value, dtype),
  jvp: "none",
  batch: ({ ins, attrs }) => make(op, ins, attrs),
  spelling: { onnx: "ConstantOfShape", stablehlo: "constant" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const dtype = g.pick(["f32", "i32", "u32", "bool"])
    return [g.shape(0, 4), dtype === "bool" ? 1 : dtype === "f32" ? g.pick([0.5, -1.25, Infinity]) : g.int(0, 9), dtype]
  },
  refused: [
    (g) => [[g.int(-9, -1), 2], 0],
    (g) => [[2.5, g.int(0, 3)], 1],
    () => [[2], 0.5, "i32"],
    () => [[], -1, "u32"],
    () => [[3], 2, "bool"],
  ],
})

/**
 * A tensor in which every element is `value`.
 *
 * Any shape and dtype (default f32). Refuses sizes that are not whole numbers, and a value that the dtype does not hold.
 * NumPy `full`.
 * @example full([2, 3], 0.5) // [2, 3] f32
 */
export function full<const S extends Shape, const V extends number, D extends DType = "f32">(
  shape: Or<Sizes<"full", S>, readonly [...S]>,
  value: Or<Held<V, D>, V>,
  dtype?: D,
): Of<FullRule<S, V, NoInfer<D>>, NoInfer<D>> {
  const d = checkDType("full", dtype ?? "f32")
  const v = value as number
  const sizes = checkSizes("full", shape)
  if (typeof v !== "number")
    refuse(
      `full: the value is ${typeof v === "object" ? "an object" : spelled(v)}; give a number (fromArray makes a tensor of an array)`,
    )
  if (!holds(d, v)) refuse(numberMisfit("full", v, d))
  return emit(op, [], { shape: sizes, value: v, dtype: d })
}
