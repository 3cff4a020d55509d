// Arithmetic on dimensions, literal, named or unknown. A dimension may be an expression over names: "2*b", "t+1", "h*d", "d/h".
// Results are in normal form, a sum of terms: each term a coefficient and its factors in alphabetical order; terms in the order
// of their factors, the constant last. Equality is decided on the normal form, so it does not matter how an expression was
// written.
//
// Quotients are exact and need a proof: d/h exists only where d is declared as a multiple of h. The declaration is the form
// itself: `Multiple<"d", "h">` is "h*(d/h)". Arithmetic keeps it, so that dividing it by h gives "d/h"; comparison cancels it,
// so that it equals "d".
//
// The run-time twin is src/core/dims.ts. Literals take none of this: rules call it with numbers at the cost of the arithmetic.
import type { Dim, ShowDim } from "./dim.ts"
import type { Add, AddD, DivD, Mul, MulD, Num, Sub, SubD } from "./nat.ts"

// ---- the public arithmetic -----------------------------------------------------------------------------------------

/** A + B */
export type Plus<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Add<M, N>
    : B extends 0 ? A : A extends 0 ? B
    : Blind<A, B> extends true ? number : Print<AddSum<Parse<A>, Parse<B>>>
/** A - B; `never` where B is known to be greater. */
export type Minus<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Sub<M, N>
    : B extends 0 ? A
    : Blind<A, B> extends true ? number : Print<Value<AddSum<Parse<A>, Negated<Parse<B>>>>>
/** A * B */
export type Times<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Mul<M, N>
    : A extends 1 ? B : B extends 1 ? A : A extends 0 ? 0 : B extends 0 ? 0
    : Blind<A, B> extends true ? number : Print<MulSum<Parse<A>, Parse<B>>>
/** A / B, exactly; `never` where A is not a multiple of B, or (names) is not known to be one. */
export type Over<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number]
    ? number extends M | N ? number
      : DivD<`${M}`, `${N}`> extends [infer Q extends string, infer R] ? (R extends "0" ? Num<Q> : never) : never
    : B extends 1 ? A : B extends 0 ? never
    : Blind<A, B> extends true ? number
    : Parse<B> extends infer D extends Sum
      ? D extends readonly [infer T extends Term]
        ? DivSum<Parse<A>, T> extends infer Q extends Sum ? ([Q] extends [never] ? Whole<A, B> : Print<Q>) : never
        : Whole<A, B>
      : never
type Whole<A extends Dim, B extends Dim> = Alike<A, B> extends true ? 1 : never

/** The product of a shape's dimensions; `number` where one is unknown. */
export type ProductOf<S extends readonly unknown[], Acc extends Dim = 1> =
  S extends readonly [infer H extends Dim, ...infer T] ? ProductOf<T, Times<Acc, H>> : S extends readonly [] ? Acc : number

/** D, declared as a multiple of M: a dimension that M divides. It equals D. */
export type Multiple<D extends string, M extends Dim> = Times<M, Quotient<D, M>>
type Quotient<D extends string, M extends Dim> = `(${D}/${M})`

/** Is S an expression, rather than a name? */
export type IsExpression<S> = S extends `${string}${Operator}${string}` ? true : false
type Operator = "+" | "-" | "*" | "/" | "("

/** Are two dimensions, of which one is an expression, equal for all sizes? */
export type Alike<A extends Dim, B extends Dim> =
  true extends IsExpression<A> | IsExpression<B>
    ? [Print<Value<Parse<A>>>, Print<Value<Parse<B>>>] extends [infer P, infer Q] ? ([P, Q] extends [Q, P] ? true : false) : never
    : false

// ---- what can be read ----------------------------------------------------------------------------------------------

/** What need not be a name. */
export type Odd = "" | `${Digit}${string}` | `${string}${Operator | ")" | " "}${string}`
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"
/** Is S a name, or an expression: a sum of products of names, sizes and quotients? */
export type IsDimension<S extends string> =
  S extends `${infer A} ${infer B}` ? IsDimension<`${A}${B}`>
    : IsExpression<S> extends true ? (S extends `-${infer R}` ? IsSum<R> : IsSum<S>) : IsName<S>
