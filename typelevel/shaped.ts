// Functions over named dimensions. Their body is checked once, as if the names were constants; a call unifies the names with
// the actual dimensions, argument by argument, so that a sentence stands at the first argument that does not fit those before
// it. Such a function carries its rule as a type (`In`, `Out`), and transformations map the rule: they never lean on the
// inference of generic functions.
import type { DType } from "./dtype.ts"
import type { doesNotFit, wrongDType } from "./messages.ts"
import type { TensorLike } from "./rule.ts"
import type { FirstOf } from "./least.ts"
import type { SameSizes, Shape, Show } from "./shape.ts"
import type { IsDimension, IsExpression, IsLinear, NamesOf, NamesOfValue, Odd, Order, ValueOf } from "./symbolic.ts"
import type { Below, OneOf } from "./tree.ts"
import type { IsUnion, Substitute, Unify } from "./unify.ts"

/**
 * What is known of a parameter: its shape over names; shape and dtype (f32 where nothing is said); a function, from specs to a
 * shape; or a record of specs, a tree.
 */
export type Spec = Shape | TensorLike | FunctionSpec | SpecTree
/** A parameter that is a function of tensors over the same names. */
export interface FunctionSpec {
  readonly from: readonly Spec[]
  readonly to: Shape | TensorLike
}
export interface SpecTree {
  readonly [key: string]: Spec
}
export type ShapeOf<P> = P extends TensorLike ? P["shape"] : P extends Shape ? P : never
export type DTypeOf<P> = P extends TensorLike ? P["dtype"] : "f32"

// ---- names ---------------------------------------------------------------------------------------------------------

/** All dimensions that a spec is written with, as a union; or only those of tensors. */
type DimsIn<P, Functions = true> =
  P extends Shape ? P[number]
    : P extends TensorLike ? P["shape"][number]
    : P extends FunctionSpec
      ? FunctionSpec extends P ? string // any function, and below a tree of unknown keys: some names
        : Functions extends true ? DimsIn<P["from"][number]> | DimsIn<P["to"]> : never
    : string extends keyof P ? string
    : { [K in keyof P]: DimsIn<P[K], Functions> }[keyof P]
/** The functions among specs. */
type FunctionsIn<P> =
  P extends Shape | TensorLike ? never
    : P extends FunctionSpec ? P
    : string extends keyof P ? never : { [K in keyof P]: FunctionsIn<P[K]> }[keyof P]
/** The names among the dimensions of a list of specs. */
export type NamesIn<I extends readonly Spec[]> = NamesOf<DimsIn<I[number]>>
/**
 * `[]`, or the sentence about a result R, a tensor or a tree: about a name that no parameter has, or about what is no tensor. Of several
 * leaves the first in the order of their paths is named.
 */
export type Told<I extends readonly Spec[], R> = FirstOf<Untrue<R, NamesIn<I>>>
/** Path and sentence of each leaf that is wrong. */
type Untrue<R, Names, Path extends string = "", Seen extends readonly 0[] = []> =
  unknown extends R ? never
    : R extends TensorLike
      ? string extends R["shape"][number] ? never
        : [Exclude<NamesOf<R["shape"][number]>, Names>] extends [never] ? never
        : [Path, `shaped: the result is ${Show<R["shape"]>}${Where<Path>}, and no parameter has the name ${First<Exclude<NamesOf<R["shape"][number]>, Names>>}`]
    : R extends (...args: never[]) => unknown ? noResult<Path>
    : R extends object
      ? Seen["length"] extends 8 ? never // a type that contains itself
        : { [K in keyof R]: Untrue<R[K], Names, Below<Path, K>, [...Seen, 0]> } extends infer M
          ? M[R extends readonly unknown[] ? number & keyof M : keyof M] : never
    : noResult<Path>
type Where<Path extends string> = Path extends "" ? "" : ` at ${Path}`
type noResult<Path extends string> =
  [Path, `shaped: the result is no tensor${Where<Path>}; return a tensor, or a list or record of tensors`]
/** The names with what the body sees of them: the name, or where it is declared as a multiple, the declaration. */
export type DimsOf<I extends readonly Spec[]> =
  DimsIn<I[number]> extends infer D ? { readonly [N in NamesOf<D>]: Declared<D, N> } : never
type Declared<D, N> = Declaration<D, N> extends infer X ? ([X] extends [never] ? N : X) : never
type Declaration<D, N> =
  D extends string ? (IsExpression<D> extends true ? (ValueOf<D> extends N ? D : never) : never) : never

// ---- the declaration -----------------------------------------------------------------------------------------------

/** [], or the sentence about a dimension that cannot be read, or a name that no call tells. Plain names take none of this. */
export type Sound<I extends readonly Spec[]> =
  DimsIn<I[number]> extends infer D
    ? string extends D ? []
      : [Extract<D, Odd>, FunctionsIn<I[number]>] extends [infer X, infer F]
        ? [X, F] extends [never, never] ? []
          : [Unread<X>] extends [never] ? Untold<D, Learnt<DimsIn<I[number], false>, F>>
          : noDimension<First<Unread<X>>>
        : never
    : never
