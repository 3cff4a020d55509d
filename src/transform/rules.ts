// What transformations ask of a function and of a call, as types: trees leaf by leaf, in the words of the run time. Types only.
import type { Tensor } from "../core/tensor.ts"
import type { DType, FloatDType } from "../core/dtype.ts"
import type { Of } from "../core/signature.ts"
import type { Dim, Fits, Known } from "../../typelevel/dim.ts"
import type { axisOutside, notScalar } from "../../typelevel/messages.ts"
import type { FirstOf } from "../../typelevel/least.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Axis, Drop, Insert, Rankless, Shape, Show } from "../../typelevel/shape.ts"
import type { Call, DTypeOf, FunctionSpec, ShapeOf, Spec } from "../../typelevel/shaped.ts"
import type { IsUnion } from "../../typelevel/unify.ts"
import type { Carrier } from "./call.ts"
import type { Called, ShapedRule, SpecTensors } from "./shaped.ts"

export type Fn = (...args: never[]) => unknown
export type Source = Fn | Carrier
/** The function that a jitted function wraps, or the function itself. */
type Pure<F> = F extends { readonly pure: infer P } ? P : F
/** A batched function: what it batches, and along which axes. */
export interface Mapped<F, I, X> {
  readonly batches: { readonly of: F; readonly inAxes: I; readonly outAxis: X }
}
export type ArgsOf<F> =
  F extends Mapped<infer G, infer I, unknown> ? Widened<ArgsOf<G>, I> : Pure<F> extends (...args: infer A) => unknown ? A : never
export type ResultOf<F> =
  F extends Mapped<infer G, unknown, infer X>
    ? BatchedOut<ResultOf<G>, number, X>
    : Pure<F> extends (...args: never[]) => infer R
      ? R
      : never
/** Any shaped function, as far as its rule goes. */
export interface Ruled<I extends readonly Spec[] = readonly Spec[], O extends object = object, D extends DType = DType> {
  readonly rule: ShapedRule<I, O, D>
}
/** The result of a call with these arguments: a shaped function's follows from them. */
export type ResultFor<F, A> =
  F extends Ruled<infer I, infer O, infer D>
    ? A extends readonly unknown[]
      ? Called<I, O, D, A>
      : never
    : F extends Mapped<infer G, infer I, infer X>
      ? A extends readonly unknown[]
        ? BatchedOut<ResultFor<G, Rows<A, I>>, BatchSize<A, I>, X>
        : never
      : ResultOf<F>

// ---- trees ---------------------------------------------------------------------------------------------------------
export type Below<P extends string, K> = number extends K
  ? Below<P, "0">
  : P extends ""
    ? `${K & (string | number)}`
    : `${P}/${K & (string | number)}`
/** Trees are walked so far: a type that contains itself ends there. */
export type Deep = readonly [0, 0, 0, 0, 0, 0, 0, 0]

/** A tree that takes literals with `const`: lists in it are readonly. */
export type Frozen<T> = T extends TensorLike
  ? T
  : T extends Fn
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T

// ---- grad ----------------------------------------------------------------------------------------------------------
type Leaf<P extends string> = P extends "" ? "" : `, leaf ${P}`
/** Path and sentence of each leaf of argument N that has no derivative. */
export type NoGradient<Op extends string, T, N, P extends string = "", Seen extends readonly 0[] = []> = Seen extends Deep
  ? never
  : T extends TensorLike
    ? [T["dtype"] & FloatDType] extends [never]
      ? [
          P,
          `${Op}: argument ${N & (number | string)}${Leaf<P>} is ${T["dtype"]}; only floating-point tensors have gradients; pass it as another argument`,
        ]
      : never
    : T extends number
      ? P extends ""
        ? [
            P,
            `${Op}: argument ${N & (number | string)} is a number; only tensors have gradients; full([], x) makes one of a number`,
          ]
        : never
      : T extends Fn
        ? never
        : T extends object
          ? { [K in keyof T]: NoGradient<Op, T[K], N, Below<P, K>, [...Seen, 0]> } extends infer M
            ? M[T extends readonly unknown[] ? number & keyof M : keyof M]
            : never
          : never
