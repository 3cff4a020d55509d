// The language of einops (Rogozhnikov, "Einops: Clear and Reliable Tensor Manipulations with Einstein-like Notation", ICLR 2022),
// parsed and solved in types: `b (h d) t -> b h t d`. A side of a pattern is a list of axes: names, lengths, `...` (all axes that
// are not named) and groups in parentheses, whose product the axis is. The run-time twin is src/ops/_einops.ts.
import type { Dim, Fits, Meet, ShowDim } from "./dim.ts"
import type { Digit } from "./digits.ts"
import type { Split } from "./ellipsis.ts"
import type { notPositive } from "./messages.ts"
import type { NotASize, Suspect } from "./nat.ts"
import type { Fault } from "./rule.ts"
import type { Rankless, Shape, Show } from "./shape.ts"
import type { Over, Times } from "./symbolic.ts"

export type EinopsOp = "rearrange" | "reduce" | "repeat"
/** Sizes of axes of a pattern, by name. */
export type AxisSizes = Readonly<Record<string, Dim>>
/** The sentence if it belongs to this place; the shape, or what asks for nothing, if not. */
export type AtPlace<R, At> = R extends Fault<infer Place, infer M> ? (Place extends At ? M : Shape) : R

// ---- sentences -----------------------------------------------------------------------------------------------------

export type oneArrow<Op extends string, P extends string> = `${Op}: '${P}': one '->' stands between the axes before and after`
type closesNothing<Pre extends string> = `${Pre}: a parenthesis closes nothing; open it first`
type notClosed<Pre extends string> = `${Pre}: a parenthesis is not closed; close it`
type nested<Pre extends string> = `${Pre}: parentheses inside parentheses; one level is allowed`
export type notAnAxis<Pre extends string, W extends string> =
  `${Pre}: '${W}' is no axis; names have letters, digits and inner underscores, lengths are whole numbers of 1 or more`
export type namedTwice<Pre extends string, N extends string> = `${Pre}: ${N} stands twice on one side; name each axis once`
type splitsEllipsis<Pre extends string> = `${Pre}: ... is inside parentheses on the left; name the axes there`
type ellipsisAlone<Pre extends string> = `${Pre}: ... is on the right alone; it stands for axes of the left`
type onLeftAlone<Op extends string, Pre extends string, X extends Dim> =
  `${Pre}: ${X} is on the left alone; ${Op} keeps every axis; reduce folds one`
type onRightAlone<Op extends string, Pre extends string, X extends Dim> =
  `${Pre}: ${X} is on the right alone; ${Op} adds no axis; repeat does`
type sizeUnknown<Pre extends string, N extends string> = `${Pre}: ${N} has no size; give it, for instance { ${N}: 2 }`
type sizesUnknown<Pre extends string, N extends string, M extends string> =
  `${Pre}: ${N} and ${M} share an axis and have no size; give one of them`
type noSuchAxis<Pre extends string, N extends string> =
  `${Pre}: a size is given for ${N}, which is no axis of it; leave it out, or name it in the pattern`
export type misfit<Op extends string, S extends Shape, P extends string, Why extends string> =
  `${Op}: ${Show<S>} does not fit '${P}': ${Why}; change one of them`

// ---- one side of a pattern -----------------------------------------------------------------------------------------

type Punctuation =
  "!" | '"' | "#" | "$" | "%" | "&" | "'" | "(" | ")" | "*" | "+" | "," | "-" | "." | "/" | ":" | ";" | "<" | "=" | ">" | "?" |
  "@" | "[" | "\\" | "]" | "^" | "`" | "{" | "|" | "}" | "~" | "\t" | "\n" | "\r"
/** Words that are no names: lengths, `...`, and mistakes. */
export type NoName = `${string}${Punctuation}${string}` | `_${string}` | `${string}_` | `${Digit}${string}`

type Group = readonly Dim[]
/** The axes, the names among them (`...` is one), the lengths other than 1. */
type Side = readonly [axes: readonly (Group | "...")[], names: string, lengths: number]
type Paren = `${string}${"(" | ")"}${string}`

type Words<
  Pre extends string, S extends string, G extends Group | null = null, Axes extends readonly unknown[] = [],
  Names extends string = never, Lengths extends number = never
