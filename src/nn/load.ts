// Weights from elsewhere and variables, checked against a network: by the compiler where their type is known (`adjoint typegen` writes it for a
// file), and in the same words when the program runs. Of several tensors that do not fit, the first in the order of their paths is named.
import type { FirstOf } from "../../typelevel/least.ts"
import type { ShowSpec } from "../../typelevel/network.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { SameSizes } from "../../typelevel/shape.ts"
import type { Below } from "../../typelevel/tree.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { same, show } from "../core/shape.ts"
import { isTensor, type RawTensor } from "../core/tensor.ts"
import { below, isSlot, type Slot, type Slots } from "./arrow.ts"
import type { AnyNetwork, ParamsOf, StateOf, VariablesOf } from "./network.ts"

// ---- sentences -----------------------------------------------------------------------------------------------------
/** Who asks: `load` takes all that is in a file, `network`, for a call, the variables that it has. */
type Asks = "load" | "network"
interface Differ<P extends string, Given extends string, Wanted extends string> {
  readonly load: `load: ${P}: the file has ${Given}, the network wants ${Wanted}; take another file, or change the network`
  readonly network: `network: ${P}: the variables have ${Given}, the network wants ${Wanted}; take those of Net.init or Net.load for it`
}
type unwanted<
  P extends string,
  Given extends string,
> = `load: ${P}: the file has ${Given}, the network has nothing of that name; leave it out`
type absent = "load: the network has state, and none was given; give the tree of its state behind the parameters"
const differ: { readonly [Op in Asks]: (path: string, given: string, wanted: string) => string } = {
  load: (path, given, wanted) =>
    `load: ${path}: the file has ${given}, the network wants ${wanted}; take another file, or change the network`,
  network: (path, given, wanted) =>
    `network: ${path}: the variables have ${given}, the network wants ${wanted}; take those of Net.init or Net.load for it`,
}
const unwanted = (path: string, given: string): string =>
  `load: ${path}: the file has ${given}, the network has nothing of that name; leave it out`
const absent: absent = "load: the network has state, and none was given; give the tree of its state behind the parameters"

// ---- types ---------------------------------------------------------------------------------------------------------
/** Not there at all. */
interface Nothing {
  readonly nothing: true
}
type Member<T, K> = T extends Nothing ? Nothing : K extends keyof T ? T[K] : Nothing
type SameTensor<P extends TensorLike, W extends TensorLike> = [P["dtype"] & W["dtype"]] extends [never]
  ? false
  : SameSizes<P["shape"], W["shape"]>
/** Path and sentence of everything that does not fit: P is wanted, W is given. */
type Misfits<Op extends Asks, P, W, Path extends string = ""> = unknown extends P | W
  ? never
  : P extends TensorLike
    ? W extends TensorLike
      ? SameTensor<P, W> extends true
        ? never
        : [Path, Differ<Path, ShowSpec<W>, ShowSpec<P>>[Op]]
      : [Path, Differ<Path, W extends Nothing ? "none" : "a group of tensors", ShowSpec<P>>[Op]]
    : W extends TensorLike
      ? [Path, P extends Nothing ? unwanted<Path, ShowSpec<W>> : Differ<Path, ShowSpec<W>, "a group of tensors">[Op]]
      : string extends keyof W
        ? never // a tree that nobody described: looked at when the program runs
        : {
            [K in Looked<Op, P, W>]: Misfits<Op, Member<P, K>, Member<W, K>, Below<Path, K>>
          }[Looked<Op, P, W>]
type Looked<Op extends Asks, P, W> = Names<P> | (Op extends "load" ? Names<W> : never)
type Names<T> = T extends Nothing ? never : keyof T
/** `[]`, or the sentence. (Trees that are equal as a whole need no walk: 100 tensors take 4,400 instantiations instead of 19,700.) */
type Loads<P, W> = [W, P] extends [P, W] ? [] : FirstOf<Misfits<"load", P, W>>
/** The same for the variables that a network is called with. */
export type Uses<N extends AnyNetwork, V> = [V] extends [VariablesOf<N>] ? [] : FirstOf<Misfits<"network", VariablesOf<N>, V>>
type LoadsParams<N extends AnyNetwork, W, V> =
  Loads<ParamsOf<N>, W> extends infer M ? (M extends string ? M : V extends undefined ? Stateless<StateOf<N>> : M) : never
type Stateless<S> = unknown extends S ? [] : {} extends S ? [] : absent

// ---- the same at run time ------------------------------------------------------------------------------------------
const showLike = (t: RawTensor | Slot): string => (t.dtype === "f32" ? show(t.shape) : `${show(t.shape)} ${t.dtype}`)
const isGroup = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === "object" && v !== null && !isTensor(v)
type Misfit = readonly [path: string, sentence: string]
const misfits = (op: Asks, wanted: Slot | Slots | undefined, given: unknown, path: string): Misfit[] => {
  if (wanted && isSlot(wanted)) {
    if (isTensor(given) && same(given.shape, wanted.shape) && given.dtype === wanted.dtype) return []
    const has = isTensor(given) ? showLike(given) : isGroup(given) ? "a group of tensors" : "none"
    return [[path, differ[op](path, has, showLike(wanted))]]
  }
  if (isTensor(given))
    return [[path, wanted ? differ[op](path, showLike(given), "a group of tensors") : unwanted(path, showLike(given))]]
  const group = isGroup(given) ? given : {}
  return [...new Set([...Object.keys(wanted ?? {}), ...(op === "load" ? Object.keys(group) : [])])].flatMap((key) =>
    misfits(op, wanted?.[key], group[key], below(path, key)),
  )
}
/** Throws the sentence about the first tensor that does not fit. */
export const checkTree = (op: Asks, wanted: Slots, given: unknown): void => {
  const [first] = misfits(op, wanted, given, "").sort(([a], [b]) => (a < b ? -1 : 1))
  if (first) refuse(first[1])
}

/**
 * Variables of a network from weights: a tree of parameters, and one of state where the network has state.
 *
 * Refuses, by path, a tensor that is missing, too many, or of another shape or dtype than the network's.
 * @example const variables = Net.load(net, yield* Checkpoint.load<Weights>("model.safetensors", description))
 */
export function load<N extends AnyNetwork, W extends object, V extends object | undefined = undefined>(
  net: N,
  params: Or<LoadsParams<N, W, V>, W>,
  state?: Or<V extends undefined ? [] : Loads<StateOf<N>, V>, V>,
): VariablesOf<N> {
  const { plan } = net
  checkTree("load", plan.params, params)
  if (state === undefined && Object.keys(plan.state).length > 0) refuse(absent)
  checkTree("load", plan.state, state ?? {})
  return { params, state: state ?? {} } as VariablesOf<N>
}
