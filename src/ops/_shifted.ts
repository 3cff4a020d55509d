// What softmax, logSoftmax and logSumExp share: x moved so that its largest element is 0 and no exponential overflows.
import { type DType, make, type RawTensor, raw } from "../core/index.ts"
import { spread } from "./_axes.ts"
import { op as max } from "./max.ts"
import { maximum } from "./maximum.ts"
import { sub } from "./sub.ts"

/** The most negative finite number. */
const lowest = (dtype: DType): number => (dtype === "f64" ? -Number.MAX_VALUE : -3.4028234663852886e38)
/** max x over the axes, but finite: where every element is -Infinity the lowest number stands, so that x - m is -Infinity and not NaN. */
export const finiteMax = (x: RawTensor, axes: readonly number[]): RawTensor =>
  raw(maximum(make(max, [x], { axes }), lowest(x.dtype)))
export const shifted = (x: RawTensor, axes: readonly number[]): RawTensor =>
  raw(sub(x, spread(finiteMax(x, axes), x.shape, axes)))
