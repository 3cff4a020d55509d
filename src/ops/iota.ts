import type { axisOutside as AxisOutside } from "../../typelevel/messages.ts"
import type { Axis, Rankless, Shape, Sizes } from "../../typelevel/shape.ts"
import { type Calls, axisOf, defineOp, type DType, emit, ir, make, type OpDef, refuse } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { castTo } from "../scalar/cast.ts"
import { needsNumber, type NumberOnly } from "./_dtypes.ts"
import { checkDType, checkSizes } from "./_sizes.ts"

type AxisRule<S extends Shape, X extends number> =
  Rankless<S> extends true ? X : [Axis<S, X>] extends [never] ? AxisOutside<"iota", S, X> : X
export type IotaRule<S extends Shape, X extends number, D extends DType> =
  AxisRule<S, X> extends infer M extends string ? M : NumberOnly<"iota", Sizes<"iota", S>, D>
interface Attrs {
  readonly shape: readonly number[]
  readonly axis: number
  readonly dtype: DType
}

/** An index as a value. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "iota",
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  body: (_, { i, attrs: { axis, dtype } }) => castTo(ir.idx(i[axis]!, dtype === "u32" ? "u32" : "i32"), dtype),
  jvp: "none",
  batch: ({ ins, attrs }) => make(op, ins, attrs),
  spelling: { onnx: "Range", stablehlo: "iota" },
})
export const calls = (): Calls => ({
  examples: (g) => {
    const s = g.shape(1, 3)
    const s1 = s.length ? s : [1]
    return [s1, g.int(-s1.length, s1.length - 1), g.pick(["i32", "u32", "f32"])]
  },
  refused: [
    (g) => [[2, 3], g.int(2, 9)],
    (g) => [[2, 3], g.int(-9, -3)],
    (g) => [[2, g.int(-9, -1)], 0],
    (g) => [[g.int(1, 4)], 0, "bool"],
  ],
})

/**
 * The index along an axis: `y[i] = i[axis]`, of the given shape.
 *
 * Every dtype but bool; default i32. Refuses an axis outside the shape. XLA `Iota`.
 * @example iota([2, 3], 1) // [[0, 1, 2], [0, 1, 2]] i32
 */
export function iota<const S extends Shape, const X extends number, D extends DType = "i32">(
  shape: Or<Sizes<"iota", S>, readonly [...S]>,
  axis: Or<Sizes<"iota", S> extends string ? X : AxisRule<S, X>, X>,
  dtype?: Or<NumberOnly<"iota", D, D>, D>,
): Of<IotaRule<S, X, NoInfer<D>>, NoInfer<D>> {
  const sizes = checkSizes("iota", shape)
  const at = axisOf("iota", sizes, axis as number)
  if (dtype === "bool") refuse(needsNumber("iota"))
  return emit(op, [], { shape: sizes, axis: at, dtype: checkDType("iota", (dtype ?? "i32") as DType) })
}
