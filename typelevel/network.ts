// Layers are functions of types: given what comes in, a layer's rule says what comes out (or a sentence), and which parameters
// and state it has. Networks fold these rules over their layers.
//
// A rule is an interface with `In: unknown`, read as `this["In"]`. (With `In: Shape`, `infer` would see the intersection of
// Shape and the actual shape, and sentences would print three shapes for one.) What comes in is a tensor, or a list of tensors.
//
// Folds take lists that are not readonly (`[...L]`): the rest of a list is one of these, and is matched again without being
// compared element by element. That is a quarter of the cost of a deep network.
import type { AddR, MaxR as MaxOf, NextR, Num, ProductR, Reverse } from "./nat.ts"
import type { Shape, Show } from "./shape.ts"
import type { TensorLike } from "./rule.ts"
import type { CountR } from "./tree.ts"

/** What every rule has. Only this is asked for where any layer may stand: to compare more, the compiler would compute it. */
export interface AnyRule {
  /** What training needs from outside: "Random", or `never`. */
  readonly Needs: string
  /** Layers are keyed `kind_1`, `kind_2`, ... in their network, */
  readonly Kind: string
  /** or by a name of their own, */
  readonly Name?: string
  /** which several may share. */
  readonly Shared?: true
}
/** A layer, with or without a name of its own. */
export interface AppliedRule extends AnyRule {
  readonly In: unknown
  readonly Out: unknown
  readonly Params: unknown
  readonly State: unknown
  /** Of a layer made of layers: its number of parameters (a reversed digit string), */
  readonly Count?: unknown
  /** how many elements are alive while it runs (`Live`), */
  readonly Live?: unknown
  /** and the shapes of the layers within (`Row`s). */
  readonly Rows?: unknown
}
/** A layer without a name of its own: it says so, so that the names in a list are seen at a glance. */
export interface Rule extends AppliedRule {
  readonly Name?: never
  readonly Shared?: never
}
/** A layer without parameters and state, which needs nothing. */
export interface Plain extends Rule {
  readonly Params: {}
  readonly State: {}
  readonly Needs: never
}
export interface LayerLike<F extends AnyRule = AnyRule> {
  readonly rule: F
}

/** A field of rule F for input S. */
export type Apply<F, S, Field extends "Out" | "Params" | "State" | "Count" | "Live" | "Rows"> =
  (F & { readonly In: S })[Field & keyof F]

/** The shape that a spec has, and its text in sentences: `[batch, 28]`, `[batch, 28] i32`, `[b, t], [b, t] bool`. */
export type SpecShape<S> = S extends Shape ? S : S extends TensorLike ? S["shape"] : never
export type ShowSpec<S> =
  S extends Shape ? Show<S>
    : S extends TensorLike ? (S["dtype"] extends "f32" ? Show<S["shape"]> : `${Show<S["shape"]>} ${S["dtype"]}`)
    : S extends readonly unknown[] ? ShowSpecs<S>
    : "something else"
type ShowSpecs<L, Acc extends string = ""> =
  L extends readonly [infer H, ...infer R] ? ShowSpecs<R, Acc extends "" ? ShowSpec<H> : `${Acc}, ${ShowSpec<H>}`> : Acc

// ---- what goes through a list of layers ----------------------------------------------------------------------------

/** The first layer that does not fit: what is wrong, and the layers behind it. */
export interface Misfit<R extends readonly unknown[], Why extends string> {
  readonly behind: R
  readonly why: Why
}
/** What comes out behind the last layer, or the first misfit. */
export type Walk<L extends readonly unknown[], X> =
  L extends [infer H, ...infer R]
    ? H extends LayerLike
      ? Apply<H["rule"], X, "Out"> extends infer O
        ? O extends string ? Misfit<R, O> : Walk<R, O>
        : never
      : Misfit<R, notALayer<H>>
    : L extends [] ? X : Misfit<never, unknownLength>
/** What a misfit says in a layer of the kind Op made of the layers L: `sequential[1] > dense: ...`; anything else as it is. */
export type Within<Op extends string, L extends readonly unknown[], W> =
  W extends Misfit<readonly unknown[], string>
    ? [W["behind"]] extends [never] ? W["why"]
      : [...L] extends [...infer Before, unknown, ...W["behind"]] ? `${Op}[${Before["length"]}] > ${W["why"]}` : never
    : W
export type unknownLength =
  "network: a list of layers of unknown length has no shape; write the layers out, or use Net.repeat(n, layer)"
export type notALayer<H> =
  `network: ${H extends string ? H : "this"} is no layer; a layer is a value such as Net.relu or Net.dense(10)`

/**
 * How layers in a list are fed: each with what the one before gives ("then"), all with the same ("both"), or each with its own
 * member of a list ("each").
 */
export type Feed = "then" | "both" | "each"
type Fed<M, X> = M extends "each" ? (X extends readonly [infer H, ...unknown[]] ? H : never) : X
type After<M, F extends AnyRule, X> =
  M extends "then" ? Apply<F, X, "Out">
    : M extends "each" ? (X extends readonly [unknown, ...infer R] ? R : never)
    : X

