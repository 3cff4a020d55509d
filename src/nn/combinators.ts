// Skip connections by addition, and names.
import type {
  AnyRule,
  AppliedRule,
  Apply,
  CountOf,
  Live,
  LiveOf,
  MaxR,
  PlusR,
  Row,
  RowsAnd,
  RowsAt,
  RowsInside,
  Rule,
  ShowSpec,
  SizeR,
} from "../../typelevel/network.ts"
import type { needsTensors } from "../../typelevel/pattern.ts"
import { optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { same, spelled } from "../core/shape.ts"
import { raw } from "../core/tensor.ts"
import { add } from "../ops/add.ts"
import { type Arrow, at, liveOf, type Plan, united, within } from "./arrow.ts"
import { type Layer, layerOf } from "./layer.ts"
import { type Live as Alive, sizeOf } from "./live.ts"
import { type AnySpec, isList, showSpec, single } from "./spec.ts"

// ---- skip connections ----------------------------------------------------------------------------------------------
type unequal<S, O> =
  `residual: the block maps ${ShowSpec<S>} to ${ShowSpec<O>}; a skip connection needs equal shapes, or a shortcut`
type shortcutUnequal<S, O, T> =
  `residual: the block maps ${ShowSpec<S>} to ${ShowSpec<O>}, the shortcut to ${ShowSpec<T>}; they must agree`
type In<R extends string, O> = O extends string ? `${R} > ${O}` : O

/** x + layer(x). */
export interface ResidualRule<F extends AnyRule> extends Rule {
  readonly Kind: "residual"
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer X ? Skip<X, Apply<F, X, "Out">> : never
  readonly Params: this["In"] extends infer X ? Own<F, Apply<F, X, "Params">> : never
  readonly State: this["In"] extends infer X ? Own<F, Apply<F, X, "State">> : never
  readonly Count: this["In"] extends infer X ? CountOf<F, X> : never
  readonly Live: this["In"] extends infer X ? Added<SizeR<X>, LiveOf<F, X>> : never
  readonly Rows: this["In"] extends infer X ? Summed<RowsInside<F, X>, Apply<F, X, "Out">> : never
}
/** The trees of a layer inside another: under its name, if it has one. */
export type Own<F extends AnyRule, T> = F extends { readonly Name: infer N extends string }
  ? {} extends T
    ? {}
    : { [_ in N]: T }
  : T
type Skip<X, O> = X extends readonly unknown[]
  ? needsTensors<"residual", 1, X>
  : O extends string
    ? `residual > ${O}`
    : [O] extends [X]
      ? O
      : unequal<X, O>
/** x is held while the block runs; the sum then holds both and its result. */
type Added<N extends string, V> = V extends Live
  ? MaxR<V[1], PlusR<N, PlusR<N, N>>> extends infer M extends string
    ? [M, M]
    : never
  : never
/** A single layer is one row. */
type Summed<T extends readonly Row[], O> = T extends readonly [] ? [] : RowsAnd<T, O>

/** shortcut(x) + layer(x); the trees have an entry for each. */
export interface ShortcutRule<F extends AnyRule, G extends AnyRule> extends Rule {
  readonly Kind: "residual"
  readonly Needs: F["Needs"] | G["Needs"]
  readonly Out: this["In"] extends infer X
    ? Meet<X, In<"residual", Apply<F, X, "Out">>, In<"residual > shortcut", Apply<G, X, "Out">>>
    : never
  readonly Params: this["In"] extends infer X ? Both<Own<F, Apply<F, X, "Params">>, Own<G, Apply<G, X, "Params">>> : never
  readonly State: this["In"] extends infer X ? Both<Own<F, Apply<F, X, "State">>, Own<G, Apply<G, X, "State">>> : never
  readonly Count: this["In"] extends infer X ? PlusR<CountOf<F, X>, CountOf<G, X>> : never
  readonly Live: this["In"] extends infer X ? Forked<SizeR<X>, SizeR<Apply<F, X, "Out">>, LiveOf<F, X>, LiveOf<G, X>> : never
  readonly Rows: this["In"] extends infer X
    ? RowsAnd<[...RowsAt<"block", Inner<F>, X>, ...RowsAt<"shortcut", Inner<G>, X>], Apply<F, X, "Out">>
    : never
}
type Meet<X, O, T> = O extends string ? O : T extends string ? T : [O] extends [T] ? O : shortcutUnequal<X, O, T>
type Both<P, Q> = {} extends P ? ({} extends Q ? {} : { shortcut: Q }) : {} extends Q ? { block: P } : { block: P; shortcut: Q }
/** First the block, then the shortcut, then their sum. */
type Forked<N extends string, O extends string, V, W> = V extends readonly [string, infer Held extends string]
  ? W extends readonly [infer P extends string, infer Q extends string]
    ? PlusR<O, PlusR<O, O>> extends infer Sum extends string
      ? [MaxR<Held, MaxR<PlusR<O, P>, Sum>>, MaxR<Held, MaxR<PlusR<O, Q>, PlusR<N, Sum>>>]
      : never
    : never
  : never
/** A layer whose name, if it has one, is a step in the paths below a key. */
interface Inner<F extends AnyRule> extends Rule {
  readonly Out: this["In"] extends infer X ? Apply<F, X, "Out"> : never
  readonly Rows: this["In"] extends infer X ? RowsInside<F, X> : never
}

/** The layer inside another: at its name, if it has one. */
export const own = (op: string, given: Layer): Arrow & { readonly kind: string; readonly shared: false } => {
  const layer = layerIn(op, given)
  return {
    ...(layer.name === undefined ? { plan: layer.plan, apply: layer.apply } : at(layer.name, layer)),
    kind: layer.kind,
    shared: false,
  }
}
/** v, which must be a layer. */
const layerIn = (op: string, v: unknown): Layer =>
  typeof v === "object" && v !== null && "plan" in v && typeof v.plan === "function"
    ? (v as Layer)
    : refuse(`${op}: ${spelled(v)} is no layer; a layer is a value such as Net.relu or Net.dense(10)`)
const equal = (a: AnySpec, b: AnySpec): boolean => !isList(a) && !isList(b) && a.dtype === b.dtype && same(a.shape, b.shape)
/** A last row for the whole. */
export const withRow = (kind: string, p: Plan): Plan => ({
  ...p,
  rows: [...p.rows, { path: "", kind, out: p.out, parameters: 0 }],
})
/** Alive in layer(x) and then x + layer(x). */
const added = (n: number, block: Alive): Alive => {
  const most = Math.max(block.held, 3 * n)
  return { peak: most, held: most }
}
/** Alive in layer(x), then shortcut(x), then their sum. */
const forked = (n: number, out: number, block: Alive, shortcut: Alive): Alive => ({
  peak: Math.max(block.held, out + shortcut.peak, 3 * out),
  held: Math.max(block.held, out + shortcut.held, n + 3 * out),
})

/**
 * A skip connection: x + layer(x), [...s] to [...s]; with a shortcut, shortcut(x) + layer(x).
 *
 * Parameters: those of the layer (under its name, if it has one); with a shortcut, entries `block` and `shortcut`. Refuses shapes
 * that differ. He et al. 2016.
 * @example Net.residual(Net.sequential(Net.dense(64), Net.relu, Net.dense(64)))
 */
export function residual<F extends AnyRule>(layer: Layer<F>): Layer<ResidualRule<F>>
export function residual<F extends AnyRule, G extends AnyRule>(
  layer: Layer<F>,
  options: { readonly shortcut: Layer<G> },
): Layer<ShortcutRule<F, G>>
export function residual(layer: Layer, options?: { readonly shortcut: Layer }): unknown {
  const { shortcut } = optionsIn<{ readonly shortcut: Layer }>("residual", options, ["shortcut"])
  if (!shortcut) {
    const body = own("residual", layer)
    return layerOf("residual", {
      plan: (s) => {
        single("residual", s)
        const p = within("residual > ", () => body.plan(s))
        if (!equal(s, p.out))
          refuse(
            `residual: the block maps ${showSpec(s)} to ${showSpec(p.out)}; a skip connection needs equal shapes, or a shortcut`,
          )
        const alive = { ...p, live: added(sizeOf(s), liveOf(s, p)) }
        return p.rows.length === 0 ? alive : withRow("residual", alive)
      },
      apply: (env, x) => {
        const r = body.apply(env, x)
        return { y: raw(add(x, r.y)), state: r.state }
      },
    })
  }
  const [f, g]: [Arrow, Arrow] = [
    at("block", own("residual", layer), "residual > "),
    at("shortcut", own("residual", shortcut), "residual > shortcut > "),
  ]
  return layerOf("residual", {
    plan: (s) => {
      const [p, q] = [f.plan(s), g.plan(s)]
      if (!equal(p.out, q.out))
        refuse(
          `residual: the block maps ${showSpec(s)} to ${showSpec(p.out)}, the shortcut to ${showSpec(q.out)}; they must agree`,
        )
      const live = forked(sizeOf(s), sizeOf(p.out), liveOf(s, p), liveOf(s, q))
      return withRow("residual", { out: p.out, ...united(p, q), live })
    },
    apply: (env, x) => {
      const [a, b] = [f.apply(env, x), g.apply(env, x)]
      return { y: raw(add(b.y, a.y)), state: { ...a.state, ...b.state } }
    },
  })
}

// ---- names ---------------------------------------------------------------------------------------------------------
/** The layer under a key of its own. */
export interface NamedRule<N extends string, F extends AnyRule> extends AppliedRule {
  readonly Kind: F["Kind"]
  readonly Name: N
  readonly Shared?: never
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer X ? In<N, Apply<F, X, "Out">> : never
  readonly Params: this["In"] extends infer X ? Apply<F, X, "Params"> : never
  readonly State: this["In"] extends infer X ? Apply<F, X, "State"> : never
  readonly Count: this["In"] extends infer X ? CountOf<F, X> : never
  readonly Live: this["In"] extends infer X ? LiveOf<F, X> : never
  readonly Rows: this["In"] extends infer X ? Apply<F, X, "Rows"> : never
}
export interface SharedRule<N extends string, F extends AnyRule> extends AppliedRule {
  readonly Kind: F["Kind"]
  readonly Name: N
  readonly Shared: true
  readonly Needs: F["Needs"]
  readonly Out: this["In"] extends infer X ? Stateless<N, In<N, Apply<F, X, "Out">>, Apply<F, X, "State">> : never
  readonly Params: this["In"] extends infer X ? Apply<F, X, "Params"> : never
  readonly State: {}
  readonly Count: this["In"] extends infer X ? CountOf<F, X> : never
  readonly Live: this["In"] extends infer X ? LiveOf<F, X> : never
  readonly Rows: this["In"] extends infer X ? Apply<F, X, "Rows"> : never
}
type withState<N extends string> =
  `shared: ${N} has state (running statistics), which two places cannot share; share layers without state`
type Stateless<N extends string, O, S> = O extends string ? O : {} extends S ? O : withState<N>

const inside = (name: string, layer: Layer): Arrow => ({
  plan: (s) => within(`${name} > `, () => layer.plan(s)),
  apply: layer.apply,
})
/** `[]`, or the sentence where the layer has a name already. */
type Nameless<Op extends string, F extends AnyRule> = F extends { readonly Name: infer N extends string } ? twice<Op, N> : []
type twice<Op extends string, N extends string> = `${Op}: the layer is called ${N} already; name it once`
const checkName = (op: string, name: string, layer: Layer): string =>
  layer.name !== undefined
    ? refuse(`${op}: the layer is called ${layer.name} already; name it once`)
    : typeof name === "string" && name !== "" && !name.includes("/")
      ? name
      : refuse(`${op}: ${spelled(name)} is no name; a name is not empty and has no "/", which separates paths`)

/**
 * The layer under a name of its own in the trees, in place of its kind and ordinal: it keeps its keys and files when others are
 * inserted.
 *
 * Refuses two layers of one name in a list.
 * @example Net.named("stem", Net.conv2d({ filters: 32, kernel: 3 }))
 */
export const named = <const N extends string, F extends AnyRule>(
  name: N,
  layer: Or<Nameless<"named", F>, Layer<F>>,
): Layer<NamedRule<N, F>> => {
  const l = layerIn("named", layer)
  return layerOf<NamedRule<N, F>>(l.kind, inside(checkName("named", name, l), l), name)
}
/**
 * Ties weights: all layers shared under one name in a list are one set of parameters, whose gradient is the sum over its places.
 *
 * Refuses layers with state, inputs that ask for other parameters, and one name shared in different lists.
 * @example const half = Net.shared("half", Net.dense(64)); Net.network(["batch", 64], half, Net.relu, half)
 */
export const shared = <const N extends string, F extends AnyRule>(
  name: N,
  layer: Or<Nameless<"shared", F>, Layer<F>>,
): Layer<SharedRule<N, F>> => {
  const l = layerIn("shared", layer)
  const arrow = inside(checkName("shared", name, l), l)
  const plan = (s: AnySpec): Plan => {
    const p = arrow.plan(s)
    if (Object.keys(p.state).length > 0)
      refuse(`shared: ${name} has state (running statistics), which two places cannot share; share layers without state`)
    return p
  }
  return layerOf<SharedRule<N, F>>(l.kind, { plan, apply: arrow.apply }, name, true)
}
