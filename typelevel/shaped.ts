// Functions over named dimensions. Their body is checked once, as if the names were constants; a call unifies the names with
// the actual dimensions, argument by argument, so that a sentence stands at the first argument that does not fit those before
// it. Such a function carries its rule as a type (`In`, `Out`), and transformations map the rule: they never lean on the
// inference of generic functions.
import type { Dim, Fits, Known, ShowDim } from "./dim.ts"
import type { DType, FloatDType } from "./dtype.ts"
import type { doesNotFit, needsFloat, notScalar, wrongDType } from "./messages.ts"
import type { TensorLike } from "./rule.ts"
import type { Rankless, Shape } from "./shape.ts"

/** What is known of a parameter: its shape over names, or shape and dtype (f32 where nothing is said). */
export type Spec = Shape | TensorLike
export type ShapeOf<P> = P extends TensorLike ? P["shape"] : P extends Shape ? P : never
export type DTypeOf<P> = P extends TensorLike ? P["dtype"] : "f32"

/** The names among the dimensions of a list of specs. */
export type NamesIn<I extends readonly Spec[]> = { [K in keyof I]: Extract<ShapeOf<I[K]>[number], string> }[number]

// ---- a call --------------------------------------------------------------------------------------------------------

/** Which dimension a name stands for: learnt from the arguments so far. */
export type Bindings = { readonly [Name in string]?: Dim }

/** Bindings E and what argument A (a shape) adds to them where P is wanted, or the sentence. */
export type Unify<
  Op extends string, P extends Shape, A extends Shape, E, Earlier = E, Rest extends Shape = P, Actual extends Shape = A
> =
  Rest extends readonly [infer X extends Dim, ...infer PR extends Shape]
    ? Actual extends readonly [infer Y extends Dim, ...infer AR extends Shape]
      ? X extends string
        ? X extends keyof E
          ? Fits<E[X], Y> extends true
            ? Unify<Op, P, A, Known<E[X]> extends true ? E : Rebind<E, X, Y>, Earlier, PR, AR>
            : doesNotFit<Op, A, P, `${X} is ${ShowDim<E[X]>} ${Where<X, Earlier>} and ${ShowDim<Y>} here`>
          : Unify<Op, P, A, E & { readonly [_ in X]: Y }, Earlier, PR, AR>
        : Fits<X, Y> extends true ? Unify<Op, P, A, E, Earlier, PR, AR>
        : doesNotFit<Op, A, P, `${ShowDim<Y>} is not ${ShowDim<X>}`>
      : Rankless<A> extends true ? E : doesNotFit<Op, A, P, "the rank is too small">
    : Rankless<P> extends true ? E
    : Rankless<A> extends true ? E
    : Actual extends readonly [] ? E : doesNotFit<Op, A, P, "the rank is too large">
type Where<Name, Earlier> = Name extends keyof Earlier ? "in an earlier argument" : "on an earlier axis"
type Rebind<E, Name, D> = { readonly [K in keyof E]: K extends Name ? D : E[K] }

/** The arguments, with a sentence in the place of the first that does not fit; the tail of the list is not looked at. */
export type Checked<
  Op extends string, I extends readonly Spec[], A extends readonly TensorLike[], E = {}, Acc extends readonly unknown[] = []
> =
  I extends readonly [infer P extends Spec, ...infer PR extends readonly Spec[]]
    ? A extends readonly [infer X extends TensorLike, ...infer XR extends readonly TensorLike[]]
      ? [DTypeOf<P> & X["dtype"]] extends [never] ? [...Acc, wrongDType<Op, X["dtype"], DTypeOf<P>>, ...XR]
        : Unify<Op, ShapeOf<P>, X["shape"], E> extends infer R
          ? R extends string ? [...Acc, R, ...XR] : Checked<Op, PR, XR, R, [...Acc, X]>
          : never
      : [...Acc, ...Wanted<I>]
    : Acc
/** Where arguments are missing, the list of what is wanted says how many. */
type Wanted<I extends readonly Spec[]> = { readonly [K in keyof I]: TensorLike<Shape, DTypeOf<I[K]>> }

/** The bindings of a whole call; `never` where an argument does not fit. */
export type Bound<I extends readonly Spec[], A extends readonly unknown[], E = {}> =
  I extends readonly [infer P extends Spec, ...infer PR extends readonly Spec[]]
    ? A extends readonly [infer X extends TensorLike, ...infer XR]
      ? Unify<"", ShapeOf<P>, X["shape"], E> extends infer R ? (R extends string ? never : Bound<PR, XR, R>) : never
      : never
    : E

/** Shape O with its names replaced; a name that no argument told is unknown. */
export type Substitute<O extends Shape, E> =
  [E] extends [never] ? never
    : { -readonly [K in keyof O]: O[K] extends string ? (O[K] extends keyof E ? E[O[K]] & Dim : number) : O[K] }

/** The shape that a call gives, or `never`. */
export type Call<I extends readonly Spec[], O extends Shape, A extends readonly unknown[]> = Substitute<O, Bound<I, A>>

// ---- transformations of the rule -----------------------------------------------------------------------------------

/** What grad asks of a rule: a scalar result, and a floating-point parameter to differentiate. `[]`, or the sentence. */
export type Differentiable<Op extends string, P, O extends Shape> =
  O extends readonly [] ? ([DTypeOf<P> & FloatDType] extends [never] ? needsFloat<Op, DTypeOf<P> & DType> : [])
    : Rankless<O> extends true ? [] : notScalar<Op, O>
