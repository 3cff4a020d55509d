// pack and unpack of einops: `b * c` names the axes that tensors share; the others, at *, become one axis.
import type { Dim, Fits, Meet, ShowDim } from "./dim.ts"
import type { misfit, namedTwice, NoName } from "./einops.ts"
import type { Split } from "./ellipsis.ts"
import type { dtypesDiffer, notASize, ofNothing } from "./messages.ts"
import type { NotASize } from "./nat.ts"
import type { Fault, TensorLike } from "./rule.ts"
import type { Rankless, Shape, Show } from "./shape.ts"
import type { Minus, Over, Plus, ProductOf } from "./symbolic.ts"

/** The sentence if it belongs to this place; what asks for nothing, if not. */
export type PackPlace<R, At> =
  R extends Fault<infer Place, infer M> ? (Place extends At ? M : Shape) : [R] extends [never] ? R : Shape

// ---- the pattern ---------------------------------------------------------------------------------------------------

type oneStar<Pre extends string> = `${Pre}: one * stands for the axes that are packed`
type notAName<Pre extends string, W extends string> =
  `${Pre}: '${W}' is no name; names have letters, digits and inner underscores`

/** The names before and behind *; or the sentence. */
type PackPattern<Op extends string, P extends string> = Names<`${Op}: '${P}'`, P>
type Names<
  Pre extends string, S extends string, Before extends readonly string[] = [], Behind extends readonly string[] | null = null,
  Seen extends string = never
> =
  S extends `${infer W} ${infer T}` ? Name<Pre, W, T, Before, Behind, Seen>
    : S extends "" ? (Behind extends null ? oneStar<Pre> : [Before, Behind])
    : Name<Pre, S, "", Before, Behind, Seen>
type Name<
  Pre extends string, W extends string, Rest extends string, Before extends readonly string[],
  Behind extends readonly string[] | null, Seen extends string
> =
  W extends "" ? Names<Pre, Rest, Before, Behind, Seen>
    : W extends "*" ? (Behind extends null ? Names<Pre, Rest, Before, [], Seen> : oneStar<Pre>)
    : W extends Seen ? namedTwice<Pre, W>
    : W extends NoName ? notAName<Pre, W>
    : Behind extends readonly string[] ? Names<Pre, Rest, Before, [...Behind, W], Seen | W>
    : Names<Pre, Rest, [...Before, W], Behind, Seen | W>

/** S as the axes before *, those of * and those behind it; `never` where its rank is too low. */
type Cut<S, Before, Behind, Head extends Shape = []> =
  Before extends readonly [unknown, ...infer T]
    ? S extends readonly [infer D extends Dim, ...infer R] ? Cut<R, T, Behind, [...Head, D]> : never
    : [Split<S, Behind>] extends [never] ? never
    : Split<S, Behind> extends [infer Mid extends Shape, infer Tail extends Shape] ? [Head, Mid, Tail] : never

// ---- pack ----------------------------------------------------------------------------------------------------------

type rankTooLow<S extends Shape, P extends string, N extends number> =
  misfit<"pack", S, P, `it has rank ${S["length"]}, not ${N} or more`>
type outerDiffer<S extends Shape, T extends Shape, X, Y> =
  `pack: ${Show<S>} and ${Show<T>} differ outside of *: ${ShowDim<X>} is not ${ShowDim<Y>}; pad or slice one of them`

/**
 * `{ shape, packed }`: the result and the shapes at *; or `{ list }`, with the sentence in the place of the wrong tensor; or what is
 * wrong.
 */
export type Pack<L extends readonly TensorLike[], P extends string> =
  string extends P ? Unknown
    : PackPattern<"pack", P> extends infer Q
      ? Q extends readonly [infer B extends readonly string[], infer A extends readonly string[]]
        ? L extends readonly [infer H extends TensorLike, ...unknown[]]
          ? PackAll<P, B, A, H["shape"], H["dtype"], L>
          : L extends readonly [] ? { list: ofNothing<"pack"> } : Unknown
        : Fault<"pattern", Q & string>
      : never
interface Unknown {
  shape: Shape
  packed: Shape[]
}
type PackAll<
  P extends string, B extends readonly string[], A extends readonly string[], First extends Shape, D, L,
  Head extends Shape | null = null, Tail extends Shape = [], N extends Dim = 0, Mids extends Shape[] = [],
  Seen extends readonly unknown[] = []
> =
  L extends readonly [infer H extends TensorLike, ...infer T]
    ? [H] extends [never] ? never
      : [D & H["dtype"]] extends [never] ? { list: [...Seen, dtypesDiffer<"pack", D & string, H["dtype"]>, ...T] }
      : Rankless<H["shape"]> extends true ? Unknown
      : Cut<H["shape"], B, A> extends infer C
        ? [C] extends [never]
          ? { list: [...Seen, rankTooLow<H["shape"], P, [...B, ...A]["length"]>, ...T] }
          : C extends [infer F extends Shape, infer M extends Shape, infer Z extends Shape]
            ? Met<Head extends Shape ? [...Head, ...Tail] : [...F, ...Z], [...F, ...Z]> extends infer E
              ? E extends [infer X, infer Y] ? { list: [...Seen, outerDiffer<First, H["shape"], X, Y>, ...T] }
                : E extends { met: infer S extends Shape }
                  ? Next<P, B, A, First, D, T, S, Plus<N, ProductOf<M>>, [...Mids, M], [...Seen, H]>
                : never
              : never
            : never
        : never
    : { shape: [...(Head extends Shape ? Head : []), N, ...Tail]; packed: Mids }
