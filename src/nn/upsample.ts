import type { ForAxes, needsImage, PerAxis } from "../../typelevel/conv.ts"
import type { Dim } from "../../typelevel/dim.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Times } from "../../typelevel/symbolic.ts"
import { wordIn } from "../core/given.ts"
import { times } from "../core/dims.ts"
import type { Or } from "../core/signature.ts"
import { upto } from "../core/shape.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { anImage, eachAxis } from "../ops/_windows.ts"
import { add } from "../ops/add.ts"
import { concat } from "../ops/concat.ts"
import { mul } from "../ops/mul.ts"
import { reshape } from "../ops/reshape.ts"
import { stack } from "../ops/stack.ts"
import { pureArrow } from "./arrow.ts"
import { cut } from "./edges.ts"
import { type Floating, type Layer, layerOf, positive, type Positives, type Same, type ShapeIn } from "./layer.ts"
import { floats } from "./spec.ts"

/** How elements between those that are there are made. */
export type Interpolation = "nearest" | "bilinear"
export interface Upsample2dRule<F> extends Plain {
  readonly Kind: "upsample2d"
  readonly Out: Floating<"upsample2d", this["In"], Same<Larger<ShapeIn<this["In"]>, F>, this["In"]>>
}
type Larger<S extends Shape, F> = S extends readonly [
  ...infer B extends Shape,
  infer H extends Dim,
  infer W extends Dim,
  infer C extends Dim,
]
  ? [...B, Times<H, PerAxis<F, 0> & number>, Times<W, PerAxis<F, 1> & number>, C]
  : Rankless<S> extends true
    ? Shape
    : needsImage<"upsample2d", 2, S>

/** x with f elements for each along an axis. New elements lie at (p + 1/2) / f - 1/2 from the old, p < f; beyond the edge it goes on as it is. */
const widened = (x: RawTensor, axis: number, f: number, how: Interpolation): RawTensor => {
  const n = x.shape[axis]!
  if (f === 1 || n === 0) return raw(reshape(x, x.shape.with(axis, n * f)))
  const before = raw(concat([cut(x, axis, 0, 1), cut(x, axis, 0, n - 1)], axis))
  const behind = raw(concat([cut(x, axis, 1, n), cut(x, axis, n - 1, n)], axis))
  const phases = upto(f).map((p): RawTensor => {
    const offset = (p + 0.5) / f - 0.5
    if (how === "nearest" || offset === 0) return x
    const t = Math.abs(offset)
    return raw(add(mul(x, 1 - t), mul(offset < 0 ? before : behind, t)))
  })
  return raw(reshape(stack(phases, axis + 1), x.shape.with(axis, n * f)))
}
/**
 * Images `factor` times as high and wide, [..., height, width, channels] to [..., f height, f width, channels].
 *
 * Floats. "nearest" (default) repeats elements; "bilinear" interpolates between their centres (half-pixel centres; PyTorch's
 * `align_corners=False`). Refuses what is no image, and factors below 1.
 * @example Net.upsample2d(2, "bilinear")
 */
export const upsample2d = <const F extends ForAxes<2, number>>(
  factor: Or<Positives<"upsample2d", "factor", F>, F>,
  how?: Interpolation,
): Layer<Upsample2dRule<F>> => {
  const by = eachAxis("upsample2d", "factor", factor as ForAxes<2, number>, 2).map((f) => positive("upsample2d", "factor", f))
  const kind = wordIn("upsample2d", "interpolation", how ?? "nearest", ["nearest", "bilinear"] as const)
  return layerOf(
    "upsample2d",
    pureArrow(
      (s) => {
        floats("upsample2d", s)
        anImage("upsample2d", 2, s.shape)
        const first = s.shape.length - 3
        return { shape: s.shape.map((d, k) => times(d, by[k - first] ?? 1)), dtype: s.dtype }
      },
      (x) => by.reduce((t, f, k) => widened(t, x.shape.length - 3 + k, f, kind), x),
    ),
  )
}
