// NumPy's subscript language of einsum in types: parsed once per literal, then bound to the operands' shapes. Every step has
// its twin in src/ops/_einsum.ts, which takes the same decisions in the same order.
import type { Broadcast, JoinDim } from "./broadcast.ts"
import type { Dim, Fits, Known, ShowDim } from "./dim.ts"
import type { TensorLike } from "./rule.ts"
import type { Rankless, Shape, Show } from "./shape.ts"

// ---- the language --------------------------------------------------------------------------------------------------

/** The labels of each operand and of the result; "..." is a label that stands for any number of axes. */
export interface Lists {
  readonly ins: string[][]
  readonly out: string[]
}
type Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
type Chars<S extends string, Acc = never> = S extends `${infer C}${infer T}` ? Chars<T, Acc | C> : Acc
type Letter = Chars<Alphabet>

/** The lists that L spells, or the sentence. */
export type Parse<L extends string> = Inputs<L, L, [], []>
type Inputs<L extends string, R extends string, Ins extends string[][], Cur extends string[]> =
  R extends `${infer C}${infer T}`
    ? C extends Letter ? Inputs<L, T, Ins, [...Cur, C]>
      : C extends " " ? Inputs<L, T, Ins, Cur>
      : C extends "," ? Inputs<L, T, [...Ins, Cur], []>
      : R extends `...${infer U}` ? ("..." extends Cur[number] ? twoEllipses<L> : Inputs<L, U, Ins, [...Cur, "..."]>)
      : R extends `->${infer U}` ? Output<L, U, [...Ins, Cur], []>
      : noLabel<L, C>
    : { ins: [...Ins, Cur]; out: Implicit<[...Ins, Cur]> }
type Output<L extends string, R extends string, Ins extends string[][], Out extends string[]> =
  R extends `${infer C}${infer T}`
    ? C extends Letter
      ? C extends Out[number] ? outputTwice<L, C>
        : C extends Ins[number][number] ? Output<L, T, Ins, [...Out, C]>
        : outputUnknown<L, C>
      : C extends " " ? Output<L, T, Ins, Out>
      : R extends `...${infer U}` ? ("..." extends Out[number] ? twoEllipses<L> : Output<L, U, Ins, [...Out, "..."]>)
      : noLabel<L, C>
    : { ins: Ins; out: Out }
/** The result's labels where none are given: the ellipsis, then those that occur once, capitals first. */
type Implicit<Ins, Once = never, More = never> =
  Ins extends [infer P, ...infer Q]
    ? P extends [infer H, ...infer T]
      ? H extends Once | More ? Implicit<[T, ...Q], Exclude<Once, H>, More | H> : Implicit<[T, ...Q], Once | H, More>
      : Implicit<Q, Once, More>
    : "..." extends Once | More ? ["...", ...Sorted<Once>] : Sorted<Once>
type Sorted<U, A extends string = Alphabet, Acc extends string[] = []> =
  A extends `${infer C}${infer T}` ? Sorted<U, T, C extends U ? [...Acc, C] : Acc> : Acc

// ---- all at once ---------------------------------------------------------------------------------------------------
// Most calls are right and need no broadcasting: all dimensions in one row, those of a label are one size. Where this does
// not hold, the operands are taken one after the other below.

/** Where the labels are in the row of all dimensions: `same[k]` and `as[k]` are one label, `out` is the result. */
interface Places {
  readonly ranks: readonly number[]
  readonly same: readonly string[]
  readonly as: readonly string[]
  readonly out: readonly string[]
}
/** null where there is an ellipsis, or a tensor has a label twice. */
export type Placed<P extends Lists> = "..." extends P["out"][number] ? null : Place<P["ins"], P["out"], [], {}, [], [], []>
type Place<Ins, O, Ranks extends number[], F, Row extends 0[], X extends string[], Y extends string[]> =
  Ins extends [infer P extends string[], ...infer Q] ? Along<P, P, Q, O, Ranks, F, Row, X, Y, never>
    : { ranks: Ranks; same: X; as: Y; out: { [K in keyof O]: F[O[K] & keyof F] } }
