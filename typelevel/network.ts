// Layers and their composition. A layer carries its rule, a type-level function: an interface whose fields are computed from `this["In"]`,
// what goes in. Folds over a list of layers give what comes out, the trees of parameters and state, or the sentence at the layer that does
// not fit. `In` is `unknown`: a constraint there would be intersected with the argument and corrupt the sentences.
import type { Dim, Fits, ShowDim } from "./dim.ts"
import type { Add, Product } from "./nat.ts"
import type { Shape, Show } from "./shape.ts"

export interface Rule {
  /** A tensor's type, or a tree of them. */
  readonly In: unknown
  /** What comes out for it, or the sentence. */
  readonly Out: unknown
  readonly Params: unknown
  readonly State: unknown
  /** Parameters that belong to the network as a whole, by name. */
  readonly Shared: unknown
  /** What training needs from outside: "Random", or never. */
  readonly Needs: unknown
  readonly Kind: string
  /** The key in the trees where the layer has a name of its own; otherwise the kind and an ordinal. */
  readonly Name: string | null
}
/** Most layers have no name of their own, share nothing and keep nothing. */
export interface Simple extends Rule {
  readonly State: {}
  readonly Shared: {}
  readonly Needs: never
  readonly Name: null
}
export interface LayerLike<F extends Rule = Rule> {
  readonly rule: F
}
/** A field of a rule for the input X. */
export type Apply<F extends Rule, X, Field extends "Out" | "Params" | "State" | "Shared"> = (F & { readonly In: X })[Field]

// ---- keys -----------------------------------------------------------------------------------------------------------------------------

/** The layer's key among those used: its name, or the kind with the first ordinal that is free. */
export type KeyOf<F extends Rule, Used> = F["Name"] extends string ? F["Name"] : Ordinal<F["Kind"], Used>
type Ordinal<K extends string, Used, N extends 0[] = [0]> =
  `${K}_${N["length"]}` extends infer T extends string ? (T extends Used ? Ordinal<K, Used, [...N, 0]> : T) : never
/** The entry of a tree; what is empty has none. */
type Entry<K, T> = {} extends T ? never : [K, T]
type Tree<E extends readonly [unknown, unknown]> = { [T in E as T[0] & string]: T[1] }
type Merge<A, B> = {} extends B ? A : { [K in keyof A | keyof B]: K extends keyof A ? A[K] : K extends keyof B ? B[K] : never }

// ---- folds ------------------------------------------------------------------------------------------------------------------------------

export type unknownLength = "network: a list of layers of unknown length has no shape; write the layers out, or use repeat(n, layer)"
export type nameTaken<N extends string> = `named: two layers are called ${N}; give each its own name, or share one`
export type shareClash<N extends string> = `shared: ${N} has other parameters in an earlier place; share a layer between equal inputs`

/** The list itself, or with a sentence in the place of the first layer that does not fit. */
export type Checked<L, X, Acc extends readonly unknown[] = [], Names = never, Shared = {}> =
  L extends readonly [infer H extends LayerLike, ...infer R]
    ? Out<H["rule"], X, Names, Shared> extends infer O
      ? [O] extends [string] ? [...Acc, O, ...R]
        : Checked<R, O, [...Acc, H], Names | (H["rule"]["Name"] & string), Merge<Shared, Apply<H["rule"], X, "Shared">>>
      : never
    : L extends readonly [] ? Acc : [...Acc, ...unknownLength[]]

/** What goes through the layers, and the trees; `out` is the sentence with its index if one does not fit. */
export type Fold<L, X, I extends 0[] = [], Used = never, Names = never, P extends readonly [unknown, unknown] = never, S extends readonly [unknown, unknown] = never, Shared = {}> =
  L extends readonly [infer H extends LayerLike, ...infer R]
    ? Out<H["rule"], X, Names, Shared> extends infer O
      ? [O] extends [string] ? { out: `[${I["length"]}] > ${O}`; params: never; state: never; shared: {} }
        : KeyOf<H["rule"], Used> extends infer K
          ? Fold<R, O, [...I, 0], Used | K, Names | (H["rule"]["Name"] & string), P | Entry<K, Apply<H["rule"], X, "Params">>, S | Entry<K, Apply<H["rule"], X, "State">>,
              Merge<Shared, Apply<H["rule"], X, "Shared">>>
          : never
      : never
    : { out: X; params: Tree<P>; state: Tree<S>; shared: Shared }

