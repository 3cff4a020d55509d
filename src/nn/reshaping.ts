// Layers that give the elements another shape: flatten, reshape, transpose.
import type { Dim } from "../../typelevel/dim.ts"
import type { needsRank } from "../../typelevel/messages.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { Flatten, Permute, Reshape } from "../../typelevel/reshape.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Over, ProductOf } from "../../typelevel/symbolic.ts"
import { listIn } from "../core/given.ts"
import { over, times } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import { wrongPermutation, notASize } from "../core/messages.ts"
import { raw } from "../core/tensor.ts"
import { reshape as reshapeOf, reshaped } from "../ops/reshape.ts"
import { transpose as transposeOf } from "../ops/transpose.ts"
import { pureArrow } from "./arrow.ts"
import { type Every, type Layer, layerOf, rankOfAtLeast, type ShapeIn } from "./layer.ts"
import { single, UNKNOWN } from "./spec.ts"

export interface FlattenRule extends Plain {
  readonly Kind: "flatten"
  readonly Out: Every<"flatten", this["In"], Flat<ShapeIn<this["In"]>>>
}
type Flat<S extends Shape> = S extends readonly [] | readonly [Dim] ? needsRank<"flatten", "2 or more", S> : Flatten<S, 1>
/** All axes but the first become one, [n, ...s] to [n, product of s]. Every dtype. Refuses ranks below 2. */
export const flatten: Layer<FlattenRule> = layerOf(
  "flatten",
  pureArrow(
    (s) => {
      rankOfAtLeast("flatten", 2, s)
      const [n, ...rest] = s.shape as readonly [Dim, ...Dim[]]
      return { shape: [n, rest.reduce(times, 1)], dtype: s.dtype }
    },
    (x) => raw(reshapeOf(x, [x.shape[0]!, x.shape.slice(1).reduce((a, d) => a * d, 1)])),
  ),
)

export interface ReshapeRule<T extends Shape> extends Plain {
  readonly Kind: "reshape"
  readonly Out: Every<"reshape", this["In"], Behind<ShapeIn<this["In"]>, T>>
}
type Behind<S extends Shape, T extends Shape> = S extends readonly [infer N extends Dim, ...infer R extends Shape]
  ? ([Extract<R[number], string>] extends [never] ? Reshape<"reshape", R, T> : Named<R, T>) extends infer M
    ? M extends Shape
      ? [N, ...M]
      : M
    : never
  : Rankless<S> extends true
    ? Shape
    : needsRank<"reshape", "1 or more", S>
/** Names keep the number of elements from being known before the program runs; what is wrong with T alone is. */
type Named<R extends Shape, T extends Shape> =
  Reshape<"reshape", [number], T> extends infer M extends string
    ? M
    : Filled<T, Over<ProductOf<R>, ProductOf<Filled<T, 1>>> extends infer Q ? ([Q] extends [never] ? number : Q & Dim) : never>
type Filled<T extends Shape, D extends Dim> = { -readonly [K in keyof T]: T[K] extends -1 ? D : T[K] }
/**
 * Another shape for each example, [n, ...s] to [n, ...shape]; one size may be -1, which is inferred. Every dtype.
 *
 * Refuses another number of elements. Beside sizes that are names this is checked when the program runs.
 * @example Net.network(["batch", 784], Net.reshape([28, 28, -1]))
 */
export const reshape = <const T extends readonly number[]>(shape: readonly [...T]): Layer<ReshapeRule<T>> => {
  const wanted = listIn<number>("reshape", "the shape", shape)
  for (const n of wanted) if (n !== -1 && (!Number.isSafeInteger(n) || n < 0)) refuse(notASize("reshape", n))
  const others = wanted.reduce((n, d) => (d === -1 ? n : n * d), 1)
  const behind = (s: readonly Dim[]): Dim[] => {
    if (s.every((d) => typeof d === "number")) return reshaped("reshape", s as readonly number[], wanted)
    reshaped("reshape", [wanted.includes(-1) ? others || 1 : others], wanted) // what is wrong with the shape alone
    const rest = over(s.reduce<Dim>(times, 1), others) ?? UNKNOWN
    return wanted.map((d) => (d === -1 ? rest : d))
  }
  return layerOf<ReshapeRule<T>>(
    "reshape",
    pureArrow(
      (s) => {
        rankOfAtLeast("reshape", 1, s)
        return { shape: [s.shape[0]!, ...behind(s.shape.slice(1))], dtype: s.dtype }
      },
      (x) => raw(reshapeOf(x, [x.shape[0]!, ...reshaped("reshape", x.shape.slice(1), wanted)])),
    ),
  )
}

export interface TransposeRule<P extends readonly number[]> extends Plain {
  readonly Kind: "transpose"
  readonly Out: Every<"transpose", this["In"], Permute<"transpose", ShapeIn<this["In"]>, P>>
}
/**
 * Axes in another order: axis k of what comes out is axis `axes[k]` of what comes in. Every dtype; axes may be negative.
 *
 * Refuses a list that does not name each axis once.
 * @example Net.network(["batch", 32, 32, 3], Net.transpose([0, 3, 1, 2]))
 */
export const transpose = <const P extends readonly number[]>(axes: readonly [...P]): Layer<TransposeRule<P>> => {
  const order = listIn<number>("transpose", "axes", axes)
  return layerOf<TransposeRule<P>>(
    "transpose",
    pureArrow(
      (s) => {
        single("transpose", s)
        const at = order.map((a) => (typeof a === "number" && a < 0 ? a + s.shape.length : a))
        if (at.length !== s.shape.length || s.shape.some((_, k) => !at.includes(k)))
          refuse(wrongPermutation("transpose", s.shape, order))
        return { shape: at.map((k) => s.shape[k]!), dtype: s.dtype }
      },
      (x) => raw(transposeOf(x, order)),
    ),
  )
}
