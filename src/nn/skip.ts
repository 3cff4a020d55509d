// Skip connections by concatenation, with cropping: the steps of a U-Net.
import type { Dim, Fits } from "../../typelevel/dim.ts"
import type { Compare } from "../../typelevel/nat.ts"
import type {
  AnyRule,
  Apply,
  CountOf,
  LiveOf,
  MaxR,
  PlusR,
  Row,
  RowsAnd,
  RowsInside,
  Rule,
  ShowSpec,
  SizeR,
} from "../../typelevel/network.ts"
import type { needsTensors } from "../../typelevel/pattern.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Plus } from "../../typelevel/symbolic.ts"
import { flagIn, optionsIn } from "../core/given.ts"
import { plus } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { concat } from "../ops/concat.ts"
import { slice } from "../ops/slice.ts"
import { liveOf, within } from "./arrow.ts"
import { type Own, own, withRow } from "./combinators.ts"
import { type DTypeIn, type Layer, layerOf } from "./layer.ts"
import { sizeOf } from "./live.ts"
import { fits, showSpec, single, type Spec } from "./spec.ts"

export interface SkipOptions {
  /** The input is cropped to the size of what the layer gives, the same on both sides (one less in front where that is odd). */
  readonly crop?: boolean
}

// ---- rule ----------------------------------------------------------------------------------------------------------
export interface SkipRule<F extends AnyRule, Crop> extends Rule {
  readonly Kind: "skip"
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer X ? Skipped<X, Apply<F, X, "Out">, Crop> : never
  readonly Params: this["In"] extends infer X ? Own<F, Apply<F, X, "Params">> : never
  readonly State: this["In"] extends infer X ? Own<F, Apply<F, X, "State">> : never
  readonly Count: this["In"] extends infer X ? CountOf<F, X> : never
  readonly Live: this["In"] extends infer X
    ? Alive<LiveOf<F, X>, PlusR<SizeR<X>, PlusR<SizeR<Apply<F, X, "Out">>, SizeR<Skipped<X, Apply<F, X, "Out">, Crop>>>>>
    : never
  readonly Rows: this["In"] extends infer X
    ? RowsAnd<[...RowsInside<F, X>, ...CropRow<X, Apply<F, X, "Out">, Crop>], Skipped<X, Apply<F, X, "Out">, Crop>>
    : never
}
type Skipped<X, Y, Crop> = X extends TensorLike
  ? Y extends string
    ? `skip > ${Y}`
    : Y extends TensorLike
      ? [X["dtype"] & Y["dtype"]] extends [never]
        ? misfit<X, Y, Crop>
        : Joined<X, Y, Crop>
      : Y extends readonly unknown[]
        ? needsTensors<"skip", 1, Y>
        : never
  : needsTensors<"skip", 1, X>
type Joined<X extends TensorLike, Y extends TensorLike, Crop> = X["shape"] extends readonly [
  ...infer A extends Shape,
  infer C extends Dim,
]
  ? Y["shape"] extends readonly [...infer B extends Shape, infer D extends Dim]
    ? Covers<A, B, Crop> extends true
      ? Tensor<[...B, Plus<C, D>], DTypeIn<X>>
      : misfit<X, Y, Crop>
    : Open<X, Y, Crop>
  : Open<X, Y, Crop>
/** A shape of unknown rank passes. */
type Open<X extends TensorLike, Y extends TensorLike, Crop> =
  Rankless<X["shape"]> extends true
    ? Tensor<Shape, DTypeIn<X>>
    : Rankless<Y["shape"]> extends true
      ? Tensor<Shape, DTypeIn<X>>
      : misfit<X, Y, Crop>
/** Is each size of A that of B, or (cropped) more? */
type Covers<A, B, Crop> = A extends readonly [infer X extends Dim, ...infer P]
  ? B extends readonly [infer Y extends Dim, ...infer Q]
    ? Fits<X, Y> extends true
      ? Covers<P, Q, Crop>
      : Crop extends true
        ? [X, Y] extends [infer M extends number, infer N extends number]
          ? Compare<M, N> extends ">"
            ? Covers<P, Q, Crop>
            : false
          : false
        : false
    : false
  : B extends readonly []
    ? true
    : false
