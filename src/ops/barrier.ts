import type { Shape } from "../../typelevel/shape.ts"
import { type Calls, defineOp, type DType, emit, make, type OpDef, type Tensor } from "../core/index.ts"

let made = 0
/** Attributes: a number of its own for each barrier, so that what is computed from it is never merged with what is computed
 *  from x. */
export const op: OpDef<{ readonly unique: number }> = defineOp<{ readonly unique: number }>({
  name: "barrier",
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  body: ([x], { i }) => x!(i),
  jvp: ({ tans: [t] }) => t!,
  transpose: ({ ct }) => [ct],
  batch: ({ ins, attrs }) => make(op, ins, attrs),
  spelling: { onnx: "Identity", stablehlo: "optimization_barrier" },
})
export const calls = (): Calls => ({
  examples: (g) => [g.tensor(g.shape(0, 3), g.pick(["f32", "f32", "i32"]))],
})

/**
 * x, under a new identity: [...s] to [...s].
 *
 * Equal expressions are one node; expressions of a barrier of x equal none of x. Recomputing a segment instead of keeping its
 * results puts one on its inputs. Every dtype. Refuses nothing.
 * @example barrier(ones([2, 3])) // [2, 3]
 */
export function barrier<S extends Shape, D extends DType>(x: Tensor<S, D>): Tensor<S, D> {
  return emit(op, [x], { unique: ++made })
}
