// A layer: a rule for the compiler, an arrow for the run. Rules that several layers share.
import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { needsFloat, needsRank, notPositive } from "../../typelevel/messages.ts"
import type { NotASize } from "../../typelevel/nat.ts"
import type { AnyRule, LayerLike, Plain } from "../../typelevel/network.ts"
import type { needsTensors } from "../../typelevel/pattern.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { FloatDType } from "../core/dtype.ts"
import { spelled } from "../core/shape.ts"
import { functionIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import { needsRank as rankSentence, notPositive as positiveSentence } from "../core/messages.ts"
import type { RawTensor, Tensor } from "../core/tensor.ts"
import { type Arrow, type Env, pureArrow } from "./arrow.ts"
import type { Initialiser } from "./initialisers.ts"
import { type AnySpec, floats, single, type Spec } from "./spec.ts"

/** A layer whose rule is F. Immutable; it holds no parameters, only how to make them. */
export interface Layer<F extends AnyRule = AnyRule> extends Arrow, LayerLike<F> {
  readonly kind: string
  /** Its key in the trees, where it is not its kind and an ordinal. */
  readonly name: string | undefined
  /** Several layers of one name share their parameters. */
  readonly shared: boolean
}
/** Any layer at all. */
export type AnyLayer = Layer<AnyRule>

/** Types an arrow as a layer. The rule exists for the compiler alone. */
export const layerOf = <F extends AnyRule>(kind: F["Kind"], arrow: Arrow, name?: string, shared = false): Layer<F> => ({
  plan: arrow.plan,
  apply: arrow.apply,
  rule: { Kind: kind } as unknown as F,
  kind,
  name,
  shared,
})

// ---- rules ---------------------------------------------------------------------------------------------------------
/** A rule R of the input's shape S and dtype D, after D was found to be floating point. */
export type Floating<Op extends string, X, R> = X extends TensorLike
  ? [X["dtype"] & FloatDType] extends [never]
    ? needsFloat<Op, X["dtype"]>
    : R
  : needsTensors<Op, 1, X>
export type { needsTensors } from "../../typelevel/pattern.ts"
export type ShapeIn<X> = X extends TensorLike ? X["shape"] : never
export type DTypeIn<X> = X extends TensorLike ? X["dtype"] & DType : never
/** A tensor of the rule's shape and of X's dtype, or the rule's sentence. */
export type Same<R, X> = R extends Shape ? Tensor<R, DTypeIn<X>> : R

/** The same, of every dtype, for a rule R of one tensor's shape. */
export type Every<Op extends string, X, R> = X extends TensorLike ? Same<R, X> : needsTensors<Op, 1, X>

/** The size of the last axis, or the sentence. */
export type LastSize<Op extends string, S extends Shape> = S extends readonly [...Shape, infer C extends Dim]
  ? C extends number
    ? C
    : nameIsNoSize<Op, S>
  : Rankless<S> extends true
    ? number
    : needsRank<Op, "1 or more", S>
export type nameIsNoSize<
  Op extends string,
  S extends Shape,
> = `${Op}: the last dimension of ${Show<S>} is a name; parameters need a size`
/** S with U as its last axis. */
export type WithLast<S extends Shape, U extends Dim> = S extends readonly [...infer B extends Shape, Dim] ? [...B, U] : Shape

/** `[]` where N is a whole number of 1 or more, or the sentence. */
export type Positive<Op extends string, Field extends string, N extends number> = number extends N
  ? []
  : N extends 0
    ? notPositive<Op, Field, 0>
    : NotASize<N> extends infer T extends string
      ? [T] extends [never]
        ? []
        : notPositive<Op, Field, T>
      : never
/** The same for one number or for each of a list. */
export type Positives<Op extends string, Field extends string, V> = V extends readonly [infer H extends number, ...infer R]
  ? Positive<Op, Field, H> extends infer M
    ? M extends string
      ? M
      : Positives<Op, Field, R>
    : never
  : V extends number
    ? Positive<Op, Field, V>
    : []
export const positive = (op: string, field: string, n: number): number =>
  Number.isSafeInteger(n) && n >= 1 ? n : refuse(positiveSentence(op, field, n))
/** A factor or the like, which must be a number (or a tensor where a layer's parameters have none). */
export const numberIn = (op: string, field: string, v: unknown): number =>
  typeof v === "number" ? v : refuse(`${op}: ${field} is ${spelled(v)}; it must be a number`)
/** What makes parameters; the default where it is not given. */
export const initialiserIn = (op: string, field: string, v: Initialiser | undefined, otherwise: Initialiser): Initialiser =>
  v === undefined ? otherwise : functionIn(op, field, v)
export function rankOfAtLeast(op: string, least: number, s: AnySpec): asserts s is Spec {
  single(op, s)
  if (s.shape.length < least) refuse(rankSentence(op, `${least} or more`, s.shape))
}

// ---- layers without parameters that keep the shape --------------------------------------------------------------------
export interface ElementwiseRule<Kind extends string> extends Plain {
  readonly Kind: Kind
  readonly Out: Floating<Kind, this["In"], this["In"]>
}
/** A layer that applies f, which keeps shape and dtype. */
export const elementwise = <Kind extends string>(
  kind: Kind,
  f: (x: RawTensor, env: Env) => unknown,
): Layer<ElementwiseRule<Kind>> =>
  layerOf<ElementwiseRule<Kind>>(
    kind,
    pureArrow(
      (s) => {
        floats(kind, s)
        return s
      },
      (x, env) => f(x, env) as RawTensor,
    ),
  )
