// Weights from elsewhere, checked against a network: by the compiler where their type is known (`adjoint typegen` writes it for a file), and
// in the same words when the program runs. Of several tensors that do not fit, the first in the order of their paths is named.
import type { Least } from "../../typelevel/least.ts"
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
type differ<
  P extends string,
  Given extends string,
  Wanted extends string,
> = `load: ${P}: the file has ${Given}, the network wants ${Wanted}`
type unwanted<
  P extends string,
  Given extends string,
> = `load: ${P}: the file has ${Given}, the network has nothing of that name; leave it out`
type absent = "load: the network has state, and none was given; give the tree of its state behind the parameters"
const differ = (path: string, given: string, wanted: string): string =>
  `load: ${path}: the file has ${given}, the network wants ${wanted}`
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
type Misfits<P, W, Path extends string = ""> = unknown extends P | W
  ? never
  : P extends TensorLike
    ? W extends TensorLike
      ? SameTensor<P, W> extends true
        ? never
        : [Path, differ<Path, ShowSpec<W>, ShowSpec<P>>]
      : [Path, differ<Path, W extends Nothing ? "none" : "a group of tensors", ShowSpec<P>>]
    : W extends TensorLike
      ? [Path, P extends Nothing ? unwanted<Path, ShowSpec<W>> : differ<Path, ShowSpec<W>, "a group of tensors">]
      : string extends keyof W
        ? never // a tree that nobody described: looked at when the program runs
        : {
            [K in Names<P> | Names<W>]: Misfits<Member<P, K>, Member<W, K>, Below<Path, K>>
          }[Names<P> | Names<W>]
type Names<T> = T extends Nothing ? never : keyof T
/** `[]`, or the sentence. (Trees that are equal as a whole need no walk: 100 tensors take 4,400 instantiations instead of 19,700.) */
type Loads<P, W> = [W, P] extends [P, W] ? [] : FirstOf<Misfits<P, W>>
type FirstOf<M> = [M] extends [never] ? [] : At<M, Least<M extends readonly [infer P extends string, string] ? P : never>>
type At<M, P> = M extends readonly [P, infer Sentence] ? Sentence : never
type LoadsParams<N extends AnyNetwork, W, V> =
  Loads<ParamsOf<N>, W> extends infer M ? (M extends string ? M : V extends undefined ? Stateless<StateOf<N>> : M) : never
type Stateless<S> = unknown extends S ? [] : {} extends S ? [] : absent

// ---- the same at run time ------------------------------------------------------------------------------------------
const showLike = (t: RawTensor | Slot): string => (t.dtype === "f32" ? show(t.shape) : `${show(t.shape)} ${t.dtype}`)
const isGroup = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === "object" && v !== null && !isTensor(v)
type Misfit = readonly [path: string, sentence: string]
const misfits = (wanted: Slot | Slots | undefined, given: unknown, path: string): Misfit[] => {
  if (wanted && isSlot(wanted)) {
    if (isTensor(given) && same(given.shape, wanted.shape) && given.dtype === wanted.dtype) return []
    const has = isTensor(given) ? showLike(given) : isGroup(given) ? "a group of tensors" : "none"
    return [[path, differ(path, has, showLike(wanted))]]
  }
  if (isTensor(given))
    return [[path, wanted ? differ(path, showLike(given), "a group of tensors") : unwanted(path, showLike(given))]]
  const group = isGroup(given) ? given : {}
  return [...new Set([...Object.keys(wanted ?? {}), ...Object.keys(group)])].flatMap((key) =>
    misfits(wanted?.[key], group[key], below(path, key)),
  )
}
const check = (wanted: Slots, given: unknown): void => {
  const [first] = misfits(wanted, given, "").sort(([a], [b]) => (a < b ? -1 : 1))
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
  check(plan.params, params)
  if (state === undefined && Object.keys(plan.state).length > 0) refuse(absent)
  check(plan.state, state ?? {})
  return { params, state: state ?? {} } as VariablesOf<N>
}