type Along<
  P extends string[], R, Q, O, Ranks extends number[], F, Row extends 0[], X extends string[], Y extends string[], Own
> =
  R extends [infer H extends string, ...infer T]
    ? H extends Own | "..." ? null
      : H extends keyof F
        ? Along<P, T, Q, O, Ranks, F, [...Row, 0], [...X, F[H] & string], [...Y, `${Row["length"]}`], Own | H>
        : Along<P, T, Q, O, Ranks, F & { [_ in H]: `${Row["length"]}` }, [...Row, 0], X, Y, Own | H>
    : Place<Q, O, [...Ranks, P["length"]], F, Row, X, Y>
type Ranks<T extends readonly TensorLike[]> = { -readonly [K in keyof T]: T[K]["shape"]["length"] }
type Row<T, Acc extends Shape = []> =
  T extends readonly [infer H extends TensorLike, ...infer R] ? Row<R, [...Acc, ...H["shape"]]> : Acc
type At<R, I extends readonly string[]> = { -readonly [K in keyof I]: R[I[K] & keyof R] }
/** The result's shape, or null where it needs a closer look. */
export type Quick<W, T extends readonly TensorLike[]> =
  W extends Places
    ? [Ranks<T>, T[number]["dtype"]] extends [W["ranks"], Exclude<T[0]["dtype"], "bool">]
      ? Row<T> extends infer R
        ? [R] extends [never] ? never
          : [At<R, W["same"]>, At<R, W["as"]>] extends [At<R, W["as"]>, At<R, W["same"]>] ? At<R, W["out"]> : null
        : never
      : null
    : null

// ---- one operand ---------------------------------------------------------------------------------------------------

/**
 * The axes of S by label, each with the shape it is from, and the dimensions under the ellipsis; or the sentence. null: S is of
 * unknown rank.
 */
export type Labelled<L extends string, P extends string[], S extends Shape> = Front<L, P, S, P, S, {}>
type Front<L extends string, P extends string[], S extends Shape, R extends string[], Rest, G> =
  R extends [infer H extends string, ...infer T extends string[]]
    ? H extends "..." ? Back<L, P, S, T, Rest, G>
      : Rest extends readonly [infer N extends Dim, ...infer M]
        ? Put<L, S, H, N, G> extends infer F ? (F extends string ? F : Front<L, P, S, T, M, F>) : never
        : Misfit<L, P, S>
    : Rest extends readonly [] ? [G, []] : Misfit<L, P, S>
type Back<L extends string, P extends string[], S extends Shape, R extends string[], Rest, G> =
  R extends [...infer T extends string[], infer H extends string]
    ? Rest extends readonly [...infer M, infer N extends Dim]
      ? Put<L, S, H, N, G> extends infer F ? (F extends string ? F : Back<L, P, S, T, M, F>) : never
      : Misfit<L, P, S>
    : Rest extends readonly [...infer M extends Shape] ? (number extends M["length"] ? null : [G, M]) : never
/** A label twice on one operand: its diagonal. NumPy broadcasts between operands only. */
type Put<L extends string, S extends Shape, H extends string, N extends Dim, G> =
  H extends keyof G
    ? G[H] extends readonly [infer X, unknown]
      ? Fits<X, N> extends true
        ? Known<X> extends true ? G : Omit<G, H> & { [_ in H]: [N, S] }
        : notSquare<L, H, X, N, S>
      : never
    : G & { [_ in H]: [N, S] }
type Misfit<L extends string, P extends string[], S extends Shape> = Rankless<S> extends true ? null : wrongRank<L, P, S>

// ---- all operands --------------------------------------------------------------------------------------------------

