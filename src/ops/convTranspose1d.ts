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

export type ConvTranspose1dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvTransposeRule<
  "convTranspose1d",
  1,
  X,
  D,
  K,
  E,
  O
>
export const op = convTransposeOp("convTranspose1d", 1)
export const calls = (): Calls => convTransposeCalls(1)

/**
 * Transposed convolution over one axis: what the gradient of `conv1d` with respect to its input computes, `y[.., t s + i d - low, f] = sum
 * x[.., t, c] k[i, f, c]`.
 *
 * x is `[..., length, channels]`, the kernel `[length, filters / groups, channels]`: that of the `conv1d` whose transpose it is, from filters
 * to channels (Keras' layout). Sizes: (n - 1) s - low - high + d (k - 1) + 1 + outputPadding, and n s for "same" padding. Two tensors of
 * one dtype, of numbers. Refuses channels that differ, padding that takes everything away, and an outputPadding that is not less than stride
 * or dilation. Zeiler et al. 2010.
 * @example convTranspose1d(zeros([8, 50, 32]), zeros([4, 16, 32]), { stride: 2, padding: 1 }) // [8, 100, 16]
 */
export function convTranspose1d<
  X extends Shape,
  D extends DType,
  K extends Shape,
  E extends DType,
  const O extends ConvTransposeOptions<1> = {},
>(
  x: Tensor<X, D>,
  kernel: Or<ConvTranspose1dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<ConvTranspose1dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("convTranspose1d", x), tensorIn("convTranspose1d", kernel, "kernel")]
  return emit(op, [a, k], transposing("convTranspose1d", 1, a, k, options))
}
