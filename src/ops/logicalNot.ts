import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, type DType, emit, mapOp, type OpDef, type Tensor } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { not as scalar } from "../scalar/not.ts"
import { type BoolOnly, boolsOnly } from "./_dtypes.ts"
import { ofDType, one } from "./_examples.ts"

export type LogicalNotRule<S extends Shape, D extends DType> = BoolOnly<"logicalNot", S, D>

/** No tangent. */
export const op: OpDef<null> = mapOp(scalar, {
  name: "logicalNot",
  accepts: boolsOnly("logicalNot"),
  jvp: "none",
  rewrite: (x) => (x!.node.op === op ? x!.node.ins[0]! : undefined),
  spelling: { onnx: "Not", stablehlo: "not" },
})
export const calls = (): Calls => ({
  examples: one({}, ["bool"]),
  refused: ofDType("f32", "i32", "u32"),
})

/**
 * not x, element-wise: [...s] to [...s].
 *
 * Dtype bool; refuses others: `logicalNot: needs a bool tensor, got f32; compare it with something first`.
 * @example logicalNot(zeros([2], "bool")) // [2] bool, every element 1
 */
export function logicalNot<S extends Shape, D extends DType>(
  x: Or<LogicalNotRule<S, D>, Tensor<S, D>>,
): Of<LogicalNotRule<S, D>, D> {
  return emit(op, [x])
}
