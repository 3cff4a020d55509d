// Networks: layers with the shape of what goes in, and so with all their shapes.
import type { Misfit, NeedsIn, ParametersOf, PeakOf, RowsOf, SpecShape, Trees, Walk } from "../../typelevel/network.ts"
import type { Sizes } from "../../typelevel/shape.ts"
import { refuse } from "../core/errors.ts"
import { notASize } from "../core/messages.ts"
import type { Or } from "../core/signature.ts"
import { type Arrow, elements, liveOf, type Plan } from "./arrow.ts"
import type { AnyLayer } from "./layer.ts"
import { type Fitting, inSequence } from "./sequential.ts"
import { type AnySpec, listOf, specOf, type SpecOf, type Written } from "./spec.ts"

/**
 * Layers for an input. I and O are the types of what goes in and comes out, over names; P and S the trees of parameters and of
 * state, N what training needs ("Random", or never). Immutable; holds no parameters.
 */
export interface Network<out I, out O, out P, out S, out N> {
  /** Types alone: read them with InputOf, OutputOf, ParamsOf, StateOf, NeedsOf; there is nothing here when the program runs. */
  readonly types: { readonly input: I; readonly output: O; readonly params: P; readonly state: S; readonly needs: N }
  readonly input: AnySpec
  readonly output: AnySpec
  readonly layers: readonly AnyLayer[]
  readonly arrow: Arrow
  readonly plan: Plan
}
/**
 * The network of the layers L for the input X, a `Network`. Nothing is computed before it is looked at: a program pays for the
 * shapes, and for trees and counts where it uses them. (For that reason counts are no part of `Network`: to see that this is one,
 * the compiler computes all that both have.)
 */
export interface NetworkOf<X, L extends readonly unknown[]> {
  readonly types: {
    readonly input: X
    readonly output: Quiet<Walk<[...L], X>>
    readonly params: Trees<L, X, "Params">
    readonly state: Trees<L, X, "State">
    readonly needs: NeedsIn<L>
    /** The path and the shape of each layer, as `Net.rows` gives them. */
    readonly rows: RowsOf<L, X>
  }
  readonly input: AnySpec
  readonly output: AnySpec
  /** The number of parameters, a literal where all sizes are known. */
  readonly parameters: ParametersOf<L, X>
  /** The most elements that are alive at once while the network infers one example, a literal where all sizes are known. */
  readonly peakActivations: PeakOf<L, X>
  readonly layers: readonly AnyLayer[]
  readonly arrow: Arrow
  readonly plan: Plan
}
/** What was refused gives nothing that could be refused again. */
type Quiet<W> = W extends Misfit<readonly unknown[], string> ? never : W
/** What is counted in a network: `Network & Counted` is what `Net.network` gives. */
export interface Counted {
  readonly parameters: number
  readonly peakActivations: number
}
export type AnyNetwork = Network<unknown, unknown, unknown, unknown, unknown>
export type InputOf<N extends AnyNetwork> = N["types"]["input"]
export type OutputOf<N extends AnyNetwork> = N["types"]["output"]
export type ParamsOf<N extends AnyNetwork> = N["types"]["params"]
export type StateOf<N extends AnyNetwork> = N["types"]["state"]
/** Parameters and state: what a network is applied with. */
export interface Variables<P, S> {
  readonly params: P
  readonly state: S
}
export type VariablesOf<N extends AnyNetwork> = Variables<ParamsOf<N>, StateOf<N>>

type Start<I> = SpecOf<I>
/** `[]`, or the sentence where a size is none. */
type InputRule<I> = I extends Written
  ? Sizes<"network", SpecShape<I>> extends infer M
    ? M extends string
      ? M
      : []
    : never
  : I extends readonly [infer H, ...infer R]
    ? InputRule<H> extends infer M
      ? M extends string
        ? M
        : InputRule<R>
      : never
    : []
type Layers<L, C> = L extends C ? L : C
/**
 * A network from the shape of its input and its layers, checked one after the other: a layer that does not fit what comes to it
 * is refused where it stands, by the compiler and, in the same words, at run time.
 *
 * The input is a shape over sizes and names (f32), or Net.input(shape, dtype), or a list of these; names are bound anew at each
 * call. Parameters and state are trees keyed by layer: `conv2d_1`, or the layer's own name; layers without have no entry.
 * @example
 * const net = Net.network(["batch", 784], Net.dense(128), Net.relu, Net.dense(10))   // ["batch", 784] -> ["batch", 10], 101,770
 * parameters
 */
export function network<const I extends Written | readonly Written[], const L extends readonly unknown[]>(
  input: Or<InputRule<I>, I>,
  ...layers: Layers<L, Fitting<L, Start<I>>>
): NetworkOf<Start<I>, [...L]> {
  const list = layers as unknown as readonly AnyLayer[]
  const spec = specOf(input as Written | readonly Written[])
  for (const d of listOf(spec).flatMap((t) => t.shape))
    if (typeof d === "number" && !(Number.isSafeInteger(d) && d >= 0)) refuse(notASize("network", d))
  const arrow = inSequence(list)
  const plan = arrow.plan(spec)
  checkShared(plan.shared)
  const types = {} as never
  const [parameters, peakActivations] = [elements(plan.params) as never, liveOf(spec, plan).peak as never]
  return { types, input: spec, output: plan.out, parameters, peakActivations, layers: list, arrow, plan }
}
/** A name shared in two lists would be two sets of parameters. */
const checkShared = (paths: readonly string[]): void => {
  const first = new Map<string, string>()
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/") + 1)
    const before = first.get(name) ?? path
    if (before !== path)
      refuse(`shared: ${before} and ${path} are in different lists of layers; share within one list, or use two names`)
    first.set(name, path)
  }
}
