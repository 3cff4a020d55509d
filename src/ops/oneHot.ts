import { type Calls, defineOp, type DType, emit, type OpDef, raw, refuse, tensorIn } from "../core/index.ts"
import { notASize } from "../core/messages.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { notASize as NotASizeText } from "../../typelevel/messages.ts"
import type { NotASize } from "../../typelevel/nat.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type IntegerOnly, integersOnly } from "./_dtypes.ts"
import { broadcastTo } from "./broadcastTo.ts"
import { cast } from "./cast.ts"
import { equal } from "./equal.ts"
import { expandDims } from "./expandDims.ts"
import { iota } from "./iota.ts"

/** The indices' shape with N at the end, or the sentence. */
export type OneHotRule<I extends Shape, N extends number> = [NotASize<N>] extends [never]
  ? [...I, N]
  : NotASizeText<"oneHot", NotASize<N>>

/** Attributes: how many positions there are, and the dtype of the result. */
export const op: OpDef<{ readonly n: number; readonly dtype: DType }> = defineOp<{ readonly n: number; readonly dtype: DType }>({
  name: "oneHot",
  spelling: { onnx: "OneHot" },
  shape: ([i], { n, dtype }) => ({ dtype, shape: [...i!.shape, n] }),
  expand: ([i], { n, dtype }) => {
    const shape = [...i!.shape, n]
    const own = i!.dtype as "i32"
    return cast(equal(broadcastTo(raw(expandDims(i!, -1)), shape), raw(iota(shape, -1, own))), dtype)
  },
  jvp: () => null,
})
export const calls = (): Calls => ({
  examples: (g) => {
    const n = g.int(1, 6)
    const i = g.tensor(g.shape(0, 3), g.pick(["i32", "u32"]), { lo: 0, hi: n })
    return g.bool() ? [i, n] : [i, n, g.pick(["bool", "i32"])]
  },
  refused: [
    (g) => [g.tensor([3]), g.int(1, 9)],
    (g) => [g.tensor([3], "bool"), g.int(1, 9)],
    (g) => [g.tensor([3], "i32"), g.pick([-1, 2.5])],
  ],
})

/**
 * For each index a vector of n elements: 1 at the index, 0 elsewhere. An index outside gives zeros.
 *
 * `y[.., k] = (i[..] = k)`, k from 0 to n - 1. Indices i32 or u32; the result is f32, or the dtype given. It has no derivative.
 * Refuses indices that are no integers, and an n that is no size. JAX `one_hot`.
 * @example oneHot(fromArray(Int32Array.of(2, 0), [2]), 3) // 0 0 1, 1 0 0
 */
export function oneHot<I extends Shape, E extends DType, const N extends number, D extends DType = "f32">(
  indices: Or<IntegerOnly<"oneHot", I, E>, Tensor<I, E>>,
  n: Or<OneHotRule<I, N>, N>,
  dtype?: D,
): Of<IntegerOnly<"oneHot", OneHotRule<I, N>, E>, NoInfer<D>> {
  const i = tensorIn("oneHot", indices, "indices")
  const size = n as number
  integersOnly("oneHot")([i])
  if (!Number.isSafeInteger(size) || size < 0) refuse(notASize("oneHot", size))
  return emit(op, [i], { n: size, dtype: dtype ?? "f32" })
}
