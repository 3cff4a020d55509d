// Changing a shape and keeping the elements: reshape (with one -1), flatten, permutation, concatenation.
import type { Dim, Fits, Meet } from "./dim.ts"
import type {
  axisOutside, dimsDiffer, doesNotFit, dtypesDiffer, elementsDiffer, inferredFromNothing, inferredTwice, notASize, notDivisible,
  notMultiple, ofNothing, ranksDiffer, shapesDiffer, wrongPermutation
} from "./messages.ts"
import type { DivD, NotASize, Num, Product, ProductD, SameProduct, Suspect } from "./nat.ts"
import type { TensorLike } from "./rule.ts"
import type { Axis, Rankless, Replace, ReverseShape, Shape } from "./shape.ts"
import type { Over, Plus, ProductOf } from "./symbolic.ts"
import type { IsUnion } from "./unify.ts"

// ---- reshape -------------------------------------------------------------------------------------------------------

/** S reshaped to T, where one dimension of T may be -1; or the sentence. Equal dimensions cancel, so that names may move. */
export type Reshape<Op extends string, S extends Shape, T extends Shape> =
  number extends T["length"] ? Shape // as Rankless, which costs an instantiation more
    : number extends S["length"] ? Filled<T>
    : number extends T[number] ? Fill<T, number>
    : -1 extends T[number] ? Infer<Op, S, T>
    : [`${T[number] & number}` & Suspect] extends [never] ? Whole<Op, S, T>
    : [NotASize<T[number] & number>] extends [never] ? Whole<Op, S, T>
    : notASize<Op, NotASize<T[number] & number>>
type Whole<Op extends string, S extends Shape, T extends Shape> = Equal<Op, S, T, S, T> extends infer M extends string ? M : [...T]

/** Without equal leading dimensions (which is the common case, and saves two thirds), are the products equal? */
type Equal<Op extends string, S extends Shape, T extends Shape, A extends Shape, B extends Shape> =
  A extends readonly [infer H, ...infer P extends Shape]
    ? B extends readonly [infer G, ...infer Q extends Shape]
      ? [H, G] extends [G, H] ? Equal<Op, S, T, P, Q> : Products<Op, S, T, A, B>
      : Products<Op, S, T, A, B>
    : Products<Op, S, T, A, B>
type Products<Op extends string, S extends Shape, T extends Shape, A extends Shape, B extends Shape> =
  [A[number] | B[number]] extends [number] ? (SameProduct<A, B> extends true ? true : Unequal<Op, S, T, A, B>)
    : string extends Names<A> | Names<B> ? true
    : Cancel<A, B> extends [infer P extends Shape, infer Q extends Shape]
      ? [Names<P> | Names<Q>] extends [never]
        ? SameProduct<P, Q> extends true ? true : Unequal<Op, S, T, P, Q>
        : Fits<ProductOf<P>, ProductOf<Q>> extends true ? true : dimsDiffer<Op, S, T>
      : never

/**
 * The sentence about S and T, of which A and B are left. Beside names only what is left has a number of elements; a size of 0 on
 * both sides makes all the others equal.
 */
type Unequal<Op extends string, S extends Shape, T extends Shape, A extends Shape, B extends Shape> =
  [0, 0] extends [S[number], T[number]] ? true :
  [Names<S> | Names<T>] extends [never]
    ? elementsDiffer<Op, S, T, ProductD<S>, ProductD<T>>
    : doesNotFit<Op, S, T, `${ProductD<A>} is not ${ProductD<B>}`>

/** The names among the dimensions. */
type Names<S extends Shape> = Extract<S[number], string>
/** Both shapes without the dimensions that they share, counted. */
type Cancel<A extends Shape, B extends Shape, Kept extends Shape = []> =
  A extends readonly [infer H extends Dim, ...infer P extends Shape]
    ? Without<B, H> extends infer R extends Shape
      ? [R] extends [never] ? Cancel<P, B, [...Kept, H]> : Cancel<P, R, Kept>
      : never
    : [Kept, B]
type Without<B extends Shape, H, Seen extends Shape = []> =
  B extends readonly [infer G extends Dim, ...infer Q extends Shape]
    ? [G, H] extends [H, G] ? [...Seen, ...Q] : Without<Q, H, [...Seen, G]>
    : never