type misfit<X, Y, Crop> = Crop extends true
  ? `skip: the input is ${ShowSpec<X>}, the layer gives ${ShowSpec<Y>}; only the last axis may differ, or be cropped to a smaller size`
  : `skip: the input is ${ShowSpec<X>}, the layer gives ${ShowSpec<Y>}; only the last axis may differ, unless { crop: true }`
/** The input is held while the layer runs, and both until their concatenation is there. */
type Alive<V, N extends string> = V extends readonly [string, infer Held extends string]
  ? MaxR<Held, N> extends infer M extends string
    ? [M, M]
    : never
  : never
type CropRow<X, Y, Crop> = Crop extends true
  ? [X, Y] extends [TensorLike<readonly [...Shape, infer C extends Dim]>, TensorLike<readonly [...infer B extends Shape, Dim]>]
    ? [["crop", [...B, C]]] extends infer R extends readonly Row[]
      ? R
      : []
    : []
  : []

// ---- layer ---------------------------------------------------------------------------------------------------------
/** The shape to which the input is cropped, or the sentence. */
const cropped = (x: Spec, y: Spec, crop: boolean): Dim[] => {
  const [a, b] = [x.shape.slice(0, -1), y.shape.slice(0, -1)]
  const covers = (d: Dim, e: Dim): boolean => fits(d, e) || (crop && typeof d === "number" && typeof e === "number" && d > e)
  if (x.dtype === y.dtype && a.length === b.length && x.shape.length > 0 && a.every((d, k) => covers(d, b[k]!)))
    return [...b, x.shape.at(-1)!]
  const what = crop ? "or be cropped to a smaller size" : "unless { crop: true }"
  return refuse(`skip: the input is ${showSpec(x)}, the layer gives ${showSpec(y)}; only the last axis may differ, ${what}`)
}
/** The middle of x, as large as y but for the last axis. */
const middle = (x: RawTensor, y: RawTensor): RawTensor => {
  const from = x.shape.slice(0, -1).map((n, k) => Math.floor((n - y.shape[k]!) / 2))
  return from.every((n, k) => n === 0 && x.shape[k] === y.shape[k])
    ? x
    : raw(
        slice(
          x,
          from.map((n, k) => [n, n + y.shape[k]!] as const),
        ),
      )
}

/**
 * A skip connection by concatenation: x and layer(x) one behind the other along the last axis, [...s, c] to [...s, c + d].
 *
 * With `crop`, x is first cropped to the size of layer(x). Skips nest: a U-Net is a skip around the layers below it, on each of its
 * levels. Parameters: those of the layer (under its name, if it has one). Refuses sizes that differ elsewhere. Ronneberger et al.
 * 2015.
 * @example Net.skip(Net.sequential(Net.maxPool2d(2), inner, Net.convTranspose2d({ filters: 64, kernel: 2, stride: 2 })), { crop: true })
 */
export const skip = <F extends AnyRule, const O extends SkipOptions = {}>(
  layer: Layer<F>,
  options?: O,
): Layer<SkipRule<F, O extends { readonly crop: infer C } ? C : false>> => {
  const body = own("skip", layer)
  const crop = flagIn("skip", "crop", optionsIn<SkipOptions>("skip", options, ["crop"]).crop)
  return layerOf("skip", {
    plan: (s) => {
      single("skip", s)
      const p = within("skip > ", () => body.plan(s))
      single("skip", p.out)
      const kept = cropped(s, p.out, crop)
      const out: Spec = { shape: [...kept.slice(0, -1), plus(kept.at(-1)!, p.out.shape.at(-1)!)], dtype: s.dtype }
      const most = Math.max(liveOf(s, p).held, sizeOf(s) + sizeOf(p.out) + sizeOf(out))
      const row = { path: "crop", kind: "crop", out: { shape: kept, dtype: s.dtype }, parameters: 0 }
      return withRow("skip", { ...p, out, rows: crop ? [...p.rows, row] : p.rows, live: { peak: most, held: most } })
    },
    apply: (env, x) => {
      const r = body.apply(env, x)
      return { y: raw(concat([middle(x, r.y), r.y], -1)), state: r.state }
    },
  })
}