type Next<
  P extends string, B extends readonly string[], A extends readonly string[], First extends Shape, D, L, Outer extends Shape,
  N extends Dim, Mids extends Shape[], Seen extends readonly unknown[]
> =
  Split<Outer, A> extends [infer Head extends Shape, infer Tail extends Shape]
    ? PackAll<P, B, A, First, D, L, Head, Tail, N, Mids, Seen>
    : never
/** Dims that fit, the better known of each two; or the first two that do not. */
type Met<S, T, Acc extends Shape = []> =
  S extends readonly [infer X extends Dim, ...infer P]
    ? T extends readonly [infer Y extends Dim, ...infer Q]
      ? Fits<X, Y> extends true ? Met<P, Q, [...Acc, Meet<X, Y>]> : [X, Y]
      : never
    : { met: Acc }

// ---- unpack --------------------------------------------------------------------------------------------------------

type holdsOther<S extends Shape, N extends Dim, Total extends Dim> =
  `unpack: the shapes hold ${ShowDim<Total>} elements, the packed axis of ${Show<S>} has ${ShowDim<N>}; give the shapes that pack gave`
type inferredTwice = "unpack: the shapes leave more than one dimension (-1) to be inferred; give all but one"
type noMultiple<Rest extends Dim, Q extends Dim> =
  `unpack: ${ShowDim<Rest>} elements are left for a shape whose other dimensions hold ${ShowDim<Q>}; give the shapes that pack gave`

/** The list of resulting shapes; or what is wrong. */
export type Unpack<S extends Shape, L extends readonly Shape[], P extends string> =
  string extends P ? Shape[]
    : PackPattern<"unpack", P> extends infer Q
      ? Q extends readonly [infer B extends readonly string[], infer A extends readonly string[]]
        ? Rankless<S> extends true ? (number extends L["length"] ? Shape[] : { -readonly [K in keyof L]: Shape })
          : S["length"] extends [...B, 0, ...A]["length"]
            ? number extends L["length"] ? Shape[]
              : Cut<S, B, A> extends [infer Head extends Shape, [infer N extends Dim], infer Tail extends Shape]
                ? Sum<S, Head, N, Tail, L, L>
                : never
            : Fault<"x", misfit<"unpack", S, P, `it has rank ${S["length"]}, not ${[...B, 0, ...A]["length"]}`>>
        : Fault<"pattern", Q & string>
      : never
/** Adds the elements up; `Hole` is the product of the shape that has a -1, without it. */
type Sum<
  S extends Shape, Head extends Shape, N extends Dim, Tail extends Shape, L extends readonly Shape[], T, Total extends Dim = 0,
  Hole extends Dim | null = null
> =
  T extends readonly [infer H extends Shape, ...infer R]
    ? Rankless<H> extends true ? { -readonly [K in keyof L]: Shape }
      : -1 extends Known<H[number]>
        ? Hole extends Dim ? Fault<"sizes", inferredTwice>
          : Without<H> extends infer O extends Shape
            ? [...O, 0]["length"] extends H["length"]
              ? [NotASize<O[number] & number>] extends [never] ? Sum<S, Head, N, Tail, L, R, Total, ProductOf<O>>
                : Fault<"sizes", notASize<"unpack", NotASize<O[number] & number>>>
              : Fault<"sizes", inferredTwice>
            : never
      : [NotASize<H[number] & number>] extends [never] ? Sum<S, Head, N, Tail, L, R, Plus<Total, ProductOf<H>>, Hole>
      : Fault<"sizes", notASize<"unpack", NotASize<H[number] & number>>>
    : Hole extends Dim
      ? Minus<N, Total> extends infer Rest extends Dim
        ? [Rest] extends [never] ? Fault<"sizes", holdsOther<S, N, Total>>
          : Over<Rest, Hole> extends infer Q extends Dim
            ? [Q] extends [never] ? Fault<"sizes", noMultiple<Rest, Hole>> : Outer<Head, Tail, L, Q>
            : never
        : never
    : Fits<N, Total> extends true ? Outer<Head, Tail, L, -1> : Fault<"sizes", holdsOther<S, N, Total>>
type Known<D> = number extends D ? never : D
type Without<H, Acc extends Shape = []> =
  H extends readonly [infer D extends Dim, ...infer T] ? Without<T, D extends -1 ? Acc : [...Acc, D]> : Acc
type Outer<Head extends Shape, Tail extends Shape, L extends readonly Shape[], Q extends Dim> =
  { -readonly [K in keyof L]: [...Head, ...Filled<L[K], Q>, ...Tail] }
type Filled<H extends Shape, Q extends Dim> = { -readonly [I in keyof H]: H[I] extends -1 ? Q : H[I] }