type NoGradients<Op extends string, A extends readonly unknown[], N> = N extends readonly [infer H, ...infer R]
  ? FirstOf<NoGradient<Op, A[H & number], H>> extends infer M extends string
    ? M
    : NoGradients<Op, A, R>
  : []
type Asked<O> = O extends { readonly argnums: infer N } ? (N extends number ? readonly [N] : N) : readonly [0]

type noArgument<
  Op extends string,
  N extends number,
  Count extends number,
> = `${Op}: argnums ${N} is no argument of a call with ${Count}; count from 0`
/** `[]`, or the sentence about argnums that name no argument, or one twice. */
export type Argnums<Op extends string, A extends readonly unknown[], O> = number extends A["length"]
  ? []
  : Asked<O> extends infer N extends readonly number[]
    ? Named<Op, A, N, N>
    : []
type Named<Op extends string, A extends readonly unknown[], N extends readonly number[], Rest> = Rest extends readonly [
  infer H extends number,
  ...infer R,
]
  ? number extends H
    ? []
    : `${H}` extends keyof A
      ? Named<Op, A, N, R>
      : noArgument<Op, H, A["length"]>
  : Once<Op, N, N>
type Once<Op extends string, N extends readonly number[], Rest, Seen = never> = Rest extends readonly [infer H, ...infer R]
  ? H extends Seen
    ? `${Op}: argnums ${Show<N>} names an argument twice; list each once`
    : Once<Op, N, R, Seen | H>
  : []

type Loss<R, O> = O extends { readonly aux: true } ? (R extends readonly [infer L, ...unknown[]] ? L : R) : R
/** The sentence where the result is no scalar. */
type ScalarRule<Op extends string, L> = [L] extends [never]
  ? []
  : L extends TensorLike<infer S, infer D>
    ? number extends S["length"]
      ? []
      : S extends readonly []
        ? [D & FloatDType] extends [never]
          ? `${Op}: the function returns ${D}, which has no derivative; return a floating-point scalar`
          : []
        : notScalar<Op, S>
    : `${Op}: the function must return a scalar tensor (shape []); with further results, return [scalar, more] and say { aux: true }`
/** `[]`, or the sentence about a function that has no gradient. */
export type GradRule<Op extends string, F, O> =
  NoGradients<Op, TreesOf<F>, Asked<O>> extends infer M extends string ? M : ScalarRule<Op, Loss<Returned<F>, O>>
/** The parameters and the result as trees of tensors. */
type TreesOf<F> = F extends Ruled<infer I> ? SpecTensors<I> : ArgsOf<F>
export type Returned<F> =
  F extends Ruled<readonly Spec[], infer Out, infer D> ? (Out extends Shape ? Tensor<Out, D> : Out) : ResultOf<F>
/** The tree or trees that a gradient has. */
export type Wrt<A extends readonly unknown[], O> = O extends { readonly argnums: infer N }
  ? N extends number
    ? A[N]
    : N extends readonly number[]
      ? { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never }
      : never
  : A[0]
/** The same for a call of a shaped function: the shapes are those of its parameters, whose names the call has told. */
export type WrtShaped<I extends readonly Spec[], A extends readonly unknown[], O> = O extends { readonly argnums: infer N }
  ? N extends number
    ? Like<I, A, I[N]>
    : N extends readonly number[]
      ? { -readonly [K in keyof N]: N[K] extends number ? Like<I, A, I[N[K]]> : never }
      : never
  : Like<I, A, I[0]>
type Like<I extends readonly Spec[], A extends readonly unknown[], P> = P extends Shape | TensorLike
  ? Of<Call<I, ShapeOf<P>, A>, DTypeOf<P> & DType>
  : { -readonly [K in keyof P]: Like<I, A, P[K]> }
export type Aux<R> = R extends readonly [unknown, infer A, ...unknown[]] ? A : never