type Fill<T extends Shape, D extends Dim> = { -readonly [K in keyof T]: T[K] extends -1 ? D : T[K] }
type Filled<T extends Shape> = -1 extends T[number] ? Fill<T, number> : [...T]
type Others<T extends Shape, Acc extends Shape = [], Holes extends 0[] = []> =
  T extends readonly [infer H extends Dim, ...infer R extends Shape]
    ? H extends -1 ? Others<R, Acc, [...Holes, 0]> : Others<R, [...Acc, H], Holes>
    : [Acc, Holes["length"]]
/** T with its -1 inferred. */
type Infer<Op extends string, S extends Shape, T extends Shape> =
  Others<T> extends [infer B extends Shape, infer Holes]
    ? Holes extends 1
      ? [NotASize<B[number] & number>] extends [never]
        ? Cancel<S, B> extends [infer P extends Shape, infer Q extends Shape] ? Quotient<Op, S, T, P, Q> : never
        : notASize<Op, NotASize<B[number] & number>>
      : inferredTwice<Op, T>
    : never
type Quotient<Op extends string, S extends Shape, T extends Shape, P extends Shape, Q extends Shape> =
  0 extends Q[number] ? inferredFromNothing<Op, T>
    : [Names<Q>] extends [never]
      ? number extends P[number] | Q[number] ? Fill<T, number>
        : [Names<P>] extends [never] ? Exact<Op, S, T, P, Q> : Share<Op, S, T, ProductOf<P>, ProductOf<Q>>
      : number extends P[number] ? Fill<T, number> : string extends Names<Q> ? Fill<T, number>
      : Share<Op, S, T, ProductOf<P>, ProductOf<Q>>
type Exact<Op extends string, S extends Shape, T extends Shape, P extends Shape, Q extends Shape> =
  DivD<ProductD<P>, ProductD<Q>> extends [infer N extends string, infer R]
    ? R extends "0" ? Fill<T, Num<N>> : notDivisible<Op, S, T, ProductD<P>, ProductD<Q>>
    : never
/** What is left for the -1, with names. */
type Share<Op extends string, S extends Shape, T extends Shape, A extends Dim, B extends Dim> =
  Over<A, B> extends infer D ? ([D] extends [never] ? notMultiple<Op, S, T, A, B> : Fill<T, D & Dim>) : never

/** The axes From and later become one. */
export type Flatten<S extends Shape, From extends number, Head extends Shape = []> =
  Rankless<S> extends true ? Shape
    : Head["length"] extends From ? [...Head, Folded<S>]
    : S extends readonly [infer H extends Dim, ...infer R extends Shape] ? Flatten<R, From, [...Head, H]> : Head
type Folded<S extends Shape> = [Names<S>] extends [never] ? Product<S> : ProductOf<S>

// ---- permutation ---------------------------------------------------------------------------------------------------

/** S with its axes in the order P (reversed where P is undefined), or the sentence. */
export type Permute<Op extends string, S extends Shape, P> =
  Rankless<S> extends true ? Shape
    : P extends undefined ? ReverseShape<S>
    : P extends readonly number[]
      ? number extends P["length"] ? { -readonly [K in keyof S]: number }
        : P["length"] extends S["length"] ? Picked<Op, S, P, P>
        : wrongPermutation<Op, S, P>
      : never
type Picked<Op extends string, S extends Shape, P extends readonly number[], Rest, Acc extends Shape = [], Seen = never> =
  Rest extends readonly [infer H extends number, ...infer T]
    ? Axis<S, H> extends infer A
      ? [A] extends [never] ? wrongPermutation<Op, S, P>
        : number extends A ? { -readonly [K in keyof S]: number }
        : A extends Seen ? wrongPermutation<Op, S, P>
        : Picked<Op, S, P, T, [...Acc, S[A & keyof S] & Dim], Seen | A>
      : never
    : Acc

// ---- concatenation -------------------------------------------------------------------------------------------------

/** The list with a sentence in the place of the first tensor that does not fit those before it. */
export type ConcatArgs<Op extends string, L extends readonly TensorLike[], X extends number> =
  L extends readonly [infer H extends TensorLike, ...infer T]
    ? [H] extends [never] ? L
      : Rankless<H["shape"]> extends true ? L
      : H["shape"] extends readonly [] ? [axisOutside<Op, [], X>, ...T]
      : [Axis<H["shape"], X>] extends [never] ? L
      : ConcatRest<Op, Axis<H["shape"], X> & number, H["shape"], H["dtype"], T, [H]>
    : L extends readonly [] ? ofNothing<Op> : L
