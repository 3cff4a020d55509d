import type { Shape, Sizes } from "../../typelevel/shape.ts"
import { type Calls, type Aval, defineOp, type DType, emit, type OpDef } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { checkDType, checkSizes } from "./_sizes.ts"
import { full } from "./full.ts"

export type OnesRule<S extends Shape> = Sizes<"ones", S>

/** Attributes: shape and dtype. Always becomes `full`. */
export const op: OpDef<Aval> = defineOp<Aval>({
  name: "ones",
  shape: (_, { shape, dtype }) => ({ shape, dtype }),
  expand: (_, { shape, dtype }) => full(shape, 1, dtype),
  rewrite: (_, { shape, dtype }) => full(shape, 1, dtype),
})
export const calls = (): Calls => ({
  examples: (g) => [g.shape(0, 4), g.pick(["f32", "i32", "u32", "bool"])],
  refused: [(g) => [[2, g.int(-9, -1)]], (g) => [[g.int(1, 9) + 0.5, 3]], () => [[9007199254740994, 2]]],
})

/**
 * A tensor in which every element is 1.
 *
 * Any shape and dtype (default f32). Refuses sizes that are not whole numbers from 0 to 2^53 - 1. NumPy `ones`.
 * @example ones([2, 3]) // [2, 3] f32
 */
export function ones<const S extends Shape, D extends DType = "f32">(
  shape: Or<OnesRule<S>, readonly [...S]>,
  dtype?: D,
): Of<OnesRule<S>, NoInfer<D>> {
  return emit(op, [], { shape: checkSizes("ones", shape), dtype: checkDType("ones", dtype ?? "f32") })
}
