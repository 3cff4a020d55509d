// Networks: layers with the shape of what goes in, and so with all their shapes.
import type { SpecShape, Trees } from "../../typelevel/network.ts"
import type { Sizes } from "../../typelevel/shape.ts"
import { refuse } from "../core/errors.ts"
import { notASize } from "../core/messages.ts"
import type { Or } from "../core/signature.ts"
import { type Arrow, elements, type Plan } from "./arrow.ts"
import type { AnyLayer } from "./layer.ts"
import { type CheckedList, type CountOf, inSequence, type NeedsIn } from "./sequential.ts"
import { type AnySpec, listOf, specOf, type SpecOf, type Written } from "./spec.ts"
import type { Through } from "../../typelevel/network.ts"

/**
 * Layers for an input. I and O are the types of what goes in and comes out, over names; P and S the trees of parameters and of
 * state, N what training needs ("Random", or never). Immutable; holds no parameters.
 */
export interface Network<out I, out O, out P, out S, out N> {
  /** Types alone: read them with InputOf, OutputOf, ParamsOf, StateOf, NeedsOf; there is nothing here when the program runs. */
  readonly types: { readonly input: I; readonly output: O; readonly params: P; readonly state: S; readonly needs: N }
  readonly input: AnySpec
  readonly output: AnySpec
  /** The number of parameters. */
  readonly parameters: number
  readonly layers: readonly AnyLayer[]
  readonly arrow: Arrow
  readonly plan: Plan
}
/** The number of parameters as a literal type, where all sizes are known. */
export interface Counted<L, X> {
  readonly parameters: CountOf<L, X>
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
  ...layers: Layers<L, CheckedList<L, Start<I>>>
): Network<Start<I>, Through<L, Start<I>>, Trees<L, Start<I>, "Params">, Trees<L, Start<I>, "State">, NeedsIn<L>> &
  Counted<L, Start<I>> {
  const list = layers as unknown as readonly AnyLayer[]
  const spec = specOf(input as Written | readonly Written[])
  for (const d of listOf(spec).flatMap((t) => t.shape))
    if (typeof d === "number" && !(Number.isSafeInteger(d) && d >= 0)) refuse(notASize("network", d))
  const arrow = inSequence(list)
  const plan = arrow.plan(spec)
  checkShared(plan.shared)
  const types = {} as never
  return { types, input: spec, output: plan.out, parameters: elements(plan.params) as never, layers: list, arrow, plan }
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