> =
  S extends `${infer A} ${infer B}`
    ? A extends "" ? Words<Pre, B, G, Axes, Names, Lengths>
      : A extends Paren ? Parens<Pre, A, B, G, Axes, Names, Lengths> : Word<Pre, A, B, G, Axes, Names, Lengths>
    : S extends "" ? (G extends null ? [Axes, Names, Lengths] : notClosed<Pre>)
    : S extends Paren ? Parens<Pre, S, "", G, Axes, Names, Lengths> : Word<Pre, S, "", G, Axes, Names, Lengths>
/** A holds a parenthesis: what is before it is a word, or it is the first character. */
type Parens<
  Pre extends string, A extends string, B extends string, G extends Group | null, Axes extends readonly unknown[],
  Names extends string, Lengths extends number
> =
  A extends `(${infer R}` ? (G extends null ? Words<Pre, `${R} ${B}`, [], Axes, Names, Lengths> : nested<Pre>)
    : A extends `)${infer R}`
      ? G extends null ? closesNothing<Pre> : Words<Pre, `${R} ${B}`, null, [...Axes, G], Names, Lengths>
    : A extends `${infer L}(${infer R}`
      ? L extends `${infer K})${infer Q}`
        ? Word<Pre, K, `)${Q}(${R} ${B}`, G, Axes, Names, Lengths>
        : Word<Pre, L, `(${R} ${B}`, G, Axes, Names, Lengths>
    : A extends `${infer L})${infer R}` ? Word<Pre, L, `)${R} ${B}`, G, Axes, Names, Lengths> : never
type Word<
  Pre extends string, W extends string, Rest extends string, G extends Group | null, Axes extends readonly unknown[],
  Names extends string, Lengths extends number
> =
  W extends Names ? namedTwice<Pre, W>
    : W extends NoName
      ? W extends "..."
        ? Words<Pre, Rest, Push<G, W>, G extends null ? [...Axes, W] : Axes, Names | W, Lengths>
        : Length<W> extends infer N extends number
          ? [N] extends [never] ? notAnAxis<Pre, W>
            : N extends 1 ? Words<Pre, Rest, G, G extends null ? [...Axes, []] : Axes, Names, Lengths>
            : Words<Pre, Rest, Push<G, N>, G extends null ? [...Axes, [N]] : Axes, Names, Lengths | N>
          : never
    : Words<Pre, Rest, Push<G, W>, G extends null ? [...Axes, [W]] : Axes, Names | W, Lengths>
/** W in the open group, if one is open. */
type Push<G extends Group | null, W extends Dim> = G extends Group ? [...G, W] : null
type Length<W extends string> =
  W extends `${infer N extends number}` ? (number extends N ? never : W extends Suspect | "0" ? never : N) : never

// ---- both sides ----------------------------------------------------------------------------------------------------

/** The two sides of a pattern, or what is wrong with it, whatever tensor it is for. */
export type Pattern<Op extends EinopsOp, P extends string> =
  P extends `${infer L}->${infer R}`
    ? R extends `${string}->${string}` ? oneArrow<Op, P> : Sides<Op, `${Op}: '${P}'`, Words<`${Op}: '${P}'`, L>, R>
    : oneArrow<Op, P>
type Sides<Op extends EinopsOp, Pre extends string, L, R extends string> =
  L extends Side
    ? Words<Pre, R> extends infer M
      ? M extends Side ? Agree<Op, Pre, L, M> : M
      : never
    : L
type Agree<Op extends EinopsOp, Pre extends string, L extends Side, R extends Side> =
  "..." extends Exclude<R[1], L[1]> ? ellipsisAlone<Pre>
    : "..." extends Exclude<L[0][number], "...">[number] ? splitsEllipsis<Pre>
    : Op extends "reduce" ? NoneNew<Op, Pre, L, R>
    : [L[1], L[2]] extends [R[1], never]
      ? Op extends "repeat" ? [L, R] : NoneNew<Op, Pre, L, R>
      : onLeftAlone<Op, Pre, First<L[0], R[1]>>
type NoneNew<Op extends EinopsOp, Pre extends string, L extends Side, R extends Side> =
  [R[1], R[2]] extends [L[1], never] ? [L, R] : onRightAlone<Op, Pre, First<R[0], L[1]>>
