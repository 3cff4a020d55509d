import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, ir, linearIn, mapOp, raw, type OpDef, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { neg as scalar } from "../scalar/neg.ts"
import { constantOf } from "./_constant.ts"
import { type NumberOnly, numbersOnly } from "./_dtypes.ts"
import { ofDType, one, oneOf } from "./_examples.ts"
import { full } from "./full.ts"

export type NegRule<S extends Shape, D extends DType> = NumberOnly<"neg", S, D>

/** Linear and self-adjoint. Goes into what takes a factor in (-1 is no factor of a u32). */
export const op: OpDef<null> = mapOp(scalar, {
  accepts: numbersOnly("neg"),
  jvp: linearIn((): OpDef<null> => op),
  transpose: ({ ct }) => [neg(ct)],
  rewrite: (x) => {
    if (x!.node.op === op) return x!.node.ins[0]!
    if (x!.dtype === "u32" || x!.dtype === "bool") return undefined
    const v = constantOf(x!)
    if (v !== undefined) return full(x!.shape, ir.wrap(-v, x!.dtype), x!.dtype)
    return x!.node.op.absorbScale?.(x!.node, raw(full(x!.shape, -1, x!.dtype)))
  },
  spelling: { onnx: "Neg", stablehlo: "negate" },
})
export const calls = (): Calls => ({
  examples: oneOf(one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({ lo: -3, hi: 3 }, ["f32", "i32"]), one({}, ["u32"])),
  refused: ofDType("bool"),
})

/**
 * -x, element-wise: [...s] to [...s].
 *
 * Every dtype but bool; integers wrap modulo 2^32.
 * @example neg(ones([2, 3])) // [2, 3], every element -1
 */
export function neg<S extends Shape, D extends DType>(x: Or<NegRule<S, D>, Tensor<S, D>>): Of<NegRule<S, D>, D> {
  return emit(op, [x])
}
