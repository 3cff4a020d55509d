// Lists of layers. A list is the composition of its layers, each at its key in the trees.
import type { Apply, LayerLike, Rule, Trees, unknownLength } from "../../typelevel/network.ts"
import type { Add, NextR } from "../../typelevel/nat.ts"
import type { Count } from "../../typelevel/tree.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { type Arrow, at, compose, identity as idArrow } from "./arrow.ts"
import { type AnyLayer, type Layer, layerOf, type Positive, positive } from "./layer.ts"

/** The key of each layer: its name, or its kind and an ordinal among the unnamed layers of that kind. */
export const keysOf = (layers: readonly AnyLayer[]): string[] => {
  const seen = new Map<string, number>()
  return layers.map((l) => {
    if (l.name !== undefined) return l.name
    const n = (seen.get(l.kind) ?? 0) + 1
    seen.set(l.kind, n)
    return `${l.kind}_${n}`
  })
}
/** The composition of the layers. `where`, with the index, is put in front of their sentences. */
export const inSequence = (layers: readonly AnyLayer[], where?: string): Arrow => {
  for (const l of layers) if (typeof (l as Partial<AnyLayer> | undefined)?.apply !== "function" || !l.kind) refuse(notALayer(l))
  const keys = keysOf(layers)
  keys.forEach((key, k) => {
    const before = keys.indexOf(key)
    if (before !== k && !(layers[before]!.shared && layers[k]!.shared))
      refuse(`named: two layers are called ${key}; give each a name of its own, or share one`)
  })
  return layers
    .map((l, k) => at(keys[k]!, l, where === undefined ? "" : `${where}[${k}] > `))
    .reduce((f, g) => compose(g, f), idArrow)
}

// ---- rules ---------------------------------------------------------------------------------------------------------
export type nameTaken<N extends string> = `named: two layers are called ${N}; give each a name of its own, or share one`
/** The layers, with a sentence in the place of the first that does not fit. */
export type CheckedList<L, X, Acc extends readonly unknown[] = [], Names = never, Tied = {}> = L extends readonly [
  infer H,
  ...infer R,
]
  ? H extends LayerLike
    ? Apply<H["rule"], X, "Out"> extends infer O
      ? [O] extends [string]
        ? [...Acc, O, ...R]
        : H["rule"] extends { readonly Name: infer N extends string }
          ? N extends Names
            ? [...Acc, nameTaken<N>, ...R]
            : H["rule"] extends { readonly Shared: true }
              ? Clash<Tied, N, Apply<H["rule"], X, "Params">> extends true
                ? [...Acc, shareClash<N>, ...R]
                : CheckedList<R, O, [...Acc, H], Names, Tied & { readonly [_ in N]: Apply<H["rule"], X, "Params"> }>
              : N extends keyof Tied
                ? [...Acc, nameTaken<N>, ...R]
                : CheckedList<R, O, [...Acc, H], Names | N, Tied>
          : CheckedList<R, O, [...Acc, H], Names, Tied>
      : never
    : [...Acc, notALayer<H>, ...R]
  : L extends readonly []
    ? Acc
    : [...Acc, ...unknownLength[]]
type Clash<Tied, N, P> = N extends keyof Tied ? ([Tied[N], P] extends [P, Tied[N]] ? false : true) : false
/** A list of layers of known length, whatever goes in. */
export type Listed<L, Acc extends readonly unknown[] = [], Names = never, Tied = never> = L extends readonly [infer H, ...infer R]
  ? H extends LayerLike
    ? H["rule"] extends { readonly Name: infer N extends string }
      ? H["rule"] extends { readonly Shared: true }
        ? N extends Names
          ? [...Acc, nameTaken<N>, ...R]
          : Listed<R, [...Acc, H], Names, Tied | N>
        : N extends Names | Tied
          ? [...Acc, nameTaken<N>, ...R]
          : Listed<R, [...Acc, H], Names | N, Tied>
      : Listed<R, [...Acc, H], Names, Tied>
    : [...Acc, notALayer<H>, ...R]
  : L extends readonly []
    ? Acc
    : [...Acc, ...unknownLength[]]
export type shareClash<N extends string> =
  `shared: ${N} has other parameters in an earlier place; share a layer between inputs of one shape`
