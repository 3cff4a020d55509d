import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, make, type OpDef, type Tensor } from "../core/index.ts"
import { constantOf } from "./_constant.ts"

/** An identity whose forward rule says zero. */
export const op: OpDef<null> = defineOp<null>({
  name: "stopGradient",
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  body: ([x], { i }) => x!(i),
  jvp: "none",
  batch: ({ ins }) => make(op, ins, null),
  rewrite: ([x]) => (x!.node.op === op || constantOf(x!) !== undefined ? x! : undefined),
  spelling: { onnx: "Identity" },
})
export const calls = (): Calls => ({
  examples: (g) => [g.tensor(g.shape(0, 3), g.pick(["f32", "f32", "i32"]))],
})

/**
 * x, as a constant for derivatives: [...s] to [...s].
 *
 * Every dtype. Refuses nothing.
 * @example stopGradient(ones([2, 3])) // [2, 3]; its derivative is 0
 */
export function stopGradient<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> {
  return emit(op, [x])
}