type IsSum<S extends string> =
  S extends `${infer A}+${infer R}` ? (IsDifference<A> extends true ? IsSum<R> : false) : IsDifference<S>
type IsDifference<S extends string> =
  S extends `${infer A}-${infer R}` ? (IsProduct<A> extends true ? IsDifference<R> : false) : IsProduct<S>
type IsProduct<S extends string> =
  S extends `${infer H}*${infer R}` ? (IsFactor<H> extends true ? IsProduct<R> : false) : IsFactor<S>
type IsFactor<S extends string> = S extends `(${infer Q})` ? IsFactorBare<Q> : IsFactorBare<S>
type IsFactorBare<S extends string> =
  S extends `${infer N}/${infer M}` ? (IsName<N> extends true ? IsAtom<M> : false) : IsAtom<S>
type IsAtom<S extends string> = S extends `${infer N extends bigint}` ? (bigint extends N ? false : true) : IsName<S>
type IsName<S extends string> = S extends Odd ? false : true

// ---- what names stand for ------------------------------------------------------------------------------------------

/** The names in a dimension, as a union. */
export type NamesOf<D> =
  D extends string ? (IsExpression<D> extends true ? NamesInSum<Parse<D>> : D) : never
type NamesInSum<P> = P extends readonly Term[] ? NamesInFactor<Factors<P[number][2]>[number]> : never
type NamesInFactor<F> =
  F extends `(${infer N}/${infer M})` ? N | (M extends `${number}` ? never : M) : F extends "" ? never : F

/** The names that the value of a dimension depends on: d alone in h*(d/h). */
export type NamesOfValue<D> = D extends string ? (IsExpression<D> extends true ? NamesInSum<Value<Parse<D>>> : D) : never
/** The text of a dimension's value. */
export type ValueOf<D extends Dim> = D extends string ? (IsExpression<D> extends true ? Print<Value<Parse<D>>> : D) : D
/**
 * Are the quotients of X exact where E says what its names are? `true`, `false` where that is not known yet, or the text that
 * says why not.
 */
export type Exact<X extends string, E> = X extends `${string}/${string}` ? ExactSum<Parse<X>, E> : true
type ExactSum<P, E, Acc = true> =
  P extends readonly [infer T extends Term, ...infer R]
    ? ExactFactors<Factors<T[2]>, E, Acc> extends infer V ? (V extends string ? V : ExactSum<R, E, V>) : never
    : Acc
type ExactFactors<F, E, Acc> =
  F extends readonly [infer H, ...infer R]
    ? H extends `(${infer N}/${infer M})`
      ? N extends keyof E
        ? M extends keyof E
          ? OverNamed<E[N], E[M]> extends infer Q
            ? [Q] extends [never] ? `${N} is ${ShowDim<E[N]>}, which is not a multiple of ${M}, ${ShowDim<E[M]>}` : ExactFactors<R, E, Acc>
            : never
          : M extends `${infer V extends number}`
            ? OverNamed<E[N], V> extends infer Q
              ? [Q] extends [never] ? `${N} is ${ShowDim<E[N]>}, which is not a multiple of ${M}` : ExactFactors<R, E, Acc>
              : never
          : ExactFactors<R, E, false>
        : ExactFactors<R, E, false>
      : ExactFactors<R, E, Acc>
    : Acc

/** The value of X with its names replaced; evidence of names that E does not know is not asked for. */
export type EvaluateValue<X extends string, E> =
  IsExpression<X> extends true ? EvalSum<Value<Parse<X>>, E> : X extends keyof E ? E[X] & Dim : number
/**
 * X with its names replaced by what they are in E: a dimension; `number` where a name is not in E; `never` where a quotient is
 * not exact.
 */
export type Evaluate<X extends string, E> =
  IsExpression<X> extends true ? EvalSum<Parse<X>, E> : X extends keyof E ? E[X] & Dim : number
