// Lists of layers. A list is the composition of its layers, each at its key in the trees.
import type {
  AnyRule,
  Apply,
  CountIn,
  LayerLike,
  LiveThrough,
  Misfit,
  NeedsIn,
  RowsOf,
  Rule,
  Trees,
  Walk,
  Within,
  notALayer,
  unknownLength,
} from "../../typelevel/network.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { type Arrow, at, compose, identity as idArrow } from "./arrow.ts"
import { type AnyLayer, type Layer, layerOf, type Positive, positive } from "./layer.ts"

/** The key of each layer: its name, or its kind and an ordinal among the unnamed layers of that kind. */
const keysOf = (layers: readonly AnyLayer[]): string[] => {
  const seen = new Map<string, number>()
  return layers.map((l) => {
    if (l.name !== undefined) return l.name
    const n = (seen.get(l.kind) ?? 0) + 1
    seen.set(l.kind, n)
    return `${l.kind}_${n}`
  })
}
/** The layers as arrows, each at its key. `where`, with the index, is put in front of their sentences. */
export const arrowsOf = (layers: readonly AnyLayer[], where?: string): Arrow[] => {
  for (const l of layers) if (typeof (l as Partial<AnyLayer> | undefined)?.apply !== "function" || !l.kind) refuse(notLayer(l))
  const keys = keysOf(layers)
  keys.forEach((key, k) => {
    const before = keys.indexOf(key)
    if (before !== k && !(layers[before]!.shared && layers[k]!.shared))
      refuse(`named: two layers are called ${key}; give each a name of its own, or share one`)
  })
  return layers.map((l, k) => at(keys[k]!, l, where === undefined ? "" : `${where}[${k}] > `))
}
/** The composition of the layers. */
export const inSequence = (layers: readonly AnyLayer[], where?: string): Arrow =>
  arrowsOf(layers, where).reduce((f, g) => compose(g, f), idArrow)

// ---- rules ---------------------------------------------------------------------------------------------------------
type nameTaken<N extends string> = `named: two layers are called ${N}; give each a name of its own, or share one`
/** The layers, with a sentence in the place of the first that does not fit. */
type CheckedList<L, X, Acc extends readonly unknown[] = [], Names = never, Tied = {}> = L extends readonly [infer H, ...infer R]
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
type ListedSlowly<L, Acc extends readonly unknown[] = [], Names = never, Tied = never> = L extends readonly [infer H, ...infer R]
  ? H extends LayerLike
    ? H["rule"] extends { readonly Name: infer N extends string }
      ? H["rule"] extends { readonly Shared: true }
        ? N extends Names
          ? [...Acc, nameTaken<N>, ...R]
          : ListedSlowly<R, [...Acc, H], Names, Tied | N>
        : N extends Names | Tied
          ? [...Acc, nameTaken<N>, ...R]
          : ListedSlowly<R, [...Acc, H], Names | N, Tied>
      : ListedSlowly<R, [...Acc, H], Names, Tied>
    : [...Acc, notALayer<H>, ...R]
  : L extends readonly []
    ? Acc
    : [...Acc, ...unknownLength[]]
type shareClash<N extends string> =
  `shared: ${N} has other parameters in an earlier place; share a layer between inputs of one shape`
const notLayer = (h: unknown): string =>
  `network: ${typeof h === "string" ? h : "this"} is no layer; a layer is a value such as Net.relu or Net.dense(10)`
/** Are the names in the list all different, and none shared? (What is shared is looked at more closely.) */
type Distinct<L extends readonly unknown[]> = L extends readonly LayerLike[]
  ? [L[number]["rule"]["Name"]] extends [undefined]
    ? true
    : [L[number]["rule"]["Shared"]] extends [undefined]
      ? Once<{ -readonly [K in keyof L]: L[K]["rule"]["Name"] }>
      : false
  : true
type Once<Names, Seen = never> = Names extends [infer N, ...infer R]
  ? N extends undefined
    ? Once<R, Seen>
    : N extends Seen
      ? false
      : Once<R, Seen | N>
  : true
/** The list itself where all fit and none has a name that could be taken: what costs least is asked first. */
export type Fitting<L extends readonly unknown[], X> = [Walk<[...L], X>] extends [infer W]
  ? [W] extends [never]
    ? L
    : W extends Misfit<readonly unknown[], string>
      ? CheckedList<L, X>
      : Distinct<L> extends true
        ? L
        : CheckedList<L, X>
  : never
/** A list of layers of known length, whatever goes in. */
export type Listed<L extends readonly unknown[]> = number extends L["length"]
  ? ListedSlowly<L>
  : Distinct<L> extends true
    ? L extends readonly LayerLike[]
      ? L
      : ListedSlowly<L>
    : ListedSlowly<L>

export interface SequentialRule<L extends readonly unknown[]> extends Rule {
  readonly Kind: "sequential"
  readonly Needs: NeedsIn<L>
  readonly Out: this["In"] extends infer X ? Within<"sequential", L, Walk<[...L], X>> : never
  readonly Params: Trees<L, this["In"], "Params">
  readonly State: Trees<L, this["In"], "State">
  readonly Count: CountIn<L, this["In"]>
  readonly Live: LiveThrough<L, this["In"]>
  readonly Rows: RowsOf<L, this["In"]>
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

export interface RepeatRule<N extends number, F extends AnyRule> extends SequentialRule<Times<N, LayerLike<F>>> {}
type Times<N extends number, T, Acc extends T[] = []> = number extends N
  ? readonly T[]
  : Acc["length"] extends N
    ? Acc
    : Times<N, T, [...Acc, T]>
const MOST = 100_000
const copies = (n: number): number =>
  positive("repeat", "n", n) <= MOST ? n : refuse(`repeat: n is ${n}; it must be ${MOST} or less`)
/**
 * The same layer n times, one behind the other, each with parameters of its own. n at most 999.
 *
 * @example Net.repeat(12, Net.residual(Net.sequential(Net.layerNorm(), Net.dense(64), Net.gelu, Net.dense(64))))
 */
export const repeat = <const N extends number, F extends AnyRule>(
  n: Or<Positive<"repeat", "n", N>, N>,
  layer: Layer<F>,
): Layer<RepeatRule<N, F>> =>
  layerOf<RepeatRule<N, F>>(
    "sequential",
    inSequence(
      Array.from({ length: copies(n as number) }, () => layer),
      "sequential",
    ),
  )
