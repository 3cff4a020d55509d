import { type Calls, emit, tensorIn } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import type { Tensor } from "../core/tensor.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { convCalls, type ConvOptions, convolving, convOp, type ConvRule } from "./_conv.ts"

export type Conv3dRule<X extends Shape, D extends DType, K extends Shape, E extends DType, O> = ConvRule<
  "conv3d",
  3,
  X,
  D,
  K,
  E,
  O
>
export const op = convOp("conv3d", 3)
export const calls = (): Calls => convCalls(3)

/**
 * Convolution over depth, height and width: `y[.., t, h, w, f] = sum x[.., t s + i d, h s + j d, w s + l d, c] k[i, j, l, c, f]`.
 *
 * x is `[..., depth, height, width, channels]`, the kernel `[depth, height, width, channels / groups, filters]`; two tensors of one dtype, of
 * numbers; accumulated in that dtype. Sizes: floor((n + padding - (d (k - 1) + 1)) / s) + 1. Refuses channels that differ, and windows
 * that do not fit. Tran et al. 2015.
 * @example conv3d(zeros([2, 16, 32, 32, 3]), zeros([3, 3, 3, 3, 8]), { stride: [1, 2, 2], padding: "same" }) // [2, 16, 16, 16, 8]
 */
export function conv3d<X extends Shape, D extends DType, K extends Shape, E extends DType, const O extends ConvOptions<3> = {}>(
  x: Tensor<X, D>,
  kernel: Or<Conv3dRule<X, D, K, E, O>, Tensor<K, E>>,
  options?: O,
): Of<Conv3dRule<X, D, K, E, O>, D & E> {
  const [a, k] = [tensorIn("conv3d", x), tensorIn("conv3d", kernel, "kernel")]
  return emit(op, [a, k], convolving("conv3d", 3, a, k, options))
}
