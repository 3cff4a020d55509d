import type { Plain } from "../../typelevel/network.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { matmul } from "../ops/matmul.ts"
import { take } from "../ops/take.ts"
import { transpose } from "../ops/transpose.ts"
import { leafPlan } from "./arrow.ts"
import { type Initialiser, normal } from "./initialisers.ts"
import {
  type DTypeIn,
  type Floating,
  type LastSize,
  type Layer,
  layerOf,
  type needsTensors,
  type Positive,
  positive,
  type Same,
  type ShapeIn,
  type WithLast,
  initialiserIn,
} from "./layer.ts"
import { floats, lastSize, single } from "./spec.ts"

export interface EmbeddingOptions {
  /** Default Init.normal(1 / sqrt(features)), which gives rows of length about 1. */
  readonly tableInit?: Initialiser
}
export interface EmbeddingRule<V extends number, F extends number> extends Plain {
  readonly Kind: "embedding"
  readonly Out: this["In"] extends infer X ? (X extends TensorLike ? Rows<X, F> : needsTensors<"embedding", 1, X>) : never
  readonly Params: { table: Tensor<[V, F]> }
}
type Rows<X extends TensorLike, F extends number> = [X["dtype"] & ("i32" | "u32")] extends [never]
  ? needsIndices<X["dtype"]>
  : Tensor<[...X["shape"], F]>
type needsIndices<D extends string> = `embedding: needs indices, i32 or u32, got ${D}; cast them first`

/**
 * A row of a table for each index, [...s] integers to [...s, features].
 *
 * Parameter: table [vocabulary, features], f32. An index outside the table takes the nearest row. Refuses what is no integer.
 * Bengio et al. 2003.
 * @example Net.network(Net.input(["batch", "time"], "i32"), Net.embedding(1000, 64))
 */
export const embedding = <const V extends number, const F extends number>(
  vocabulary: Or<Positive<"embedding", "vocabulary", V>, V>,
  features: Or<Positive<"embedding", "features", F>, F>,
  options?: EmbeddingOptions,
): Layer<EmbeddingRule<V, F>> => {
  const v = positive("embedding", "vocabulary", vocabulary as number)
  const f = positive("embedding", "features", features as number)
  const { tableInit } = optionsIn<EmbeddingOptions>("embedding", options, ["tableInit"])
  const init = initialiserIn("embedding", "tableInit", tableInit, normal(1 / Math.sqrt(f)))
  return layerOf("embedding", {
    plan: (s) => {
      single("embedding", s)
      if (s.dtype !== "i32" && s.dtype !== "u32") refuse(`embedding: needs indices, i32 or u32, got ${s.dtype}; cast them first`)
      return leafPlan({ shape: [...s.shape, f], dtype: "f32" }, { table: { shape: [v, f], dtype: "f32", init } })
    },
    apply: ({ params }, x) => ({ y: raw(take(params["table"] as RawTensor, x, 0)), state: {} }),
  })
}

// ---- back to the vocabulary ----------------------------------------------------------------------------------------
export interface UnembeddingRule<V extends number> extends Plain {
  readonly Kind: "unembedding"
  readonly Out: Floating<"unembedding", this["In"], Scores<this["In"], V>>
  readonly Params: this["In"] extends infer X ? TableOf<X, V> : never
}
type TableOf<X, V extends number> =
  LastSize<"unembedding", ShapeIn<X>> extends infer F extends number
    ? { table: Tensor<[V, F], DTypeIn<X> & ("f32" | "f64")> }
    : never
type Scores<X, V extends number> =
  LastSize<"unembedding", ShapeIn<X>> extends infer F ? (F extends string ? F : Same<WithLast<ShapeIn<X>, V>, X>) : never

/**
 * How well a vector fits each row of a table, y = x table^T: [..., features] to [..., vocabulary].
 *
 * Parameter: table [vocabulary, features], the one of `Net.embedding`: under one name (`Net.shared`) the two are tied, and counted once.
 * Floats. Refuses a last axis without a size. Press and Wolf 2017.
 * @example
 * Net.network(Net.input(["batch", 1024], "i32"), Net.shared("wte", Net.embedding(50257, 768)), Net.layerNorm(),
 *   Net.shared("wte", Net.unembedding(50257)))
 */
export const unembedding = <const V extends number>(
  vocabulary: Or<Positive<"unembedding", "vocabulary", V>, V>,
  options?: EmbeddingOptions,
): Layer<UnembeddingRule<V>> => {
  const v = positive("unembedding", "vocabulary", vocabulary as number)
  const { tableInit } = optionsIn<EmbeddingOptions>("unembedding", options, ["tableInit"])
  return layerOf("unembedding", {
    plan: (s) => {
      floats("unembedding", s)
      const f = lastSize("unembedding", s)
      const init = initialiserIn("unembedding", "tableInit", tableInit, normal(1 / Math.sqrt(f)))
      return leafPlan({ shape: s.shape.with(-1, v), dtype: s.dtype }, { table: { shape: [v, f], dtype: s.dtype, init } })
    },
    apply: ({ params }, x) => ({ y: raw(matmul(x, raw(transpose(params["table"] as RawTensor)))), state: {} }),
  })
}
