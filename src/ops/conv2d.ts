import { type Calls, emit, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { convCalls, type ConvOptions, convolving, convOp, type ConvRule } from "./_conv.ts"

export type Conv2dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvRule<
  "conv2d",
  2,
  X,
  D,
  K,
  E,
  O
>
export const op = convOp("conv2d", 2)
export const calls = (): Calls => convCalls(2)

/**
 * Convolution over height and width (a correlation, as the field calls it): `y[.., h, w, f] = sum x[.., h s + i d, w s + j d, c] k[i, j, c, f]`.
 *
 * x is `[..., height, width, channels]`, the kernel `[height, width, channels / groups, filters]`; two tensors of one dtype, of numbers;
 * accumulated in that dtype. Sizes: floor((n + padding - (d (k - 1) + 1)) / s) + 1. As many groups as channels make it depthwise, with
 * filters / channels filters for each channel. Refuses channels that differ, and windows that do not fit. Dumoulin and Visin 2016.
 * @example conv2d(zeros([8, 28, 28, 1]), zeros([3, 3, 1, 32]), { stride: 2, padding: "same" }) // [8, 14, 14, 32]
 * @example conv2d(zeros([8, 28, 28, 16]), zeros([3, 3, 1, 32]), { groups: 16 }) // [8, 26, 26, 32], two filters for each channel
 */
export function conv2d<X extends Shape, D extends DType, K extends Shape, E extends DType, const O extends ConvOptions<2> = {}>(
  x: Tensor<X, D>,
  kernel: Or<Conv2dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<Conv2dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("conv2d", x), tensorIn("conv2d", kernel, "kernel")]
  return emit(op, [a, k], convolving("conv2d", 2, a, k, options))
}
