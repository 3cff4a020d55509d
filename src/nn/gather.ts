// Layers beside each other whose outputs become one: concatenated along the last axis, or added.
import type { Dim, Fits, Known } from "../../typelevel/dim.ts"
import type { needsRank as NeedsRank, ofNothing as OfNothing } from "../../typelevel/messages.ts"
import type { LiveBeside, Plain, RowsAnd, RowsOf, ShowSpec, SizeR, Within } from "../../typelevel/network.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import type { Plus } from "../../typelevel/symbolic.ts"
import { plus } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import { needsRank, ofNothing } from "../core/messages.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { add as sumOf } from "../ops/add.ts"
import { concat as concatOf } from "../ops/concat.ts"
import { leafPlan } from "./arrow.ts"
import { type DTypeIn, type Layer, layerOf } from "./layer.ts"
import { asList, type Beside, forked, type Fork, type needsList, noList } from "./parallel.ts"
import type { Listed } from "./sequential.ts"
import { fits, isList, showSpec, type Spec, UNKNOWN } from "./spec.ts"

// ---- rules: one output of all ----------------------------------------------------------------------------------------
/** Are the tensors what a layer gives, or what it gets? */
type Part = "output" | "tensor"
type onlyLast<
  Op extends string,
  What extends Part,
  K extends number,
  G,
  H,
> = `${Op}: ${What} ${K} is ${ShowSpec<G>}, ${What} 0 is ${ShowSpec<H>}; only the last axis may differ`
type mustAgree<
  Op extends string,
  What extends Part,
  K extends number,
  G,
  H,
> = `${Op}: ${What} ${K} is ${ShowSpec<G>}, ${What} 0 is ${ShowSpec<H>}; they must agree`

/** Tensors one behind the other along the last axis, or the sentence. */
type Joined<Op extends string, What extends Part, L> = L extends readonly [infer H extends TensorLike, ...infer R]
  ? H["shape"] extends readonly [...infer B extends Shape, infer C extends Dim]
    ? JoinedTo<Op, What, H, R, B, C>
    : Rankless<H["shape"]> extends true
      ? Tensor<Shape, DTypeIn<H>>
      : NeedsRank<Op, "1 or more", H["shape"]>
  : OfNothing<Op>
type JoinedTo<
  Op extends string,
  What extends Part,
  H extends TensorLike,
  L,
  B extends Shape,
  C extends Dim,
  K extends readonly unknown[] = [0],
> = L extends readonly [infer G extends TensorLike, ...infer R]
  ? Lead<H, G, B> extends readonly [infer M extends Shape, infer D extends Dim]
    ? JoinedTo<Op, What, H, R, M, Plus<C, D>, [...K, 0]>
    : onlyLast<Op, What, K["length"], G, H>
  : Tensor<[...B, C], DTypeIn<H>>
/** The shape of G without the last axis, met with B, and its last axis; false where they are not alike. */
type Lead<H extends TensorLike, G extends TensorLike, B extends Shape> = [H["dtype"] & G["dtype"]] extends [never]
  ? false
  : G["shape"] extends readonly [...infer E extends Shape, infer D extends Dim]
    ? [Meets<B, E>, D]
    : Rankless<G["shape"]> extends true
      ? [B, number]
      : false
/** Tensors of one shape, or the sentence. */
type Summed<Op extends string, What extends Part, L> = L extends readonly [infer H extends TensorLike, ...infer R]
  ? SummedTo<Op, What, H, R, H["shape"]>
  : OfNothing<Op>
type SummedTo<
  Op extends string,
  What extends Part,
  H extends TensorLike,
  L,
  S extends Shape,
  K extends readonly unknown[] = [0],
> = L extends readonly [infer G extends TensorLike, ...infer R]
  ? [H["dtype"] & G["dtype"], Meets<S, G["shape"]>] extends [infer D, infer M extends Shape]
    ? [D] extends [never]
      ? mustAgree<Op, What, K["length"], G, H>
      : SummedTo<Op, What, H, R, M, [...K, 0]>
    : mustAgree<Op, What, K["length"], G, H>
  : Tensor<S, DTypeIn<H>>
/** The better known of two shapes, or false where they are not one. */
type Meets<A extends Shape, B extends Shape> = [A, B] extends [B, A]
  ? A
  : Rankless<A> extends true
    ? B
    : Rankless<B> extends true
      ? A
      : Met<A, B>
type Met<A, B, Acc extends Shape = []> = A extends readonly [infer X extends Dim, ...infer P]
  ? B extends readonly [infer Y extends Dim, ...infer Q]
    ? Fits<X, Y> extends true
      ? Met<P, Q, [...Acc, Known<X> extends true ? X : Y]>
      : false
    : false
  : B extends readonly []
    ? Acc
    : false

type Gathered<Kind extends "concat" | "add", What extends Part, L> = Kind extends "concat"
  ? Joined<Kind, What, L>
  : Summed<Kind, What, L>
