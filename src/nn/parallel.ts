// Layers beside each other: what comes in is copied to each, or dealt out, and what comes out is a list. Copying, selecting, running
// beside each other and running one behind the other are enough to wire any network.
import type {
  Apply,
  CountIn,
  Feed,
  LayerLike,
  LiveBeside,
  LiveEach,
  Misfit,
  NeedsIn,
  Plain,
  RowsOf,
  Rule,
  ShowSpec,
  SizeR,
  Trees,
  Within,
} from "../../typelevel/network.ts"
import type { needsTensors as NeedsTensors } from "../../typelevel/pattern.ts"
import { text } from "../core/shape.ts"
import { refuse } from "../core/errors.ts"
import type { RawTensor } from "../core/tensor.ts"
import { type Arrow, identity as through, leafPlan, liveOf, type Plan, type Result, type Tree, united } from "./arrow.ts"
import { withRow } from "./combinators.ts"
import { type AnyLayer, type Layer, layerOf } from "./layer.ts"
import { type Live, liveBeside, liveEach, sizeOf } from "./live.ts"
import { arrowsOf, type Listed } from "./sequential.ts"
import { type AnySpec, isList, needsTensors, showSpec, type Spec } from "./spec.ts"

// ---- rules: one output of each layer ---------------------------------------------------------------------------------
/** What each layer gives for the same X, in one list; or the first misfit. A layer that gives a list adds its members. */
export type Fork<L, X, Acc extends readonly unknown[] = []> = L extends [infer H extends LayerLike, ...infer R]
  ? Apply<H["rule"], X, "Out"> extends infer O
    ? O extends string
      ? Misfit<R, O>
      : Fork<R, X, O extends readonly unknown[] ? [...Acc, ...O] : [...Acc, O]>
    : never
  : Acc
/** What each layer gives for its own member of X. */
type Deal<L, X, Acc extends readonly unknown[] = []> = L extends [infer H extends LayerLike, ...infer R]
  ? X extends readonly [infer A, ...infer XR]
    ? Apply<H["rule"], A, "Out"> extends infer O
      ? O extends string
        ? Misfit<R, O>
        : Deal<R, XR, O extends readonly unknown[] ? [...Acc, ...O] : [...Acc, O]>
      : never
    : never
  : Acc
/** Trees and rows of layers that are fed as M says. */
export interface Beside<L extends readonly unknown[], M extends Feed> extends Rule {
  readonly Needs: NeedsIn<L>
  readonly Params: Trees<L, this["In"], "Params", M>
  readonly State: Trees<L, this["In"], "State", M>
  readonly Count: CountIn<L, this["In"], M>
}
export interface BranchRule<L extends readonly unknown[]> extends Beside<L, "both"> {
  readonly Kind: "branch"
  readonly Out: this["In"] extends infer X ? Within<"branch", L, Fork<[...L], X>> : never
  readonly Live: LiveBeside<L, this["In"]>
  readonly Rows: RowsOf<L, this["In"], "both">
}
export interface ParallelRule<L extends readonly unknown[]> extends Beside<L, "each"> {
  readonly Kind: "parallel"
  readonly Out: this["In"] extends infer X ? Dealt<L, X> : never
  readonly Live: LiveEach<L, this["In"]>
  readonly Rows: RowsOf<L, this["In"], "each">
}
type Dealt<L extends readonly unknown[], X> = X extends readonly unknown[]
  ? X["length"] extends L["length"]
    ? Within<"parallel", L, Deal<[...L], X>>
    : NeedsTensors<"parallel", L["length"], X>
  : needsList<"parallel", X>

export type needsList<Op extends string, X> = `${Op}: needs a list of tensors, got ${ShowSpec<X>}; Net.branch gives one`

export const noList = (op: string, s: AnySpec): string =>
  `${op}: needs a list of tensors, got ${showSpec(s)}; Net.branch gives one`

// ---- the same when it runs -------------------------------------------------------------------------------------------
const members = (x: AnySpec): readonly Spec[] => (isList(x) ? x : [x])
/** Lists travel as tensors do. */
export const asList = (x: unknown): readonly RawTensor[] => (Array.isArray(x) ? (x as readonly RawTensor[]) : [x as RawTensor])
const asOne = (list: readonly RawTensor[]): RawTensor => list as unknown as RawTensor

/** Plans beside each other; a list of outputs in a list adds its members. */
const besides = (
  plans: readonly Plan[],
): Pick<Plan, "params" | "state" | "rows" | "shared"> & { readonly out: readonly Spec[] } => {
  const none: Pick<Plan, "params" | "state" | "rows" | "shared"> = leafPlan([])
  return {
    ...plans.reduce((a, p) => united({ ...p, ...a }, p), none),
    out: plans.flatMap((p) => members(p.out)),
  }
}
/** What layers give, each for its own input, and their states in one tree. */
const applied = (arrows: readonly Arrow[], inputs: (k: number) => RawTensor, env: Parameters<Arrow["apply"]>[0]): Result => {
  const results = arrows.map((f, k) => f.apply(env, inputs(k)))
  return {
    y: asOne(results.flatMap((r) => asList(r.y))),
    state: results.reduce<Tree>((all, r) => ({ ...all, ...r.state }), {}),
  }
}
const alive = (input: (k: number) => AnySpec, plans: readonly Plan[]): { out: AnySpec; live: Live }[] =>
  plans.map((p, k) => ({ out: p.out, live: liveOf(input(k), p) }))
