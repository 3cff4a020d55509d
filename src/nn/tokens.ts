// Layers of sequences of tokens, [..., time, features]: positions, a token of the network's own, a single token.
import type { Dim } from "../../typelevel/dim.ts"
import type { needsRank } from "../../typelevel/messages.ts"
import type { Compare } from "../../typelevel/nat.ts"
import type { Plain } from "../../typelevel/network.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { Plus } from "../../typelevel/symbolic.ts"
import { optionsIn } from "../core/given.ts"
import { plus } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import { show } from "../core/shape.ts"
import type { Or } from "../core/signature.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { broadcastTo } from "../ops/broadcastTo.ts"
import { concat } from "../ops/concat.ts"
import { slice } from "../ops/slice.ts"
import { leafPlan, pureArrow } from "./arrow.ts"
import { type Initialiser, normal, zeros } from "./initialisers.ts"
import {
  type DTypeIn,
  type Every,
  type Floating,
  type LastSize,
  type Layer,
  layerOf,
  type Positive,
  positive,
  rankOfAtLeast,
  type Same,
  type ShapeIn,
  initialiserIn,
  numberIn,
} from "./layer.ts"
import { type AnySpec, floats, lastSize, type Spec } from "./spec.ts"

/** The number of features of a sequence, or the sentence. */
type Features<Op extends string, S extends Shape> = S extends readonly [...Shape, Dim, Dim]
  ? LastSize<Op, S>
  : Rankless<S> extends true
    ? number
    : needsRank<Op, "2 or more", S>
/** R where X is a sequence of floats, or the sentence. */
type Sequence<Op extends string, X, R> = Floating<
  Op,
  X,
  Features<Op, ShapeIn<X>> extends infer N ? (N extends string ? N : R) : never
>
function sequence(op: string, s: AnySpec): asserts s is Spec {
  floats(op, s)
  rankOfAtLeast(op, 2, s)
}
type Table<Op extends string, X, Name extends string, Rows extends readonly number[]> =
  Features<Op, ShapeIn<X>> extends infer N extends number
    ? { [_ in Name]: Tensor<[...Rows, N], DTypeIn<X> & ("f32" | "f64")> }
    : never

// ---- positions -----------------------------------------------------------------------------------------------------
export interface PositionEmbeddingOptions {
  /** Default Init.normal(0.02). */
  readonly tableInit?: Initialiser
}
export interface PositionEmbeddingRule<M extends number> extends Plain {
  readonly Kind: "positionEmbedding"
  readonly Out: this["In"] extends infer X
    ? Sequence<"positionEmbedding", X, X extends TensorLike ? Short<X, TimeOf<X["shape"]>, M> : never>
    : never
  readonly Params: Table<"positionEmbedding", this["In"], "table", [M]>
}
type TimeOf<S extends Shape> = S extends readonly [...Shape, infer T extends Dim, Dim] ? T : number
type Short<X extends TensorLike, T, M extends number> = T extends number
  ? Compare<T, M> extends ">"
    ? tooLong<X["shape"], T, M>
    : X
  : X
type tooLong<
  S,
  T extends number,
  M extends number,
> = `positionEmbedding: ${Show<S>} has ${T} places, and the table ${M}; shorten the sequence, or enlarge the table`
const tooLong = (s: Shape, t: number, m: number): string =>
  `positionEmbedding: ${show(s)} has ${t} places, and the table ${m}; shorten the sequence, or enlarge the table`
const checkLength = (s: Shape, most: number): void => {
  const t = s.at(-2)!
  if (typeof t === "number" && t > most) refuse(tooLong(s, t, most))
}
/**
 * Adds a learned vector to each place of a sequence, [..., time, n] to [..., time, n].
 *
 * Parameter: table [max, n], of which the first rows are used where the sequence is shorter. Floats. Refuses sequences longer than
 * max. Gehring et al. 2017; Radford et al. 2018.
 * @example Net.network(Net.input(["batch", 1024], "i32"), Net.embedding(50257, 768), Net.positionEmbedding(1024))
 */
export const positionEmbedding = <const M extends number>(
  max: Or<Positive<"positionEmbedding", "max", M>, M>,
  options?: PositionEmbeddingOptions,
): Layer<PositionEmbeddingRule<M>> => {
  const { tableInit } = optionsIn<PositionEmbeddingOptions>("positionEmbedding", options, ["tableInit"])
  const init = initialiserIn("positionEmbedding", "tableInit", tableInit, normal(0.02))
  const most = positive("positionEmbedding", "max", max as number)
  return layerOf("positionEmbedding", {
    plan: (s) => {
      sequence("positionEmbedding", s)
      const n = lastSize("positionEmbedding", s)
      checkLength(s.shape, most)
      return leafPlan(s, { table: { shape: [most, n], dtype: s.dtype, init } })
    },
    apply: ({ params }, x) => {
      checkLength(x.shape, most)
      return { y: raw(add(x, slice(params["table"] as RawTensor, [[0, x.shape.at(-2)!]]))), state: {} }
    },
  })
}