/** The first name or length of the axes that is not among the names. */
type First<Axes, Names, G = []> =
  G extends readonly [infer H extends Dim, ...infer T] ? (H extends Names ? First<Axes, Names, T> : H)
    : Axes extends readonly [infer H, ...infer T] ? First<T, Names, H extends "..." ? [H] : H> : never

// ---- sizes ---------------------------------------------------------------------------------------------------------

/** What the equations of the axes are about. */
interface Call {
  readonly op: EinopsOp
  readonly shape: Shape
  readonly pattern: string
}
type Misfit<C extends Call, Why extends string> = misfit<C["op"], C["shape"], C["pattern"], Why>
type SizeOf<Z, N extends keyof Z> = Z[N] extends infer D extends Dim ? D : number

/** What is wrong with the sizes by themselves; `never` if nothing. */
type WrongSizes<Op extends string, P extends string, Z, Names> =
  string extends keyof Z ? never
    : [keyof Z] extends [Names]
      ? [`${Z[keyof Z] & number}` & (Suspect | "0")] extends [never] ? never
        : { [N in keyof Z]: NotPositive<Op, N & string, Z[N]> }[keyof Z]
      : noSuchAxis<`${Op}: '${P}'`, Exclude<keyof Z, Names> & string>
type NotPositive<Op extends string, N extends string, V> =
  V extends 0 ? notPositive<Op, N, 0> : [NotASize<V & number>] extends [never] ? never : notPositive<Op, N, NotASize<V & number>>

/** Sizes by name, in `{ env }`; or what is wrong. A lone name without a size, the commonest axis, is quick. */
type Bind<C extends Call, Z, S, L, Env> =
  L extends readonly [infer A, ...infer T]
    ? S extends readonly [infer D extends Dim, ...infer R]
      ? A extends readonly [infer N extends string]
        ? N extends keyof Z ? After<C, Z, Solve<C, Z, D, N>, R, T, Env> : Bind<C, Z, R, T, Env & Sized<N, D>>
        : A extends "..." ? BindRest<C, Z, S, T, Env>
        : After<C, Z, Factor<C, Z, D, A>, R, T, Env>
      : BindRest<C, Z, S, T, Env>
    : { env: Env }
type Sized<N extends string, D> = { [K in N]: D }
type After<C extends Call, Z, Q, S, L, Env> = Q extends { env: infer E } ? Bind<C, Z, S, L, Env & E> : Q
/** At "...", or at the end of the shape, where "..." stands for nothing. */
type BindRest<C extends Call, Z, S, L, Env> =
  Split<S, L> extends [infer Dots, infer R] ? Bind<C, Z, R, L, Env & Sized<"...", Dots>> : never
/** Has S an axis for each of L? */
type RankFits<S extends Shape, L extends readonly unknown[]> =
  "..." extends L[number] ? (S extends Axes<L> ? true : false) : S["length"] extends L["length"] ? true : false
type Axes<L, Acc extends Shape = []> =
  L extends readonly [infer A, ...infer T] ? Axes<T, A extends "..." ? Acc : [...Acc, Dim]> : readonly [...Acc, ...Shape]
type Wanted<L, Named extends 0[] = [], More extends string = ""> =
  L extends readonly [infer H, ...infer T]
    ? H extends "..." ? Wanted<T, Named, " or more"> : Wanted<T, [...Named, 0], More>
    : `${Named["length"]}${More}`
/** A lone name whose size is given. */
type Solve<C extends Call, Z, D extends Dim, N extends keyof Z & string> =
  Fits<D, SizeOf<Z, N>> extends true
    ? { env: Sized<N, Meet<SizeOf<Z, N>, D>> }
    : Fault<"sizes", Misfit<C, `${N} is ${ShowDim<D>}, not ${ShowDim<SizeOf<Z, N>>}`>>
/** The axis of size D is the product of the group. */
type Factor<
  C extends Call, Z, D extends Dim, G, Given extends Dim = 1, Hole = never, Env = unknown, At extends "x" | "sizes" = "x"
