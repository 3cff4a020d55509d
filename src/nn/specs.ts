// The variables of a network as parameters of a shaped function.
import type { TensorLike } from "../../typelevel/rule.ts"
import { isSlot, type Slots } from "./arrow.ts"
import type { Network, Variables } from "./network.ts"

/** The shapes and dtypes of a tree of tensors. */
export type Specs<T> = T extends TensorLike ? TensorLike<T["shape"], T["dtype"]> : { readonly [K in keyof T]: Specs<T[K]> }

const specsIn = (slots: Slots): unknown =>
  Object.fromEntries(Object.entries(slots).map(([k, s]) => [k, isSlot(s) ? { shape: s.shape, dtype: s.dtype } : specsIn(s)]))
/**
 * The shapes and dtypes of a network's variables: a tree, as `shaped` takes it for a parameter.
 *
 * @example
 * const predict = shaped([Net.specs(net), ["n", 784]], (variables, x) => Net.predict(net, variables, x))
 */
export const specs = <I, O, P, S, N>(net: Network<I, O, P, S, N>): Specs<Variables<P, S>> =>
  ({ params: specsIn(net.plan.params), state: specsIn(net.plan.state) }) as Specs<Variables<P, S>>