// ---- trees, counts, rows ---------------------------------------------------------------------------------------------

/**
 * The records of the layers' parameters (or state), keyed by name, or by kind and ordinal; layers that have none have no
 * entry.
 */
export type Trees<L extends readonly unknown[], X, Field extends "Params" | "State", M extends Feed = "then"> =
  Entries<[...L], X, Field, M>
type Entries<L, X, Field extends "Params" | "State", M, Acc = {}, Seen = {}> =
  L extends [infer H extends LayerLike, ...infer R]
    ? Apply<H["rule"], Fed<M, X>, Field> extends infer T
      ? Entries<
          R, After<M, H["rule"], X>, Field, M,
          {} extends T ? Acc : Acc & { [K in KeyOf<H["rule"], Seen>]: T },
          See<H["rule"], Seen>
        >
      : never
    : { -readonly [K in keyof Acc]: Acc[K] }

/** The key of a layer behind layers whose kinds were counted in Seen: a record of the next ordinals, digits reversed. */
type KeyOf<F extends AnyRule, Seen> =
  F extends { readonly Name: infer N extends string } ? N
    : F["Kind"] extends keyof Seen
      ? Seen[F["Kind"]] extends infer N extends string ? `${F["Kind"]}_${Reverse<N>}` : never
      : `${F["Kind"]}_1`
/** A layer with a name of its own counts for no kind. */
type See<F extends AnyRule, Seen> =
  F extends { readonly Name: string } ? Seen
    : F["Kind"] extends keyof Seen
      ? { [K in keyof Seen]: K extends F["Kind"] ? NextR<Seen[K] & string> : Seen[K] }
      : { [K in keyof Seen | F["Kind"]]: K extends keyof Seen ? Seen[K] : "2" }

/** The number of parameters of a layer, a reversed digit string; a layer that is made of others says so, and equal ones are counted once. */
export type CountOf<F extends AnyRule, X> =
  Apply<F, X, "Count"> extends infer N extends string ? N : CountR<Apply<F, X, "Params">>
/** That of a list of layers; what is shared counts once. */
export type CountIn<L extends readonly unknown[], X, M extends Feed = "then"> = Counted<[...L], X, M>
type Counted<L, X, M, Acc extends string = "0", Tied = never> =
  L extends [infer H extends LayerLike, ...infer R]
    ? CountOf<H["rule"], Fed<M, X>> extends infer N extends string
      ? H["rule"] extends { readonly Shared: true; readonly Name: infer K extends string }
        ? Counted<R, After<M, H["rule"], X>, M, K extends Tied ? Acc : PlusR<Acc, N>, Tied | K>
        : Counted<R, After<M, H["rule"], X>, M, N extends "0" ? Acc : PlusR<Acc, N>, Tied>
      : never
    : Acc
/** The number of parameters as a literal. */
export type ParametersOf<L extends readonly unknown[], X> = ToNumber<CountIn<L, X>>
type ToNumber<R extends string> = string extends R ? number : Num<Reverse<R>>
/** What any of the layers needs. */
export type NeedsIn<L extends readonly unknown[]> =
  L[number] extends infer H ? (H extends { readonly rule: { readonly Needs: infer N extends string } } ? N : never) : never

/** A layer's path and the shape that it gives (or the shapes, of several outputs). */
export type Row = readonly [path: string, shape: unknown]
type ShapesOf<O> = O extends TensorLike ? O["shape"] : { readonly [K in keyof O]: ShapesOf<O[K]> }
/** The rows of the layers in a list; a layer made of layers gives a row for each. */
export type RowsOf<L extends readonly unknown[], X, M extends Feed = "then"> = RowsIn<[...L], X, M>
type RowsIn<L, X, M, Acc extends readonly Row[] = [], Seen = {}> =
  L extends [infer H extends LayerLike, ...infer R]
    ? RowsIn<
        R, After<M, H["rule"], X>, M,
        [...Acc, ...RowsAt<KeyOf<H["rule"], Seen>, H["rule"], Fed<M, X>>],
        See<H["rule"], Seen>
      >
    : Acc
/** The rows of a layer at the key K. */
export type RowsAt<K extends string, F extends AnyRule, X> =
  Apply<F, X, "Rows"> extends infer T
    ? T extends readonly [Row, ...Row[]] ? Moved<K, T> : [[K, ShapesOf<Apply<F, X, "Out">>]]
    : never
type Moved<K extends string, T extends readonly Row[]> = { -readonly [I in keyof T]: [Below<K, T[I][0]>, T[I][1]] }
type Below<K extends string, P extends string> = P extends "" ? K : `${K}/${P}`
/** The rows of a layer inside another: at its name, if it has one. */
export type RowsInside<F extends AnyRule, X> =
  F extends { readonly Name: infer N extends string } ? RowsAt<N, F, X>
    : Apply<F, X, "Rows"> extends infer T extends readonly Row[] ? T : []