type noDimension<D extends string> =
  `shaped: ${D extends "" ? "the empty text" : D} is no dimension; write a size, a name, or sums, products and quotients of them: 2*n, t+1, d/h`
type nothingTells<What extends string> = `shaped: nothing tells what ${What}; give it a dimension of its own`
type Unread<X> = X extends string ? (IsDimension<X> extends true ? never : X) : never
/**
 * The names that dimensions D tell: those that stand alone, and one that is alone in not being told yet and can be solved for. What a
 * function of F gives tells names once those that it takes are told.
 */
type Learnt<D, F, N = Exclude<D, number | Odd>> =
  Exclude<D | GivenBy<F, N>, number> extends infer G
    ? Exclude<G, Odd> | Alone<Extract<G, Odd>, N> extends infer M ? ([M] extends [N] ? N : Learnt<G, F, N | M>) : never
    : never
type Alone<X, N> =
  X extends Odd
    ? Exclude<NamesOfValue<X>, N> extends infer U extends string
      ? IsUnion<U> extends true ? never : IsLinear<X, U> extends true ? U : never
      : never
    : never
type GivenBy<F, N> =
  F extends FunctionSpec
    ? F["from"][number] extends Shape | TensorLike
      ? [Exclude<NamesOf<DimsIn<F["from"][number]>>, N>] extends [never] ? DimsIn<F["to"]> : never
      : never
    : never
type Untold<D, N> =
  Exclude<NamesOf<D>, N> extends infer U
    ? [U] extends [never] ? []
      : First<U> extends infer F extends string ? nothingTells<`${F} is${Place<F, First<Having<D, F>>, N>}`> : never
    : never
/** Those expressions that name F is in. */
type Having<D, F> = D extends string ? (IsExpression<D> extends true ? (F extends NamesOf<D> ? D : never) : never) : never
/** Where name F stands: in expression X, perhaps as the only name that is not told. */
type Place<F extends string, X extends string, N> =
  [X] extends [never] ? ", which only functions have"
    : [Exclude<NamesOfValue<X>, N>, IsLinear<X, F>] extends [F, false] ? ` in ${X}, which cannot be solved for ${F}`
    : ` in ${X}`
/** The first in alphabetical order. */
type First<U> = Keys<unknown, U> extends readonly [infer F extends string, ...unknown[]] ? F : never

// ---- a call --------------------------------------------------------------------------------------------------------

/** The arguments, with a sentence in the place of the first that does not fit; the tail of the list is not looked at. */
export type Checked<
  Op extends string, I extends readonly Spec[], A extends readonly unknown[], E = {}, Acc extends readonly unknown[] = []
> =
  I extends readonly [infer P extends Spec, ...infer PR extends readonly Spec[]]
    ? A extends readonly [infer X, ...infer XR]
      ? Match<Op, P, X, E> extends infer R
        ? R extends string ? [...Acc, R, ...XR] : Checked<Op, PR, XR, R, [...Acc, X]>
        : never
      : [...Acc, ...Wanted<I>]
    : Acc
/** Where arguments are missing, the list of what is wanted says how many. */
type Wanted<I extends readonly Spec[]> = { readonly [K in keyof I]: I[K] extends Shape | TensorLike ? TensorLike<Shape, DTypeOf<I[K]>> : unknown }

/** The bindings of a whole call; `never` where an argument does not fit. */
export type Bound<I extends readonly Spec[], A extends readonly unknown[], E = {}> =
  I extends readonly [infer P extends Spec, ...infer PR extends readonly Spec[]]
    ? A extends readonly [infer X, ...infer XR]
      ? Match<"", P, X, E> extends infer R ? (R extends string ? never : Bound<PR, XR, R>) : never
      : never
    : E

/** The shape that a call gives, or `never`. */
export type Call<I extends readonly Spec[], O extends Shape, A extends readonly unknown[]> = Substitute<O, Bound<I, A>>

/** Bindings E and what argument X adds to them where P is wanted, or the sentence. */
type Match<Op extends string, P, X, E> =
  [X] extends [never] ? E
    : P extends Shape | TensorLike
      ? X extends TensorLike
        ? [DTypeOf<P> & X["dtype"]] extends [never] ? wrongDType<Op, X["dtype"], DTypeOf<P>> : Unify<Op, ShapeOf<P>, X["shape"], E>
        : noTensor<Op>
    : P extends FunctionSpec ? MatchFunction<Op, P, X, E>
    : MatchTree<Op, P, X, E>
type noTensor<Op extends string> = `${Op}: an argument is no tensor; give one for each shape`

