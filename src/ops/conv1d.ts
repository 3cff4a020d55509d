import { type Calls, emit, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { convCalls, type ConvOptions, convolving, convOp, type ConvRule } from "./_conv.ts"

export type Conv1dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvRule<
  "conv1d",
  1,
  X,
  D,
  K,
  E,
  O
>
export const op = convOp("conv1d", 1)
export const calls = (): Calls => convCalls(1)

/**
 * Convolution over one axis (a correlation, as the field calls it): `y[.., t, f] = sum x[.., t s + i d, c] k[i, c, f]`.
 *
 * x is `[..., length, channels]`, the kernel `[length, channels / groups, filters]`; two tensors of one dtype, of numbers; accumulated in
 * that dtype. Sizes: floor((n + padding - (d (k - 1) + 1)) / s) + 1. A padding of [d (k - 1), 0] makes it causal. Refuses channels that
 * differ, and windows that do not fit. Waibel et al. 1989.
 * @example conv1d(zeros([8, 100, 16]), zeros([3, 16, 32]), { dilation: 2, padding: [4, 0] }) // [8, 100, 32]
 */
export function conv1d<X extends Shape, D extends DType, K extends Shape, E extends DType, const O extends ConvOptions<1> = {}>(
  x: Tensor<X, D>,
  kernel: Or<Conv1dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<Conv1dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("conv1d", x), tensorIn("conv1d", kernel, "kernel")]
  return emit(op, [a, k], convolving("conv1d", 1, a, k, options))
}