/** Terms that are subtracted wait for the others: sizes are never negative on the way. */
type EvalSum<P, E, Acc extends Dim = 0, Late extends Sum = []> =
  P extends readonly [infer T extends Term, ...infer R]
    ? T[0] extends "-" ? EvalSum<R, E, Acc, [...Late, T]>
      : EvalTerm<Factors<T[2]>, E, Num<T[1]>> extends infer V
        ? [V] extends [never] ? never : EvalSum<R, E, Plus<Acc, V & Dim> & Dim, Late>
        : never
    : EvalLate<Late, E, Acc>
type EvalLate<P, E, Acc extends Dim> =
  P extends readonly [infer T extends Term, ...infer R]
    ? EvalTerm<Factors<T[2]>, E, Num<T[1]>> extends infer V
      ? [V] extends [never] ? never
        : Minus<Acc, V & Dim> extends infer D ? ([D] extends [never] ? never : EvalLate<R, E, D & Dim>) : never
      : never
    : Acc
type EvalTerm<F, E, Acc extends Dim> =
  F extends readonly [infer H extends string, ...infer R]
    ? (H extends `(${infer N}/${infer M})` ? OverNamed<Named<N, E>, Named<M, E>> : Named<H, E>) extends infer V
      ? [V] extends [never] ? never : V extends Dim ? EvalTerm<R, E, Times<Acc, V>> : never
      : never
    : Acc
type OverNamed<A, B> = A extends Dim ? (B extends Dim ? Over<A, B> : never) : never
type Named<N extends string, E> = N extends keyof E ? E[N] : N extends `${infer V extends number}` ? V : number

/**
 * The name U for which X is Y, the other names being those of E: its dimension; `never` where there is none; `null` where X is not
 * linear in U.
 */
export type Solve<X extends string, U extends string, Y extends Dim, E> =
  Parted<Value<Parse<X>>, U> extends [infer A extends Sum, infer B extends Sum]
    ? A extends readonly [readonly ["-", ...unknown[]], ...unknown[]] ? Solved<EvalSum<B, E>, Y, EvalSum<Negated<A>, E>>
      : Solved<Y, EvalSum<B, E>, EvalSum<A, E>>
    : null
/** Is X a U + b, so that it tells what U is? */
export type IsLinear<X extends string, U extends string> = Parted<Value<Parse<X>>, U> extends null ? false : true
/** (Y - R) / C */
type Solved<Y, R, C> =
  [Y] extends [never] ? never
    : [R] extends [never] ? never
    : [C] extends [never] ? never
    : Minus<Y & Dim, R & Dim> extends infer V ? ([V] extends [never] ? never : Over<V & Dim, C & Dim>) : never
/** The sum as [A, B] with A U + B; `null` where U occurs otherwise. */
type Parted<P, U extends string, A extends Sum = [], B extends Sum = []> =
  P extends readonly [infer T extends Term, ...infer R]
    ? U extends NamesInFactor<Factors<T[2]>[number]>
      ? Without<Factors<T[2]>, U> extends infer F extends readonly string[]
        ? [F] extends [never] ? null
          : U extends NamesInFactor<F[number]> ? null : Parted<R, U, [...A, [T[0], T[1], Joined<F>]], B>
        : never
      : Parted<R, U, A, [...B, T]>
    : [A, B]

// ---- sums of terms -------------------------------------------------------------------------------------------------

type Sign = "+" | "-"
/** A coefficient's sign and digits, and factors in order, joined by "*"; "" for the constant. */
type Term = readonly [sign: Sign, coefficient: string, factors: string]
type Sum = readonly Term[]

/** Is one of them unknown? */
type Blind<A, B> = number extends A | B ? true : string extends A | B ? true : false

type Parse<A extends Dim> =
  A extends number ? (A extends 0 ? [] : [["+", `${A}`, ""]])
    : A extends `${string}${Operator | " "}${string}` ? ParseSum<A, "+", []>
    : [["+", "1", A]]