/** Entry by entry; sentences begin with the path. */
type MatchTree<Op extends string, P, X, E, K = Keys<P>> =
  K extends readonly [infer H extends keyof P & string, ...infer R]
    ? H extends keyof X
      ? Match<`${Op}: ${H}`, P[H], X[H], E> extends infer V ? (V extends string ? V : MatchTree<Op, P, X, V, R>) : never
      : noEntry<Op, H>
    : E
type noEntry<Op extends string, K extends string> = `${Op}: the tree has no ${K}`
/** The keys of a record as a list, in alphabetical order: that of a union differs between programs. */
type Keys<T, K = keyof T, Acc extends readonly string[] = []> =
  [K] extends [never] ? Acc : OneOf<K> extends infer H ? Keys<T, Exclude<K, H>, Sorted<Acc, H & string>> : never
type Sorted<L, H extends string, Seen extends readonly string[] = []> =
  L extends readonly [infer F extends string, ...infer R extends readonly string[]]
    ? Order<H, F> extends "<" ? [...Seen, H, F, ...R] : Sorted<R, H, [...Seen, F]>
    : [...Seen, H]

// ---- arguments that are functions ----------------------------------------------------------------------------------

/** What the function gives for tensors over the names as they are bound tells names, too. */
type MatchFunction<Op extends string, P extends FunctionSpec, X, E> =
  Given<Op, X, Taken<P["from"], E>> extends infer R
    ? R extends string ? R
      : R extends TensorLike
        ? [DTypeOf<P["to"]> & R["dtype"]] extends [never] ? wrongDType<Op, R["dtype"], DTypeOf<P["to"]>>
          : Unify<Op, ShapeOf<P["to"]>, R["shape"], E>
        : E
    : never
type Taken<I, E, Acc extends readonly unknown[] = []> =
  I extends readonly [infer P, ...infer R]
    ? Taken<R, E, [...Acc, P extends Shape | TensorLike ? TensorLike<Substitute<ShapeOf<P>, E>, DTypeOf<P>> : unknown]>
    : Acc
/** What function X gives for arguments A: a tensor, the sentence, or `unknown`. */
type Given<Op extends string, X, A extends readonly unknown[]> =
  X extends { readonly rule: { readonly in: infer I extends readonly Spec[]; readonly out: infer O extends Shape; readonly dtype: infer D extends DType } }
    ? Call<I, O, A> extends infer S ? ([S] extends [never] ? notTaken<Op, A> : S extends Shape ? TensorLike<S, D> : never) : never
    : X extends { readonly rule: { readonly in: infer I extends readonly Spec[] } }
      ? [Bound<I, A>] extends [never] ? notTaken<Op, A> : givesNone<Op>
    : X extends (...args: infer Q) => infer R
      ? Takes<Q, A> extends true
        ? [R] extends [never] ? unknown : R extends TensorLike ? R : unknown extends R ? R : givesNone<Op>
        : notTaken<Op, A>
      : `${Op}: an argument is no function; give one where a function is wanted`
type Takes<Q, A> =
  A extends readonly [infer X, ...infer R]
    ? Q extends readonly [infer P, ...infer S]
      ? X extends TensorLike ? (P extends TensorLike ? (SameSizes<P["shape"], X["shape"]> extends true ? Takes<S, R> : false) : Takes<S, R>) : Takes<S, R>
      : Q extends readonly [] ? false : true
    : true
type givesNone<Op extends string> = `${Op}: the function gives no tensor; give one that does`
type notTaken<Op extends string, A extends readonly unknown[]> =
  `${Op}: the function does not take ${ShowList<A>}; give one that does`
type ShowList<A, Acc extends string = ""> =
  A extends readonly [infer X, ...infer R]
    ? ShowList<R, `${Acc}${Acc extends "" ? "" : ", "}${X extends TensorLike ? Show<X["shape"]> : "more"}`>
    : Acc

/** A function that is a parameter, called in the body, where names are constants: its arguments, or the sentence. */
export type Agreed<I extends readonly Spec[], A extends readonly unknown[], Acc extends readonly unknown[] = []> =
  I extends readonly [infer P, ...infer PR extends readonly Spec[]]
    ? A extends readonly [infer X, ...infer XR]
      ? P extends Shape | TensorLike
        ? X extends TensorLike
          ? [DTypeOf<P> & X["dtype"]] extends [never] ? [...Acc, wrongDType<"function", X["dtype"], DTypeOf<P>>, ...XR]
            : SameSizes<ShapeOf<P>, X["shape"]> extends true ? Agreed<PR, XR, [...Acc, X]>
            : [...Acc, doesNotFit<"function", X["shape"], ShapeOf<P>, "here names are constants">, ...XR]
          : [...Acc, noTensor<"function">, ...XR]
        : Agreed<PR, XR, [...Acc, X]>
      : [...Acc, ...Wanted<I>]
    : Acc
