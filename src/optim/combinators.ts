// What can be put around any optimizer: clipping of its gradients, accumulation of several steps' gradients.
import { treeMonoidOf } from "../algebra/module.ts"
import { refuse } from "../core/errors.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { flatten, mapTree } from "../core/tree.ts"
import { add } from "../ops/add.ts"
import { cast } from "../ops/cast.ts"
import { div } from "../ops/div.ts"
import { equal } from "../ops/equal.ts"
import { full } from "../ops/full.ts"
import { maximum } from "../ops/maximum.ts"
import { minimum } from "../ops/minimum.ts"
import { mul } from "../ops/mul.ts"
import { sqrt } from "../ops/sqrt.ts"
import { square } from "../ops/square.ts"
import { sum } from "../ops/sum.ts"
import { where } from "../ops/where.ts"
import { counter, next, type Count, type Optimizer, type OptimizerState, zerosLike } from "./optimizer.ts"

/** Gradients changed before the optimizer sees them. */
const before = <M extends string, C extends string>(change: <P>(grads: P) => P, optimizer: Optimizer<M, C>): Optimizer<M, C> => ({
  init: (params) => optimizer.init(params),
  update: (grads, state, params) => optimizer.update(change(grads), state, params),
})
const limitOf = (op: string, limit: number): number =>
  limit > 0 ? limit : refuse(`${op}: a limit of ${limit}; it must be more than 0`)

/** sqrt of the sum of all squares in a tree: the length of a gradient. f32, []. */
export const globalNorm = (tree: unknown): Tensor<[]> => {
  const squares = flatten(tree).leaves.map((g) => raw(cast(raw(sum(raw(square(g)))), "f32")))
  return raw(sqrt(squares.reduce((a, b) => raw(add(a, b)), raw(full([], 0))))) as RawTensor as unknown as Tensor<[]>
}
/**
 * Gradients no longer than `limit`, all leaves taken as one vector: g min(1, limit / |g|). Pascanu et al. 2013.
 * @example Optim.clipByGlobalNorm(1, Optim.adam({ lr: 1e-3 }))
 */
export const clipByGlobalNorm = <M extends string, C extends string>(
  limit: number,
  optimizer: Optimizer<M, C>,
): Optimizer<M, C> => {
  limitOf("clipByGlobalNorm", limit)
  return before((grads) => {
    const factor = raw(minimum(raw(div(limit, raw(globalNorm(grads)))), 1))
    return mapTree(grads, (g) => mul(g, raw(cast(factor, g.dtype))))
  }, optimizer)
}
/**
 * Each element of the gradients between -limit and limit.
 * @example Optim.clipByValue(0.5, Optim.sgd({ lr: 0.1 }))
 */
export const clipByValue = <M extends string, C extends string>(limit: number, optimizer: Optimizer<M, C>): Optimizer<M, C> => {
  limitOf("clipByValue", limit)
  return before((grads) => mapTree(grads, (g) => minimum(raw(maximum(g, -limit)), limit)), optimizer)
}
/**
 * One step of the optimizer for every n calls, with the mean of their gradients: n batches of b rows act as one of n b rows. In
 * between the parameters stay. Gradients are summed in the monoid of trees (algebra/trees.ts).
 * @example Optim.accumulate(4, Optim.adam())
 */
export const accumulate = <M extends string, C extends string>(
  n: number,
  optimizer: Optimizer<M, C>,
): Optimizer<M | "gradient", C | "calls"> => {
  if (!Number.isSafeInteger(n) || n < 1) refuse(`accumulate: ${n} calls; it must be a whole number of 1 or more`)
  type State<P> = OptimizerState<M | "gradient", C | "calls", P>
  type Inner<P> = OptimizerState<M, C, P>
  return {
    init: <P>(params: P) => ({ ...optimizer.init(params), gradient: zerosLike(params), calls: counter() }) as unknown as State<P>,
    update: <P>(grads: P, state: State<P>, params: P) => {
      const { gradient, calls, ...rest } = state as unknown as { gradient: P; calls: Count }
      const inner = rest as unknown as Inner<P>
      const summed = treeMonoidOf(params).concat(gradient, grads)
      const now = next(calls)
      const due = raw(equal(raw(now), n))
      const [moved, after] = optimizer.update(
        mapTree(summed, (g) => mul(g, 1 / n)),
        inner,
        params,
      )
      const choose = <T>(yes: T, no: T): T => mapTree(yes, (a, _, b) => where(due, a, b!), no)
      const left = mapTree(summed, (g) => where(due, full(g.shape, 0, g.dtype), g))
      return [
        choose(moved, params),
        { ...choose(after, inner), gradient: left, calls: choose(counter(), now) } as unknown as State<P>,
      ]
    },
  }
}