type ConcatRest<Op extends string, A extends number, S extends Shape, D, T, Seen extends readonly unknown[]> =
  T extends readonly [infer H extends TensorLike, ...infer R]
    ? [D & H["dtype"]] extends [never] ? [...Seen, dtypesDiffer<Op, D & string, H["dtype"]>, ...R]
      : Beside<Op, S, H["shape"], A> extends infer N extends string ? [...Seen, N, ...R]
      : ConcatRest<Op, A, S, D, R, [...Seen, H]>
    : Seen
/** The shape of S and T put one behind the other along axis A, or the sentence. */
export type Beside<Op extends string, S extends Shape, T extends Shape, A extends number> =
  Rankless<T> extends true ? Shape
    : Rankless<S> extends true ? Shape
    : number extends A ? { -readonly [K in keyof S]: number }
    : S["length"] extends T["length"]
      ? Sides<S, T, A> extends infer R extends Shape ? ([R] extends [never] ? Differ<Op, S, T, A, Clash<S, T, A>> : R) : never
      : ranksDiffer<Op, S, T>
type Sides<S extends Shape, T extends Shape, A extends number, Acc extends Shape = []> =
  S extends readonly [infer H extends Dim, ...infer P extends Shape]
    ? T extends readonly [infer G extends Dim, ...infer Q extends Shape]
      ? Acc["length"] extends A ? Sides<P, Q, A, [...Acc, Plus<H, G>]>
        : Fits<H, G> extends true ? Sides<P, Q, A, [...Acc, Meet<H, G>]> : never
      : never
    : Acc
type Differ<Op extends string, S extends Shape, T extends Shape, A extends number, XY> =
  XY extends [infer X extends Dim, infer Y extends Dim] ? shapesDiffer<Op, S, T, A, X, Y> : never
/** The first two dimensions of shapes of one rank that differ, but for axis A. */
export type Clash<S extends Shape, T extends Shape, A = never, Seen extends 0[] = []> =
  S extends readonly [infer H extends Dim, ...infer P extends Shape]
    ? T extends readonly [infer G extends Dim, ...infer Q extends Shape]
      ? Seen["length"] extends A ? Clash<P, Q, A, [...Seen, 0]>
        : Fits<H, G> extends true ? Clash<P, Q, A, [...Seen, 0]>
        : [H, G]
      : never
    : never
/** The shape of the concatenation; `Shape` for a list of unknown length, `never` where a sentence says why not. */
export type Concat<L extends readonly TensorLike[], X extends number> =
  L extends readonly [infer H extends TensorLike, ...infer T extends readonly TensorLike[]]
    ? Rankless<H["shape"]> extends true ? Shape
      : L extends ConcatArgs<"concat", L, X>
        ? Axis<H["shape"], X> extends infer A ? ([A] extends [never] ? never : ConcatAll<H["shape"], T, A>) : never
        : never
    : L extends readonly [] ? never : Together<L[number]["shape"], X>
/** How many there are is not known: of tensors that are equal otherwise, the axis X is not. */
type Together<S extends Shape, X extends number> =
  Rankless<S> extends true ? Shape
    : [Axis<S, X>] extends [never] ? Shape
    : Replace<S, X, number> extends infer R extends Shape ? (IsUnion<R> extends true ? Shape : R) : never
type ConcatAll<S extends Shape, L, A> =
  L extends readonly [infer H extends TensorLike, ...infer T]
    ? Beside<"concat", S, H["shape"], A & number> extends infer R extends Shape ? ConcatAll<R, T, A> : never
    : S
/** X where it is an axis of the first tensor, or the sentence. A tensor without axes is refused itself, since X may not have been given. */
export type ConcatAxis<Op extends string, L extends readonly TensorLike[], X extends number> =
  L extends readonly [infer H extends TensorLike, ...unknown[]]
    ? [H] extends [never] ? X
      : Rankless<H["shape"]> extends true ? X
      : H["shape"] extends readonly [] ? X
      : [Axis<H["shape"], X>] extends [never] ? axisOutside<Op, H["shape"], X> : X
    : X