/** A layer's output among earlier ones: its name must be free, and what it shares must agree. */
type Out<F extends Rule, X, Names, Shared> =
  Apply<F, X, "Out"> extends infer O
    ? [O] extends [string] ? O
      : F["Name"] extends Names ? (F["Name"] extends string ? nameTaken<F["Name"]> : O)
      : Clash<Shared, Apply<F, X, "Shared">> extends infer N ? ([N] extends [never] ? O : shareClash<N & string>) : never
    : never
/** Names that both share, with different trees. */
type Clash<A, B> = { [K in keyof A & keyof B]: [A[K], B[K]] extends [B[K], A[K]] ? never : K }[keyof A & keyof B]

/** L repeated N times. */
export type Times<N extends number, L, Acc extends L[] = []> = number extends N ? L[] : Acc["length"] extends N ? Acc : Times<N, L, [...Acc, L]>

// ---- patterns: shapes with names, matched against actual shapes -----------------------------------------------------------------------------

/** What each name of the pattern P is in the shape A, or the sentence. A leading "..." stands for any axes, taken as one. */
export type Match<Op extends string, P extends Shape, A extends Shape> =
  number extends A["length"] ? { readonly "...": Shape }
    : P extends readonly ["...", ...infer Q extends Shape]
      ? A extends readonly [...infer Lead extends Shape, ...Blank<Q>]
        ? A extends readonly [...Lead, ...infer T] ? Bind<Op, P, A, Q, T, { readonly "...": Lead }> : never
        : wants<Op, P, A>
      : P["length"] extends A["length"] ? Bind<Op, P, A, P, A, {}> : wants<Op, P, A>
type Blank<Q extends Shape> = { [K in keyof Q]: Dim }
type Bind<Op extends string, P extends Shape, A extends Shape, Q, T, E> =
  Q extends readonly [infer N extends Dim, ...infer R]
    ? T extends readonly [infer D extends Dim, ...infer U]
      ? N extends keyof E
        ? Fits<E[N], D> extends true ? Bind<Op, P, A, R, U, E> : `${wants<Op, P, A>}: ${N & string} is ${ShowDim<E[N]>} and ${ShowDim<D>}`
        : N extends string ? Bind<Op, P, A, R, U, E & { readonly [_ in N]: D }>
        : Fits<N, D> extends true ? Bind<Op, P, A, R, U, E> : `${wants<Op, P, A>}: ${ShowDim<D>} is not ${N}`
      : E
    : E
export type wants<Op extends string, P extends Shape, A extends Shape> = `${Op}: needs ${Show<P>}, got ${Show<A>}`

/** The pattern O with its names replaced by what they are in E; names that E does not know stay. */
export type Substitute<O extends Shape, E, Acc extends Shape = []> =
  O extends readonly [infer H extends Dim, ...infer T extends Shape]
    ? H extends keyof E
      ? E[H] extends infer D ? D extends Dim ? Substitute<T, E, [...Acc, D]> : D extends Shape ? Substitute<T, E, [...Acc, ...D]> : never : never
      : Substitute<T, E, [...Acc, H]>
    : O extends readonly [] ? Acc : Shape
/** Names become unknown sizes. */
export type Opened<S extends Shape> = { -readonly [K in keyof S]: S[K] extends string ? number : S[K] }

// ---- counting ----------------------------------------------------------------------------------------------------------------------------

/** The number of elements in a tree of tensors. */
export type Elements<T> =
  T extends { readonly shape: infer S extends Shape } ? Product<S> : Total<T, keyof T>
type Total<T, K, Acc extends number = 0> =
  [K] extends [never] ? Acc
    : Last<K> extends infer H ? Total<T, Exclude<K, H>, Elements<T[H & keyof T]> extends infer N extends number ? Add<Acc, N> : never> : never
type Last<U> = (U extends unknown ? (f: () => U) => void : never) extends (f: infer I) => void ? (I extends () => infer H ? H : never) : never
