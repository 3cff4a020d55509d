// Layers are functions of types: given what comes in, a layer's rule says what comes out (or a sentence), and which parameters
// and state it has. Networks fold these rules over their layers.
//
// A rule is an interface with `In: unknown`, read as `this["In"]`. (With `In: Shape`, `infer` would see the intersection of
// Shape and the actual shape, and sentences would print three shapes for one.) What comes in is a tree of specs: a shape (f32),
// a shape with a dtype (`TensorLike`, for indices and masks), or a list or record of these.
import type { AddD, NextR, Num, Reverse } from "./nat.ts"
import type { Shape, Show } from "./shape.ts"
import type { TensorLike } from "./rule.ts"
import type { CountD } from "./tree.ts"

export interface Rule {
  readonly In: unknown
  readonly Out: unknown
  readonly Params: unknown
  readonly State: unknown
  /** What training needs from outside: "Random", or `never`. */
  readonly Needs: string
  /** Layers are keyed `kind_1`, `kind_2`, ... in their network, */
  readonly Kind: string
  /** or by a name of their own. */
  readonly Name?: string
}
/** A layer without parameters and state, which needs nothing. */
export interface Plain extends Rule {
  readonly Params: {}
  readonly State: {}
  readonly Needs: never
}
export interface LayerLike<F extends Rule = Rule> {
  readonly rule: F
}
type AnyLayer = { readonly rule: Rule }

/** A field of rule F for input S. */
export type Apply<F extends Rule, S, Field extends "Out" | "Params" | "State"> = (F & { readonly In: S })[Field]

/** The shape that a spec has, and its text in sentences: `[batch, 28]`, `[batch, 28] i32`. */
export type SpecShape<S> = S extends Shape ? S : S extends TensorLike ? S["shape"] : never
export type ShowSpec<S> =
  S extends Shape ? Show<S>
    : S extends TensorLike ? (S["dtype"] extends "f32" ? Show<S["shape"]> : `${Show<S["shape"]>} ${S["dtype"]}`)
    : "a tree of inputs"

// ---- folds over layers ---------------------------------------------------------------------------------------------

/** The layers, with a sentence in the place of the first that does not fit; the layers behind it are not looked at. */
export type CheckedLayers<L, S, Acc extends readonly unknown[] = []> =
  L extends readonly [infer H extends AnyLayer, ...infer R]
    ? Apply<H["rule"], S, "Out"> extends infer O
      ? O extends string ? [...Acc, O, ...R] : CheckedLayers<R, O, [...Acc, H]>
      : never
    : L extends readonly [] ? Acc : [unknownLength]
export type unknownLength =
  "network: a list of layers of unknown length has no shape; write the layers out, or use Net.repeat(n, layer)"

/** What comes out behind the last layer, or the first sentence. */
export type Through<L, S> =
  L extends readonly [infer H extends AnyLayer, ...infer R]
    ? Apply<H["rule"], S, "Out"> extends infer O ? (O extends string ? O : Through<R, O>) : never
    : S

/**
 * The records of the layers' parameters (or state), keyed by name, or by kind and ordinal; layers that have none have no
 * entry.
 */
export type Trees<L, S, Field extends "Params" | "State", Acc = {}, Seen = {}> =
  L extends readonly [infer H extends AnyLayer, ...infer R]
    ? Apply<H["rule"], S, Field> extends infer T
      ? Trees<
          R, Apply<H["rule"], S, "Out">, Field,
          {} extends T ? Acc : Acc & { readonly [K in KeyOf<H["rule"], Seen>]: T },
          See<H["rule"], Seen>
        >
      : never
    : { -readonly [K in keyof Acc]: Acc[K] }
/** The keys of the layers in order, of those with parameters or not: names of layers for random keys, pictures and paths. */
export type Keys<L, Acc extends readonly string[] = [], Seen = {}> =
  L extends readonly [infer H extends AnyLayer, ...infer R]
    ? Keys<R, [...Acc, KeyOf<H["rule"], Seen>], See<H["rule"], Seen>>
    : Acc

/** The key of a layer behind layers whose kinds were counted in Seen: a record of the next ordinals, digits reversed. */
export type KeyOf<F extends Rule, Seen> =
  F extends { readonly Name: infer N extends string } ? N
    : F["Kind"] extends keyof Seen
      ? Seen[F["Kind"]] extends infer N extends string ? `${F["Kind"]}_${Reverse<N>}` : never
      : `${F["Kind"]}_1`
/** A layer with a name of its own counts for no kind. */
type See<F extends Rule, Seen> =
  F extends { readonly Name: string } ? Seen
    : F["Kind"] extends keyof Seen
      ? { [K in keyof Seen]: K extends F["Kind"] ? NextR<Seen[K] & string> : Seen[K] }
      : { [K in keyof Seen | F["Kind"]]: K extends keyof Seen ? Seen[K] : "2" }
/** How many parameters the layers have together. (`Count` of the whole record gives the same and costs five times as much.) */
export type CountOf<L, S, Acc extends string = "0"> =
  L extends readonly [infer H extends AnyLayer, ...infer R]
    ? Apply<H["rule"], S, "Params"> extends infer T
      ? {} extends T ? CountOf<R, Apply<H["rule"], S, "Out">, Acc>
        : CountD<T> extends infer P extends string
          ? string extends P ? number : CountOf<R, Apply<H["rule"], S, "Out">, AddD<Acc, P>>
          : never
      : never
    : Num<Acc>
/** What any of the layers needs. */
export type NeedsOf<L extends readonly AnyLayer[]> = L[number]["rule"]["Needs"]

// ---- layers made of layers -----------------------------------------------------------------------------------------

export interface SequentialRule<L extends readonly AnyLayer[]> extends Rule {
  readonly Kind: "sequential"
  readonly Needs: NeedsOf<L>
  readonly Out: Through<L, this["In"]>
  readonly Params: Trees<L, this["In"], "Params">
  readonly State: Trees<L, this["In"], "State">
}
/** x + layer(x) */
export interface ResidualRule<F extends Rule> extends Rule {
  readonly Kind: "residual"
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer S ? Skip<S, Apply<F, S, "Out">> : never
  readonly Params: this["In"] extends infer S ? Apply<F, S, "Params"> : never
  readonly State: this["In"] extends infer S ? Apply<F, S, "State"> : never
}
type Skip<S, O> =
  O extends string ? `residual > ${O}`
    : [O] extends [S] ? O
    : `residual: the block maps ${ShowSpec<S>} to ${ShowSpec<O>}; a skip connection needs equal shapes`
/** The layer under a name of its own. */
export interface NamedRule<N extends string, F extends Rule> extends Rule {
  readonly Kind: F["Kind"]
  readonly Name: N
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer S
    ? Apply<F, S, "Out"> extends infer O
      ? O extends string
        ? `${N} > ${O}`
        : O
      : never
    : never
  readonly Params: this["In"] extends infer S ? Apply<F, S, "Params"> : never
  readonly State: this["In"] extends infer S ? Apply<F, S, "State"> : never
}