// ---- a token in front ----------------------------------------------------------------------------------------------
export interface PrependTokenOptions {
  /** Default Init.zeros. */
  readonly tokenInit?: Initialiser
}
export interface PrependTokenRule extends Plain {
  readonly Kind: "prependToken"
  readonly Out: this["In"] extends infer X ? Sequence<"prependToken", X, Same<Longer<ShapeIn<X>>, X>> : never
  readonly Params: Table<"prependToken", this["In"], "token", []>
}
type Longer<S extends Shape> = S extends readonly [...infer L extends Shape, infer T extends Dim, infer N extends Dim]
  ? [...L, Plus<T, 1>, N]
  : Shape
/**
 * Puts a learned token in front of each sequence, [..., time, n] to [..., time + 1, n]: the one that a classifier reads.
 *
 * Parameter: token [n]. Floats. Devlin et al. 2018; Dosovitskiy et al. 2020.
 * @example Net.sequential(Net.prependToken(), Net.positionEmbedding(197))
 */
export const prependToken = (options?: PrependTokenOptions): Layer<PrependTokenRule> => {
  const { tokenInit } = optionsIn<PrependTokenOptions>("prependToken", options, ["tokenInit"])
  const init = initialiserIn("prependToken", "tokenInit", tokenInit, zeros)
  return layerOf("prependToken", {
    plan: (s) => {
      sequence("prependToken", s)
      const n = lastSize("prependToken", s)
      const out = { shape: [...s.shape.slice(0, -2), plus(s.shape.at(-2)!, 1), n], dtype: s.dtype }
      return leafPlan(out, { token: { shape: [n], dtype: s.dtype, init } })
    },
    apply: ({ params }, x) => {
      const first = broadcastTo(params["token"] as RawTensor, x.shape.with(-2, 1))
      return { y: raw(concat([raw(first), x], -2)), state: {} }
    },
  })
}

// ---- one token -----------------------------------------------------------------------------------------------------
export interface SelectTokenRule<P extends number> extends Plain {
  readonly Kind: "selectToken"
  readonly Out: Every<"selectToken", this["In"], Selected<ShapeIn<this["In"]>, P>>
}
type Selected<S extends Shape, P extends number> = S extends readonly [
  ...infer L extends Shape,
  infer T extends Dim,
  infer N extends Dim,
]
  ? T extends number
    ? `${P}` extends `${string}.${string}`
      ? noToken<S, P, T>
      : Compare<Reach<P>, T> extends ">"
        ? noToken<S, P, T>
        : [...L, N]
    : [...L, N]
  : Rankless<S> extends true
    ? Shape
    : needsRank<"selectToken", "2 or more", S>
/** How long a sequence must be. */
type Reach<P extends number> = `${P}` extends `-${infer M extends number}` ? M : Plus<P, 1> & number
type noToken<
  S,
  P extends number,
  T extends number,
> = `selectToken: ${Show<S>} has ${T} places, and none is ${P}; count places from 0, or from the end with -1`
const reach = (s: Shape, place: number): void => {
  const t = s.at(-2)!
  if (typeof t === "number" && (!Number.isInteger(place) || (place < 0 ? -place : place + 1) > t))
    refuse(`selectToken: ${show(s)} has ${t} places, and none is ${place}; count places from 0, or from the end with -1`)
}
/**
 * One place of a sequence, by default the first: [..., time, n] to [..., n]. A negative place counts from the end.
 *
 * Every dtype. Refuses places that the sequence does not have.
 * @example Net.sequential(Net.selectToken(), Net.dense(1000))
 */
export const selectToken = <const P extends number = 0>(place?: P): Layer<SelectTokenRule<P>> => {
  const p = numberIn("selectToken", "the place", place ?? 0)
  return layerOf<SelectTokenRule<P>>(
    "selectToken",
    pureArrow(
      (s) => {
        rankOfAtLeast("selectToken", 2, s)
        reach(s.shape, p)
        return { shape: s.shape.toSpliced(-2, 1), dtype: s.dtype }
      },
      (x) => {
        reach(x.shape, p)
        return raw(slice(x, [...x.shape.slice(0, -2).map(() => null), p]))
      },
    ),
  )
}