/** The rows T and, behind them, one for the whole, which gives O. */
export type RowsAnd<T extends readonly Row[], O> = [...T, ["", ShapesOf<O>]]

// ---- how much is alive -----------------------------------------------------------------------------------------------

/**
 * How many elements are alive at most while a layer runs, as reversed digit strings (`string`: unknown): if what comes in is freed by
 * the first that has used it, and if it is held for others. The run-time twin, with the definition, is src/nn/live.ts.
 */
export type Live = readonly [peak: string, held: string]

export type PlusR<A extends string, B extends string> = string extends A | B ? string : A extends "0" ? B : AddR<A, B>
export type MaxR<A extends string, B extends string> = string extends A | B ? string : MaxOf<A, B>
/** The elements of a tensor, or of the tensors of a list; a name counts as 1. */
export type SizeR<S> = S extends TensorLike ? ElementsR<S["shape"]> : S extends readonly unknown[] ? SizesR<S> : "0"
/** The names in front are left out at once; the others only where there are some. */
type ElementsR<S extends Shape> =
  S extends readonly [string, ...infer T extends Shape] ? ElementsR<T>
    : ProductR<S> extends infer P extends string ? (string extends P ? ProductR<Named<S>> : P) : never
type Named<S extends Shape> = { [K in keyof S]: S[K] extends string ? 1 : S[K] }
type SizesR<L, Acc extends string = "0"> = L extends readonly [infer H, ...infer R] ? SizesR<R, PlusR<Acc, SizeR<H>>> : Acc

/** A layer that is made of others says so; any other holds what comes in until all that comes out is there. */
export type LiveOf<F extends AnyRule, X> =
  Apply<F, X, "Live"> extends infer V
    ? V extends Live ? V
      : PlusR<SizeR<X>, SizeR<Apply<F, X, "Out">>> extends infer N extends string ? [N, N] : never
    : never
/** Layers one behind the other. */
export type LiveThrough<L extends readonly unknown[], X> =
  [...L] extends [infer H extends LayerLike, ...infer R]
    ? LiveOf<H["rule"], X> extends [infer P extends string, infer Q extends string]
      ? Peak<R, Apply<H["rule"], X, "Out">> extends infer T extends string
        ? T extends "0" ? [P, Q] : [MaxR<P, T>, MaxR<Q, PlusR<SizeR<X>, T>>]
        : never
      : never
    : [SizeR<X>, SizeR<X>]
type Peak<L, X, Acc extends string = "0"> =
  L extends [infer H extends LayerLike, ...infer R]
    ? LiveOf<H["rule"], X> extends readonly [infer P extends string, string]
      ? Peak<R, Apply<H["rule"], X, "Out">, MaxR<Acc, P>>
      : never
    : Acc
/** Layers beside each other, fed with the same X one after the other; what each gives stays. `Last`: what the end adds to that. */
export type LiveBeside<L extends readonly unknown[], X, Last extends string = "0"> = Beside<[...L], X, SizeR<X>, Last>
type Beside<
  L, X, N extends string, Last extends string, Done extends string = "0", P extends string = "0", Q extends string = "0"
> =
  L extends [infer H extends LayerLike, ...infer R]
    ? LiveOf<H["rule"], X> extends [infer V extends string, infer W extends string]
      ? Beside<
          R, X, N, Last,
          PlusR<Done, SizeR<Apply<H["rule"], X, "Out">>>,
          MaxR<P, PlusR<Done, R extends [] ? V : W>>,
          MaxR<Q, PlusR<Done, W>>
        >
      : never
    : [MaxR<P, PlusR<Done, Last>>, MaxR<Q, PlusR<N, PlusR<Done, Last>>>]
/** Layers beside each other, each fed with its own member of a list. Rest: what has yet to be used; Used: what has been. */
export type LiveEach<L extends readonly unknown[], X> = Each<[...L], X, SizeR<X>>
type Each<L, X, All extends string, Done extends string = "0", Used extends string = "0", P extends string = "0", Q extends string = "0"> =
  L extends [infer H extends LayerLike, ...infer R]
    ? X extends readonly [infer A, ...infer XR]
      ? LiveOf<H["rule"], A> extends [infer V extends string, infer W extends string]
        ? Each<
            R, XR, All,
            PlusR<Done, SizeR<Apply<H["rule"], A, "Out">>>,
            PlusR<Used, SizeR<A>>,
            MaxR<P, PlusR<PlusR<Done, SizeR<XR>>, V>>,
            MaxR<Q, PlusR<PlusR<PlusR<Done, SizeR<XR>>, Used>, W>>
          >
        : never
      : never
    : [P, MaxR<Q, PlusR<All, Done>>]
/** The peak as a literal. */
export type PeakOf<L extends readonly unknown[], X> = LiveThrough<L, X> extends [infer P extends string, string] ? ToNumber<P> : never