/** Branches whose outputs are concatenated, or added. */
export interface GatherRule<Kind extends "concat" | "add", L extends readonly unknown[]> extends Beside<L, "both"> {
  readonly Kind: Kind
  readonly Out: this["In"] extends infer X ? All<Kind, Within<Kind, L, Fork<[...L], X>>> : never
  readonly Live: this["In"] extends infer X ? LiveBeside<L, X, SizeR<All<Kind, Fork<[...L], X>>>> : never
  readonly Rows: this["In"] extends infer X ? RowsAnd<RowsOf<L, X, "both">, All<Kind, Fork<[...L], X>>> : never
}
type All<Kind extends "concat" | "add", W> = W extends string ? W : Gathered<Kind, "output", W>
/** The same of a list that comes in. */
export interface ListRule<Kind extends "join" | "total"> extends Plain {
  readonly Kind: Kind
  readonly Out: this["In"] extends infer X
    ? X extends readonly unknown[]
      ? Kind extends "join"
        ? Joined<Kind, "tensor", X>
        : Summed<Kind, "tensor", X>
      : needsList<Kind, X>
    : never
}
// ---- the same when it runs -------------------------------------------------------------------------------------------
const meet = (a: readonly Dim[], b: readonly Dim[]): Dim[] | undefined =>
  a.length === b.length && a.every((d, k) => fits(d, b[k]!)) ? a.map((d, k) => (d === UNKNOWN ? b[k]! : d)) : undefined
const joined = (op: string, what: Part, list: readonly Spec[]): Spec => {
  const first = list[0] ?? refuse(ofNothing(op))
  if (first.shape.length === 0) refuse(needsRank(op, "1 or more", first.shape))
  const lead = (s: Spec): readonly Dim[] => s.shape.slice(0, -1)
  return list.slice(1).reduce((to, s, k) => {
    const met = s.dtype === to.dtype && s.shape.length > 0 ? meet(lead(to), lead(s)) : undefined
    if (!met)
      return refuse(`${op}: ${what} ${k + 1} is ${showSpec(s)}, ${what} 0 is ${showSpec(first)}; only the last axis may differ`)
    return { shape: [...met, plus(to.shape.at(-1)!, s.shape.at(-1)!)], dtype: to.dtype }
  }, first)
}
const summed = (op: string, what: Part, list: readonly Spec[]): Spec => {
  const first = list[0] ?? refuse(ofNothing(op))
  return list.slice(1).reduce((to, s, k) => {
    const met = s.dtype === to.dtype ? meet(to.shape, s.shape) : undefined
    return met
      ? { shape: met, dtype: to.dtype }
      : refuse(`${op}: ${what} ${k + 1} is ${showSpec(s)}, ${what} 0 is ${showSpec(first)}; they must agree`)
  }, first)
}
const joinedTensors = (list: readonly RawTensor[]): RawTensor => (list.length === 1 ? list[0]! : raw(concatOf(list, -1)))
const summedTensors = (list: readonly RawTensor[]): RawTensor => list.reduce((a, b) => raw(sumOf(a, b)))

// ---- layers ----------------------------------------------------------------------------------------------------------
/**
 * Branches of one input, whose outputs are put one behind the other along the last axis (channels, features): [...s, c] and [...s,
 * d] to [...s, c + d].
 *
 * Parameters and state: an entry for each branch, keyed as in a network. Refuses outputs that differ elsewhere. Szegedy et al. 2014.
 * @example Net.concat(Net.conv2d({ filters: 64, kernel: 1 }), Net.conv2d({ filters: 32, kernel: 3, padding: "same" }))
 */
export const concat = <const L extends readonly unknown[]>(
  ...branches: L extends Listed<L> ? L : Listed<L>
): Layer<GatherRule<"concat", L>> =>
  layerOf<GatherRule<"concat", L>>(
    "concat",
    forked("concat", branches, { spec: (list) => joined("concat", "output", list), tensor: joinedTensors }),
  )

/**
 * Branches of one input, whose outputs are added. `Net.residual` is the sum of an input and a layer of it.
 *
 * Parameters and state: an entry for each branch, keyed as in a network. Refuses outputs of unequal shapes.
 * @example Net.add(Net.dense(64), Net.sequential(Net.dense(16), Net.relu, Net.dense(64)))
 */
export const add = <const L extends readonly unknown[]>(
  ...branches: L extends Listed<L> ? L : Listed<L>
): Layer<GatherRule<"add", L>> =>
  layerOf<GatherRule<"add", L>>(
    "add",
    forked("add", branches, { spec: (list) => summed("add", "output", list), tensor: summedTensors }),
  )

const ofList = <Kind extends "join" | "total">(
  kind: Kind,
  spec: (op: string, what: Part, list: readonly Spec[]) => Spec,
  tensor: (list: readonly RawTensor[]) => RawTensor,
): Layer<ListRule<Kind>> =>
  layerOf<ListRule<Kind>>(kind, {
    plan: (s) => leafPlan(isList(s) ? spec(kind, "tensor", s) : refuse(noList(kind, s))),
    apply: (_, x) => ({ y: tensor(asList(x)), state: {} }),
  })
/** The tensors of a list, one behind the other along the last axis: [...s, c] and [...s, d] to [...s, c + d]. */
export const join: Layer<ListRule<"join">> = ofList("join", joined, joinedTensors)
/** The sum of the tensors of a list: [...s] and [...s] to [...s]. */
export const total: Layer<ListRule<"total">> = ofList("total", summed, summedTensors)