/** Splits at + and -; quotients hold neither. */
type ParseSum<S extends string, G extends Sign, Acc extends Sum> =
  S extends `${infer A}+${infer R}` ? ParseSum<R, "+", ParseMinus<A, G, Acc>> : ParseMinus<S, G, Acc>
type ParseMinus<S extends string, G extends Sign, Acc extends Sum> =
  S extends `${infer A}-${infer R}` ? ParseMinus<R, "-", ParseTerm<A, G, "1", [], Acc>> : ParseTerm<S, G, "1", [], Acc>
type ParseTerm<S extends string, G extends Sign, C extends string, F extends readonly string[], Acc extends Sum> =
  S extends "" ? Acc // before a leading minus
    : S extends `${infer H}*${infer R}` ? ParseFactor<Bare<H>, R, G, C, F, Acc>
    : ParseFactor<Bare<S>, "", G, C, F, Acc>
type ParseFactor<
  H extends string, R extends string, G extends Sign, C extends string, F extends readonly string[], Acc extends Sum
> =
  (H extends `${number}` ? [MulD<C, H>, F] : [C, InsertFactor<F, H extends `${string}/${string}` ? `(${H})` : H>]) extends
    [infer D extends string, infer P extends readonly string[]]
    ? R extends "" ? (D extends "0" ? Acc : Insert<Acc, [G, D, Joined<P>]>) : ParseTerm<R, G, D, P, Acc>
    : never
/** A factor without spaces and parentheses. */
type Bare<S extends string> =
  S extends `${infer A} ${infer B}` ? Bare<`${A}${B}`> : S extends `(${infer Q})` ? Q : S

/** The text of a sum; a number where it is constant; `never` where that is negative. */
type Print<P> =
  P extends readonly [] ? 0
    : P extends readonly [readonly [infer G, infer C extends string, ""]] ? (G extends "+" ? Num<C> : never)
    : Text<P>
/** What is added stands before what is subtracted. */
type Text<P, Acc extends string = "", Late extends string = ""> =
  P extends readonly [infer T extends Term, ...infer R]
    ? T[0] extends "-" ? Text<R, Acc, `${Late}-${TermText<T[1], T[2]>}`>
      : Text<R, `${Acc}${Acc extends "" ? "" : "+"}${TermText<T[1], T[2]>}`, Late>
    : `${Acc}${Late}`
type TermText<C extends string, F extends string> =
  F extends "" ? C : C extends "1" ? (F extends `(${infer Q})` ? (Q extends `${string}*${string}` ? F : Q) : F) : `${C}*${F}`

/** Adds a term to a sum, in its place. */
type Insert<P, T extends Term, Seen extends Sum = []> =
  P extends readonly [infer H extends Term, ...infer R extends Sum]
    ? Place<T[2], H[2]> extends infer O
      ? O extends "=" ? [...Seen, ...Collected<H, T>, ...R]
        : O extends "<" ? [...Seen, T, H, ...R] : Insert<R, T, [...Seen, H]>
      : never
    : [...Seen, T]
type Collected<H extends Term, T extends Term> =
  H[0] extends T[0] ? [[H[0], AddD<H[1], T[1]>, H[2]]]
    : SubD<H[1], T[1]> extends infer D extends string
      ? D extends "0" ? [] : D extends "negative" ? [[T[0], SubD<T[1], H[1]>, H[2]]] : [[H[0], D, H[2]]]
      : never
type AddSum<P, Q> = Q extends readonly [infer T extends Term, ...infer R] ? AddSum<Insert<P, T>, R> : P
type Negated<P> = { -readonly [K in keyof P]: P[K] extends Term ? [P[K][0] extends "+" ? "-" : "+", P[K][1], P[K][2]] : never }
type MulSum<P, Q, Acc = []> =
  P extends readonly [infer T extends Term, ...infer R] ? MulSum<R, Q, MulTerm<T, Q, Acc>> : Acc