> =
  G extends readonly [infer H, ...infer T]
    ? H extends keyof Z ? Factor<C, Z, D, T, Times<Given, SizeOf<Z, H>>, Hole, Env & Sized<H & string, SizeOf<Z, H>>, "sizes">
      : H extends number ? Factor<C, Z, D, T, Times<Given, H>, Hole, Env, At>
      : [Hole] extends [never] ? Factor<C, Z, D, T, Given, H, Env, At>
      : Fault<"pattern", sizesUnknown<`${C["op"]}: '${C["pattern"]}'`, Hole & string, H & string>>
    : [Hole] extends [never]
      ? Fits<D, Given> extends true ? { env: Env } : Fault<At, Misfit<C, `${ShowDim<D>} is not ${ShowDim<Given>}`>>
    : Given extends 1 ? { env: Env & Sized<Hole & string, D> }
    : Over<D, Given> extends infer Q
      ? [Q] extends [never] ? Fault<At, Misfit<C, `${ShowDim<D>} is not a multiple of ${ShowDim<Given>}`>>
        : { env: Env & Sized<Hole & string, Q> }
      : never

/** The sizes of all names and the right side; or what is wrong; or Shape, where the rank or the pattern is not known. */
export type Solved<Op extends EinopsOp, S extends Shape, P extends string, Z> =
  [S] extends [never] ? never
    : string extends P ? Shape
    : Pattern<Op, P> extends infer Q
      ? Q extends readonly [infer L extends Side, infer R extends Side]
        ? [R[1]] extends [L[1] | keyof Z]
          ? WrongSizes<Op, P, Z, L[1] | R[1]> extends infer M
            ? [M] extends [never] ? SolvedFor<Op, S, P, Z, L, R> : Fault<"sizes", M & string>
            : never
          : Fault<"pattern", sizeUnknown<`${Op}: '${P}'`, First<R[0], L[1] | keyof Z | number> & string>>
        : Fault<"pattern", Q & string>
      : never
type SolvedFor<Op extends EinopsOp, S extends Shape, P extends string, Z, L extends Side, R extends Side> =
  Rankless<S> extends true ? Shape
    : RankFits<S, L[0]> extends false
      ? Fault<"x", misfit<Op, S, P, `it has rank ${S["length"]}, not ${Wanted<L[0]>}`>>
    : Bind<{ op: Op; shape: S; pattern: P }, Z, S, L[0], Added<Exclude<R[1], L[1]>, Z>> extends infer B
      ? B extends { env: infer E } ? { env: E; right: R } : B
      : never
type Added<N extends string, Z> = [N] extends [never] ? unknown : { [K in N]: K extends keyof Z ? SizeOf<Z, K> : never }

// ---- the result ----------------------------------------------------------------------------------------------------

/** The resulting shape, or what is wrong. */
export type Einops<Op extends EinopsOp, S extends Shape, P extends string, Z> =
  Solved<Op, S, P, Z> extends infer Q ? (Q extends { env: infer E; right: infer R extends Side } ? Built<R[0], E> : Q) : never
type Built<R, M, Acc extends Shape = []> =
  R extends readonly [infer A, ...infer T]
    ? A extends keyof M ? (M[A] extends infer E extends Shape ? Built<T, M, [...Acc, ...E]> : never)
      : A extends readonly [infer N extends keyof M] ? Built<T, M, [...Acc, M[N] extends infer D extends Dim ? D : Folded<M[N]>]>
      : Built<T, M, [...Acc, Folded<A, M>]>
    : Acc
/** The product of a group: dims, and names of dims or shapes. */
type Folded<G, M = {}, Acc extends Dim = 1> =
  G extends readonly [infer H, ...infer T]
    ? Folded<T, M, Times<Acc, H extends keyof M ? (M[H] extends infer D extends Dim ? D : Folded<M[H]>) : H & Dim>>
    : G extends readonly [] ? Acc : number

/** Does an axis of size 0 disappear? */
export type FoldsNone<Q> =
  Q extends { env: infer E; right: infer R extends Side }
    ? true extends { [N in keyof E]: N extends R[1] ? false : None<E[N]> }[keyof E] ? true : false
    : false
type None<D> = D extends Shape ? { [K in keyof D]: None<D[K]> }[number] : D extends 0 ? true : false