/** Layers that all get the same; `gather` makes one of what they give. */
export const forked = (
  kind: string,
  layers: readonly unknown[],
  gather?: { readonly spec: (list: readonly Spec[]) => Spec; readonly tensor: (list: readonly RawTensor[]) => RawTensor },
): Arrow => {
  const arrows = arrowsOf(layers as readonly AnyLayer[], kind)
  return {
    plan: (s) => {
      const plans = arrows.map((f) => f.plan(s))
      const all = besides(plans)
      const parts = alive(() => s, plans)
      if (!gather) return { ...all, live: liveBeside(s, parts) }
      const out = gather.spec(all.out)
      return withRow(kind, { ...all, out, live: liveBeside(s, parts, sizeOf(out)) })
    },
    apply: (env, x) => {
      const r = applied(arrows, () => x, env)
      return gather ? { y: gather.tensor(asList(r.y)), state: r.state } : r
    },
  }
}

// ---- layers ----------------------------------------------------------------------------------------------------------
/**
 * Several layers of one input, which each gets: one to a list of what they give. A layer that gives a list adds its members.
 *
 * Parameters and state: an entry for each layer, keyed as in a network. A network whose last layer this is has several outputs.
 * @example Net.branch(Net.dense(10), Net.sequential(Net.dense(64), Net.relu, Net.dense(1)))
 */
export const branch = <const L extends readonly unknown[]>(
  ...layers: L extends Listed<L> ? L : Listed<L>
): Layer<BranchRule<L>> => layerOf<BranchRule<L>>("branch", forked("branch", layers))

/**
 * Each layer gets its own member of a list: a list of n to a list of what the n layers give.
 *
 * Parameters and state: an entry for each layer, keyed as in a network. Refuses another number of tensors.
 * @example Net.network([["b", 8], Net.input(["b"], "i32")], Net.parallel(Net.dense(4), Net.embedding(10, 4)), Net.join)
 */
export const parallel = <const L extends readonly unknown[]>(
  ...layers: L extends Listed<L> ? L : Listed<L>
): Layer<ParallelRule<L>> => {
  const arrows = arrowsOf(layers as unknown as readonly AnyLayer[], "parallel")
  return layerOf<ParallelRule<L>>("parallel", {
    plan: (s) => {
      const given = members(s)
      if (!isList(s)) return refuse(noList("parallel", s))
      if (s.length !== arrows.length) return refuse(needsTensors("parallel", arrows.length, s.length))
      const plans = arrows.map((f, k) => f.plan(given[k]!))
      const live = liveEach(
        given,
        alive((k) => given[k]!, plans),
      )
      return { ...besides(plans), live }
    },
    apply: (env, x) => applied(arrows, (k) => asList(x)[k]!, env),
  })
}

export interface IdentityRule extends Plain {
  readonly Kind: "identity"
  readonly Out: this["In"]
  readonly Live: this["In"] extends infer X ? [SizeR<X>, SizeR<X>] : never
}
/** What comes in comes out: a branch that does nothing. */
export const identity: Layer<IdentityRule> = layerOf("identity", through)

export interface SelectRule<K extends readonly number[]> extends Plain {
  readonly Kind: "select"
  readonly Out: this["In"] extends infer X ? (X extends readonly unknown[] ? Selected<X, K> : needsList<"select", X>) : never
  readonly Live: this["In"] extends infer X ? [SizeR<X>, SizeR<X>] : never
}
type Selected<
  X extends readonly unknown[],
  K extends readonly number[],
  Acc extends readonly unknown[] = [],
> = K extends readonly [infer N extends number, ...infer R extends readonly number[]]
  ? number extends X["length"]
    ? Selected<X, R, [...Acc, X[number]]>
    : `${N}` extends keyof X
      ? Selected<X, R, [...Acc, X[N]]>
      : noTensor<N, X>
  : Acc extends readonly [infer One]
    ? One
    : Acc
type noTensor<
  N extends number,
  X extends readonly unknown[],
> = `select: there is no tensor ${N} among ${X["length"]}; count from 0`
/**
 * Some of the tensors of a list, by their places: a single one comes out as it is, several as a list, in the order given.
 *
 * Refuses places outside the list.
 * @example Net.branch(Net.select(1), Net.select(0)) // swaps two inputs
 */
export const select = <const K extends readonly [number, ...number[]]>(...places: K): Layer<SelectRule<K>> => {
  const chosen = <T>(list: readonly T[]): T | T[] => {
    const all = places.map(
      (k) =>
        (Number.isInteger(k) ? list[k] : undefined) ??
        refuse(`select: there is no tensor ${text(k)} among ${list.length}; count from 0`),
    )
    return all.length === 1 ? all[0]! : all
  }
  return layerOf<SelectRule<K>>("select", {
    plan: (s) => {
      if (!isList(s)) return refuse(noList("select", s))
      return { ...leafPlan(chosen(s)), live: { peak: sizeOf(s), held: sizeOf(s) } }
    },
    apply: (_, x) => ({ y: chosen(asList(x)) as RawTensor, state: {} }),
  })
}
