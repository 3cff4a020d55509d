// Using a network: its variables, its application, its loss. All of it builds expressions and runs nothing.
import type { Fill, MatchAll, Opened } from "../../typelevel/pattern.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape, Show } from "../../typelevel/shape.ts"
import { refuse } from "../core/errors.ts"
import type { Or } from "../core/signature.ts"
import { same, show } from "../core/shape.ts"
import { type AnyTensor, isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { isSlot, type keyMissing, type Slots, type Tree } from "./arrow.ts"
import { fold, type Key } from "../random/index.ts"
import { checkTree, type Uses } from "./load.ts"
import type { AnyNetwork, InputOf, Network, OutputOf, StateOf, Variables } from "./network.ts"
import { matchAll } from "./spec.ts"

// ---- making variables ----------------------------------------------------------------------------------------------
const made = (key: Key, slots: Slots, path: string): Tree =>
  Object.fromEntries(
    Object.entries(slots).map(([k, s]): [string, RawTensor | Tree] => {
      const here = `${path}/${k}`
      if (!isSlot(s)) return [k, made(key, s, here)]
      const t = raw(s.init(fold(key, here), s.shape, s.dtype))
      return same(t.shape, s.shape) && t.dtype === s.dtype
        ? [k, t]
        : refuse(`init: the initialiser of ${here.slice(1)} gave ${t.dtype}${show(t.shape)}, not ${s.dtype}${show(s.shape)}`)
    }),
  )
/**
 * Parameters and state of a network, as expressions of a key: run them once, and keep the values.
 *
 * Each leaf draws from the key with its path folded in, so that inserting a layer does not change the others' values.
 * @example const variables = yield* run(Net.init(net, Random.key(42)))
 */
export const init = <I, O, P, S, N>(net: Network<I, O, P, S, N>, key: Key): Variables<P, S> => ({
  params: made(key, net.plan.params, "") as P,
  state: made(key, net.plan.state, "") as S,
})

// ---- applying ------------------------------------------------------------------------------------------------------
export interface ApplyOptions {
  /** Dropout drops, batch normalisation uses and moves its statistics. Default false. */
  readonly train?: boolean
  /** The key of this step, where a layer needs Random. */
  readonly key?: Key
}
/** A tensor, or a list of tensors. */
type Given = AnyTensor | readonly AnyTensor[]
type Fits<I, X> = unknown extends I ? [] : MatchAll<"network", I, X> extends infer M ? (M extends string ? M : []) : never
/** What comes out for X: the network's output with its names bound. */
type Applied<I, O, X> = unknown extends I
  ? AnyTensor
  : MatchAll<"network", I, X> extends infer E
    ? E extends string
      ? never
      : Bound<O, E>
    : never
type Bound<O, E> = O extends TensorLike
  ? Tensor<Fill<O["shape"], E>, O["dtype"]>
  : { readonly [K in keyof O]: O[K] extends TensorLike ? Tensor<Fill<O[K]["shape"], E>, O[K]["dtype"]> : never }
type Train<N, T> = [N] extends [never]
  ? []
  : T extends { readonly train: false } | { readonly key: Key }
    ? []
    : T extends { readonly train: boolean }
      ? keyMissing
      : []

/** Untyped core: y and the new state. */
export const applyOf = (
  net: AnyNetwork,
  variables: Variables<unknown, unknown>,
  x: RawTensor | readonly RawTensor[],
  { train = false, key }: ApplyOptions,
): readonly [RawTensor, unknown] => {
  matchAll("network", net.input, x)
  checkTree("network", { params: net.plan.params, state: net.plan.state }, variables)
  const env = { params: (variables.params ?? {}) as Tree, state: (variables.state ?? {}) as Tree, train, key, path: "" }
  const { y, state } = net.arrow.apply(env, x as RawTensor)
  return [y, state]
}
/**
 * The network's output for x, and the new state (the given one, unless it trains).
 *
 * Names in the input are bound by this x: a network from ["batch", 784] maps [32, 784] to [32, 10]. Refuses an x that does not
 * fit, trees of another network, and training without the key that a layer needs.
 * @example const [logits, state] = Net.apply(net, variables, x, { train: true, key })
 */
export function apply<N extends AnyNetwork, V extends object, const X extends Given, const T extends ApplyOptions = {}>(
  net: N,
  variables: Or<Uses<N, V>, V>,
  x: Or<Fits<InputOf<N>, X>, X>,
  options?: Or<Train<N["types"]["needs"], T>, T>,
): [Applied<InputOf<N>, OutputOf<N>, X>, StateOf<N>] {
  return applyOf(net, variables as never, x as RawTensor, (options ?? {}) as ApplyOptions) as never
}
/**
 * The network's output for x, without dropout, with the running statistics: what `Net.infer` computes, for the sizes at hand.
 * @example const logits = Net.predict(net, variables, x)
 */
export function predict<N extends AnyNetwork, V extends object, const X extends Given>(
  net: N,
  variables: Or<Uses<N, V>, V>,
  x: Or<Fits<InputOf<N>, X>, X>,
): Applied<InputOf<N>, OutputOf<N>, X> {
  return applyOf(net, variables as never, x as RawTensor, {})[0] as never
}

/** Names become unknown sizes: a function that jit, vmap or grad can take as it is. */
type Open<T> =
  T extends Tensor<infer S, infer D>
    ? Tensor<Opened<S> extends infer R extends Shape ? R : never, D>
    : T extends readonly unknown[]
      ? { readonly [K in keyof T]: Open<T[K]> }
      : T
/** A network without Random and without the update of its state. */
export interface Inference<I, O, P, S> {
  (variables: Variables<P, S>, x: Open<I>): Open<O>
}
/**
 * The network as a pure function (variables, x) => y for use: dropout is the identity, batch normalisation uses its running
 * statistics. The state stays an input; no key is needed.
 * @example const predict = jit(Net.infer(net))
 */
export const infer =
  <I, O, P, S, N>(net: Network<I, O, P, S, N>): Inference<I, O, P, S> =>
  (variables, x) =>
    applyOf(net, variables, x as unknown as RawTensor, {})[0] as Open<O>

/** What a loss is computed from: a batch, and the key of the step where the network needs one. */
export type LossInput<I, Y, N> = [N] extends [never]
  ? { x: Open<I>; y: Open<Y>; key?: Key }
  : { x: Open<I>; y: Open<Y>; key: Key }
type ScalarLoss<R> = R extends TensorLike
  ? R["shape"] extends readonly []
    ? R
    : number extends R["shape"]["length"]
      ? R
      : `loss: must be a scalar (shape []), got ${Show<R["shape"]>}; take its mean`
  : "loss: must be a scalar tensor (shape [])"
/**
 * The training loss as a pure function (variables, { x, y, key }) => [loss, new state], for valueAndGrad with { aux: true }.
 *
 * f compares what comes out (over names) with the targets; it must return a scalar.
 * @example
 * const lossOf = Net.loss(net, (logits, label: Tensor<["batch"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))
 * const [[value, state], g] = valueAndGrad(lossOf, { aux: true })(variables, { x, y, key })   // g.params
 */
export const loss =
  <I, O, P, S, N, Y extends AnyTensor, R>(net: Network<I, O, P, S, N>, f: (output: O, y: Y) => ScalarLoss<R>) =>
  (variables: Variables<P, S>, batch: LossInput<I, Y, N>): [R, S] => {
    const options = batch.key === undefined ? { train: true } : { train: true, key: batch.key }
    const [output, state] = applyOf(net, variables, batch.x as unknown as RawTensor, options)
    const value = f(output as O, batch.y as unknown as Y) as unknown
    if (!isTensor(value)) return refuse("loss: must be a scalar tensor (shape [])")
    if (value.shape.length > 0) refuse(`loss: must be a scalar (shape []), got ${show(value.shape)}; take its mean`)
    return [value as R, state as S]
  }