type MulTerm<T extends Term, Q, Acc> =
  Q extends readonly [infer H extends Term, ...infer R]
    ? MulTerm<T, R, Insert<Acc, [T[0] extends H[0] ? "+" : "-", MulD<T[1], H[1]>, MulFactors<Factors<T[2]>, Factors<H[2]>>]>>
    : Acc
/** Each term divided by T; `never` where one is not divisible. */
type DivSum<P, T extends Term, Acc extends Sum = []> =
  P extends readonly [infer H extends Term, ...infer R]
    ? DivD<H[1], T[1]> extends [infer C extends string, "0"]
      ? Removed<Factors<H[2]>, Factors<T[2]>> extends infer F extends readonly string[]
        ? [F] extends [never] ? never : DivSum<R, T, [...Acc, [H[0] extends T[0] ? "+" : "-", C, Joined<F>]]>
        : never
      : never
    : Acc

// ---- factors -------------------------------------------------------------------------------------------------------

type Factors<F extends string, Acc extends readonly string[] = []> =
  F extends `${infer H}*${infer R}` ? Factors<R, [...Acc, H]> : F extends "" ? Acc : [...Acc, F]
type Joined<F, Acc extends string = ""> =
  F extends readonly [infer H extends string, ...infer R] ? Joined<R, Acc extends "" ? H : `${Acc}*${H}`> : Acc
type InsertFactor<L, F extends string, Seen extends readonly string[] = []> =
  L extends readonly [infer H extends string, ...infer R extends readonly string[]]
    ? Order<F, H> extends "<" ? [...Seen, F, H, ...R] : InsertFactor<R, F, [...Seen, H]>
    : [...Seen, F]
type MulFactors<A, B> =
  B extends readonly [infer H extends string, ...infer R] ? MulFactors<InsertFactor<A, H>, R> : Joined<A>
type Without<L, F, Seen extends readonly string[] = []> =
  L extends readonly [infer H extends string, ...infer R extends readonly string[]]
    ? H extends F ? [...Seen, ...R] : Without<R, F, [...Seen, H]>
    : never
/** The factors A without those of B; `never` where one is missing. */
type Removed<A, B> =
  B extends readonly [infer H, ...infer R] ? ([A] extends [never] ? never : Removed<Without<A, H>, R>) : A

// ---- the value: declarations cancelled -----------------------------------------------------------------------------

/** h*(d/h) becomes d. */
type Value<P, Acc = []> =
  P extends readonly [infer T extends Term, ...infer R]
    ? T[2] extends `${string}/${string}` ? Value<R, Insert<Acc, Cancelled<T[0], T[1], Factors<T[2]>>>> : Value<R, Insert<Acc, T>>
    : Acc
type Cancelled<G extends Sign, C extends string, F, Kept extends readonly string[] = []> =
  F extends readonly [infer H extends string, ...infer R extends readonly string[]]
    ? H extends `(${infer N}/${infer M})`
      ? M extends `${number}`
        ? DivD<C, M> extends [infer Q extends string, "0"] ? Cancelled<G, Q, [...Kept, N, ...R]> : Cancelled<G, C, R, [...Kept, H]>
        : Without<[...Kept, ...R], M> extends infer W extends readonly string[]
          ? [W] extends [never] ? Cancelled<G, C, R, [...Kept, H]> : Cancelled<G, C, [...W, N]>
          : never
      : Cancelled<G, C, R, [...Kept, H]>
    : [G, C, MulFactors<[], Kept>]

// ---- order ---------------------------------------------------------------------------------------------------------

/** The order of characters in names, quotients behind names, and expressions behind both. */
type Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz(/)*+- "
export type Order<A extends string, B extends string> =
  A extends B ? "="
    : A extends `${infer X}${infer P}`
      ? B extends `${infer Y}${infer Q}`
        ? X extends Y ? Order<P, Q> : Alphabet extends `${string}${X}${string}${Y}${string}` ? "<" : ">"
        : ">"
      : "<"
/** The order of terms: the constant is the last. */
type Place<A extends string, B extends string> = A extends B ? "=" : A extends "" ? ">" : B extends "" ? "<" : Order<A, B>