// ---- vmap ----------------------------------------------------------------------------------------------------------
/** An axis for every leaf of an argument, or null: the argument is shared by the whole batch. */
export type InAxes = number | null | readonly (number | null)[]
export type AxisAt<I, K> = I extends readonly unknown[] ? (K extends keyof I ? I[K] : 0) : I
/** S with one more axis of N, at axis X of the result; with it in front where there is no such axis. */
export type InsertAt<S extends Shape, N extends Dim, X> = number extends S["length"]
  ? Shape
  : Axis<[...S, N], X & number> extends infer K
    ? [K] extends [never]
      ? [N, ...S]
      : number extends K
        ? Shape
        : Insert<S, K & number, N>
    : never
/** Every tensor of a tree with one more axis of N at position X. */
export type Batched<T, N extends Dim, X> =
  T extends TensorLike<infer S, infer D>
    ? Tensor<InsertAt<S, N, X>, D>
    : T extends Fn
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Batched<T[K], N, X> }
        : T
/** The same, as a result: without readonly. */
export type BatchedOut<T, N extends Dim, X> =
  T extends TensorLike<infer S, infer D>
    ? Tensor<InsertAt<S, N, X>, D>
    : T extends Fn
      ? T
      : T extends object
        ? { -readonly [K in keyof T]: BatchedOut<T[K], N, X> }
        : T

/** Arguments for one member of the batch, and parameters for a batch of any size. */
type Rows<A extends readonly unknown[], I> = {
  [K in keyof A]: AxisAt<I, K> extends infer X ? (X extends number ? Row<A[K], X> : A[K]) : never
}
type Row<T, X extends number> =
  T extends TensorLike<infer S, infer D>
    ? Tensor<Rankless<S> extends true ? Shape : Drop<S, Axis<S, X>>, D>
    : T extends Fn
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Row<T[K], X> }
        : T
type Widened<P extends readonly unknown[], I> = {
  [K in keyof P]: AxisAt<I, K> extends infer X ? (X extends number ? Batched<P[K], Dim, X> : P[K]) : never
}

type noAxis = "vmap: an argument of shape [] has no axis to map over; give null as its axis"
type batchDiffers<
  N,
  M,
  X extends number,
  S extends Shape,
> = `vmap: batch sizes differ: ${N & Dim} and ${M & Dim} (axis ${X} of ${Show<S>}); batched arguments must agree`
/** The sizes that the leaves of T have at axis X. */
type SizeAt<T, X extends number> =
  T extends TensorLike<infer S, DType>
    ? Rankless<S> extends true
      ? number
      : S[Axis<S, X> & keyof S] & Dim
    : T extends Fn
      ? never
      : T extends object
        ? { [K in keyof T]: SizeAt<T[K], X> }[T extends readonly unknown[] ? number & keyof T : keyof T]
        : never
/** The same, each with the path of its leaf. */
type SizesAt<T, X extends number, P extends string = "", Seen extends readonly 0[] = []> = Seen extends Deep
  ? never
  : T extends TensorLike
    ? [P, SizeAt<T, X>]
    : T extends Fn
      ? never
      : { [K in keyof T]: SizesAt<T[K], X, Below<P, K>, [...Seen, 0]> }[T extends readonly unknown[] ? number & keyof T : keyof T]
/** Path and sentence of each leaf of T that has no axis X, or another size there than N. */
type NotBatched<T, X extends number, N, P extends string = "", Seen extends readonly 0[] = []> = Seen extends Deep
  ? never
  : T extends TensorLike<infer S, DType>
    ? Rankless<S> extends true
      ? never
      : S extends readonly []
        ? [P, noAxis]
        : [Axis<S, X>] extends [never]
          ? [P, axisOutside<"vmap", S, X>]
          : Fits<N, S[Axis<S, X> & keyof S]> extends true
            ? never
            : [P, batchDiffers<N, S[Axis<S, X> & keyof S], X, S>]
    : T extends Fn
      ? never
      : T extends object
        ? { [K in keyof T]: NotBatched<T[K], X, N, Below<P, K>, [...Seen, 0]> }[T extends readonly unknown[]
            ? number & keyof T
            : keyof T]
        : never
