import { type Calls, emit, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import {
  convTransposeCalls,
  type ConvTransposeOptions,
  convTransposeOp,
  type ConvTransposeRule,
  transposing,
} from "./_convTranspose.ts"

export type ConvTranspose3dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvTransposeRule<
  "convTranspose3d",
  3,
  X,
  D,
  K,
  E,
  O
>
export const op = convTransposeOp("convTranspose3d", 3)
export const calls = (): Calls => convTransposeCalls(3)

/**
 * Transposed convolution over depth, height and width: what the gradient of `conv3d` with respect to its input computes.
 *
 * x is `[..., depth, height, width, channels]`, the kernel `[depth, height, width, filters / groups, channels]`: that of the `conv3d` whose
 * transpose it is, from filters to channels (Keras' layout). Sizes: (n - 1) s - low - high + d (k - 1) + 1 + outputPadding, and n s for
 * "same" padding. Two tensors of one dtype, of numbers. Refuses channels that differ, padding that takes everything away, and an
 * outputPadding that is not less than stride or dilation. Zeiler et al. 2010.
 * @example convTranspose3d(zeros([2, 4, 8, 8, 4]), zeros([2, 2, 2, 3, 4]), { stride: 2 }) // [2, 8, 16, 16, 3]
 */
export function convTranspose3d<
  X extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  const O extends ConvTransposeOptions<3> = {},
>(
  x: Tensor<X, D>,
  kernel: Or<ConvTranspose3dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<ConvTranspose3dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("convTranspose3d", x), tensorIn("convTranspose3d", kernel, "kernel")]
  return emit(op, [a, k], transposing("convTranspose3d", 3, a, k, options))
}
