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

export type ConvTranspose2dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvTransposeRule<
  "convTranspose2d",
  2,
  X,
  D,
  K,
  E,
  O
>
export const op = convTransposeOp("convTranspose2d", 2)
export const calls = (): Calls => convTransposeCalls(2)

/**
 * Transposed convolution over height and width: what the gradient of `conv2d` with respect to its input computes, `y[.., h s + i d - low,
 * w s + j d - low, f] = sum x[.., h, w, c] k[i, j, f, c]`.
 *
 * x is `[..., height, width, channels]`, the kernel `[height, width, filters / groups, channels]`: that of the `conv2d` whose transpose it is,
 * from filters to channels (Keras' layout). Sizes: (n - 1) s - low - high + d (k - 1) + 1 + outputPadding, and n s for "same" padding.
 * Two tensors of one dtype, of numbers. Refuses channels that differ, padding that takes everything away, and an outputPadding that is not
 * less than stride or dilation. Zeiler et al. 2010; Dumoulin and Visin 2016.
 * @example convTranspose2d(zeros([8, 7, 7, 64]), zeros([3, 3, 32, 64]), { stride: 2, padding: 1, outputPadding: 1 }) // [8, 14, 14, 32]
 */
export function convTranspose2d<
  X extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  const O extends ConvTransposeOptions<2> = {},
>(
  x: Tensor<X, D>,
  kernel: Or<ConvTranspose2dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<ConvTranspose2dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("convTranspose2d", x), tensorIn("convTranspose2d", kernel, "kernel")]
  return emit(op, [a, k], transposing("convTranspose2d", 2, a, k, options))
}