/** The labels bound so far (F), with those of one more operand (G). A size of 1 is repeated. Or the sentence. */
export type Merge<L extends string, P, S extends Shape, F, G> =
  P extends [infer H, ...infer T]
    ? H extends keyof G
      ? H extends keyof F
        ? [F[H], G[H]] extends [readonly [infer X extends Dim, infer Q extends Shape], readonly [infer Y extends Dim, unknown]]
          ? [X, Y] extends [Y, X] ? Merge<L, T, S, F, G>
            : JoinDim<X, Y> extends infer J
              ? [J] extends [never] ? sizesDiffer<L, H, X, Q, Y, S>
                : [J, X] extends [X, J] ? Merge<L, T, S, F, G>
                : Merge<L, T, S, Omit<F, H> & { [_ in H]: [J, S] }, G>
              : never
          : never
        : Merge<L, T, S, F & { [_ in H]: G[H] }, G>
      : Merge<L, T, S, F, G>
    : F
/** The dimensions under the ellipsis so far (E), broadcast with those of one more operand, S. Or the sentence. */
export type MergeRest<L extends string, S extends Shape, E extends Shape, M extends Shape> =
  M extends readonly [] ? E
    : Broadcast<"einsum", E, M> extends infer R ? (R extends string ? restsDiffer<L, E, M, S> : R) : never
/** The dimensions of the labels, in their order. */
export type Pick<O, F, E extends Shape, Acc extends Shape = []> =
  O extends [infer H, ...infer T]
    ? H extends "..." ? Pick<T, F, E, [...Acc, ...E]>
      : H extends keyof F ? (F[H] extends readonly [infer N extends Dim, unknown] ? Pick<T, F, E, [...Acc, N]> : never)
      : never
    : Acc

// ---- sentences -----------------------------------------------------------------------------------------------------

type noLabel<L extends string, C extends string> =
  `einsum: ${L}: ${C} is no label here; labels are letters, and ... stands for further axes`
type twoEllipses<L extends string> = `einsum: ${L}: ... stands twice in one list; one ... stands for all axes without a label`
type outputTwice<L extends string, H extends string> =
  `einsum: ${L}: ${H} stands twice in the result; a label gives it one axis`
type outputUnknown<L extends string, H extends string> = `einsum: ${L}: ${H} is in the result only; no tensor has it`
export type countsDiffer<L extends string, N extends number, M extends number> =
  `einsum: ${L}: tensors labelled: ${N}, given: ${M}; a comma stands between their labels`
export type restLost<L extends string, E extends Shape> =
  `einsum: ${L}: ... stands for ${Show<E>} and is not in the result; put it there, or sum over these axes first`
type wrongRank<L extends string, P extends string[], S extends Shape> =
  "..." extends P[number]
    ? P extends [unknown, ...infer Q] ? otherRank<L, P, `${Q["length"]} or more`, S> : never
    : otherRank<L, P, P["length"], S>
type otherRank<L extends string, P, Wanted extends string | number, S> =
  `einsum: ${L}: ${Spelled<P>} needs rank ${Wanted}, got ${Show<S>}; expandDims adds axes, reshape takes them away`
type Spelled<P, Acc extends string = ""> =
  P extends [infer H extends string, ...infer T] ? Spelled<T, `${Acc}${H}`> : Acc extends "" ? "no label" : Acc
type notSquare<L extends string, H extends string, X, Y, S> =
  `einsum: ${L}: ${H} is ${ShowDim<X>} and ${ShowDim<Y>} in ${Show<S>}; a diagonal has one size`
type sizesDiffer<L extends string, H, X, Q, Y, S> =
  `einsum: ${L}: ${H & string} is ${ShowDim<X>} in ${Show<Q>} and ${ShowDim<Y>} in ${Show<S>}; a label has one size, or 1`
type restsDiffer<L extends string, E, M, S> =
  `einsum: ${L}: ... is ${Show<M>} in ${Show<S>}, which does not broadcast with ${Show<E>} before it`