/** The batch size of a call: the first that is known. */
export type BatchSize<A, I, K extends readonly 0[] = []> = A extends readonly [infer H, ...infer R]
  ? AxisAt<I, `${K["length"]}`> extends infer X
    ? X extends number
      ? SizeAt<H, X> extends infer N
        ? [N] extends [never]
          ? BatchSize<R, I, [...K, 0]>
          : Known<N> extends true
            ? (IsUnion<N> extends true ? FirstOf<SizesAt<H, X>> : N) & Dim
            : BatchSize<R, I, [...K, 0]>
        : never
      : BatchSize<R, I, [...K, 0]>
    : never
  : number
/** The arguments A of a batched function whose parameters are P, with the sentence in the place of one that does not fit. */
export type BatchArgs<P extends readonly unknown[], I, A extends readonly unknown[]> =
  BatchSize<A, I> extends infer N extends Dim
    ? {
        [K in keyof P]: AxisAt<I, K> extends infer X
          ? X extends number
            ? K extends keyof A
              ? FirstOf<NotBatched<A[K], X, N>> extends infer M extends string
                ? M
                : Batched<P[K], Known<SizeAt<A[K], X>> extends true ? N : Dim, X>
              : Batched<P[K], N, X>
            : Frozen<P[K]>
          : never
      }
    : never
/** `[]`, or the sentence about axes that are not one for each argument, or that a parameter over names cannot have. */
export type AxesRule<F, I> =
  Params<F> extends infer P extends readonly unknown[]
    ? I extends readonly unknown[]
      ? number extends I["length"] | P["length"]
        ? []
        : I["length"] extends P["length"]
          ? Some<I[number]> extends infer M extends string
            ? M
            : Places<F, I>
          : `vmap: ${I["length"]} axes for ${P["length"]} arguments; give one axis, or null, for each argument`
      : Some<I> extends infer M extends string
        ? M
        : Places<F, I>
    : never
/** The parameters, as argnums and axes count them. */
export type Params<F> = F extends Ruled<infer I> ? I : ArgsOf<F>
type Places<F, I> =
  F extends Ruled<infer P>
    ? {
        [K in keyof P]: AxisAt<I, K> extends infer X ? (X extends number ? NoRoom<P[K], X, `${K & string}`> : never) : never
      }[number] extends infer M
      ? FirstOf<M>
      : never
    : []
type NoRoom<P, X extends number, Path extends string> = P extends Shape | TensorLike
  ? [Axis<[...ShapeOf<P>, 0], X>] extends [never]
    ? [
        Path,
        `vmap: axis ${X} is outside the batched argument, which has one axis more than ${Show<ShapeOf<P>>}; count axes from 0, or from the end with -1`,
      ]
    : never
  : P extends FunctionSpec
    ? never
    : string extends keyof P
      ? never
      : { [K in keyof P]: NoRoom<P[K], X, Below<Path, K>> }[keyof P]
type Some<X> = [X] extends [null] ? "vmap: no argument is batched; give at least one axis" : []
/** `[]`, or the sentence about a leaf of the result that cannot have the batch at axis X. */
export type OutRule<R, X extends number> = FirstOf<NoPlace<R, X>>
type NoPlace<R, X extends number, P extends string = "", Seen extends readonly 0[] = []> = Seen extends Deep
  ? never
  : R extends TensorLike<infer S, DType>
    ? Rankless<S> extends true
      ? never
      : [Axis<[number, ...S], X>] extends [never]
        ? [P, axisOutside<"vmap", [number, ...S], X>]
        : never
    : R extends Fn
      ? never
      : R extends object
        ? { [K in keyof R]: NoPlace<R[K], X, Below<P, K>, [...Seen, 0]> }[R extends readonly unknown[]
            ? number & keyof R
            : keyof R]
        : never