type notALayer<H> = `network: ${H extends string ? H : "this"} is no layer; a layer is a value such as Net.relu or Net.dense(10)`
const notALayer = (h: unknown): string =>
  `network: ${typeof h === "string" ? h : "this"} is no layer; a layer is a value such as Net.relu or Net.dense(10)`
/** The number of parameters of the layers, layer by layer, so that the cost is linear: some 1,000 instantiations for each. */
export type CountOf<L, X, Acc extends number = 0, Tied = never> = L extends readonly [infer H extends LayerLike, ...infer R]
  ? Apply<H["rule"], X, "Params"> extends infer P
    ? {} extends P
      ? CountOf<R, Apply<H["rule"], X, "Out">, Acc, Tied>
      : H["rule"] extends { readonly Shared: true; readonly Name: infer N extends string }
        ? CountOf<R, Apply<H["rule"], X, "Out">, N extends Tied ? Acc : Plus<Acc, P>, Tied | N>
        : CountOf<R, Apply<H["rule"], X, "Out">, Plus<Acc, P>, Tied>
    : never
  : Acc
type Plus<N extends number, P> = Count<P> extends infer M extends number ? Add<N, M> : never
/** What any of the layers needs. */
export type NeedsIn<L extends readonly unknown[]> = L[number] extends infer H
  ? H extends { readonly rule: { readonly Needs: infer N extends string } }
    ? N
    : never
  : never

/** What comes out of the list; a sentence says at which index it arose. */
export type Through<L, X, I extends string = "0"> = L extends readonly [infer H extends LayerLike, ...infer R]
  ? Apply<H["rule"], X, "Out"> extends infer O
    ? [O] extends [string]
      ? `sequential[${Reversed<I>}] > ${O}`
      : Through<R, O, NextR<I>>
    : never
  : X
type Reversed<S extends string, Acc extends string = ""> = S extends `${infer H}${infer T}` ? Reversed<T, `${H}${Acc}`> : Acc
export interface SequentialRule<L extends readonly unknown[]> extends Rule {
  readonly Kind: "sequential"
  readonly Needs: NeedsIn<L>
  readonly Out: Through<L, this["In"]>
  readonly Params: Trees<L, this["In"], "Params">
  readonly State: Trees<L, this["In"], "State">
}

// ---- layers --------------------------------------------------------------------------------------------------------
/** Several layers as one: each takes what the one before gives. Their parameters are in one entry, keyed as in a network.
 *
 * Refuses a list of unknown length, and two layers of one name. The composition of the category of layers (category.ts).
 * @example const block = Net.sequential(Net.dense(64), Net.relu, Net.dense(64))
 */
export const sequential = <const L extends readonly unknown[]>(
  ...layers: L extends Listed<L> ? L : Listed<L>
): Layer<SequentialRule<L>> =>
  layerOf<SequentialRule<L>>("sequential", inSequence(layers as unknown as readonly AnyLayer[], "sequential"))

export interface RepeatRule<N extends number, F extends Rule> extends Rule {
  readonly Kind: "sequential"
  readonly Needs: F["Needs"]
  readonly Out: Through<Times<N, LayerLike<F>>, this["In"]>
  readonly Params: Trees<Times<N, LayerLike<F>>, this["In"], "Params">
  readonly State: Trees<Times<N, LayerLike<F>>, this["In"], "State">
}
type Times<N extends number, T, Acc extends T[] = []> = number extends N
  ? readonly T[]
  : Acc["length"] extends N
    ? Acc
    : Times<N, T, [...Acc, T]>
/**
 * The same layer n times, one behind the other, each with parameters of its own. n at most 999.
 *
 * @example Net.repeat(12, Net.residual(Net.sequential(Net.layerNorm(), Net.dense(64), Net.gelu, Net.dense(64))))
 */
export const repeat = <const N extends number, F extends Rule>(
  n: Or<Positive<"repeat", "n", N>, N>,
  layer: Layer<F>,
): Layer<RepeatRule<N, F>> =>
  layerOf<RepeatRule<N, F>>(
    "sequential",
    inSequence(
      Array.from({ length: positive("repeat", "n", n as number) }, () => layer),
      "sequential",
    ),
  )
