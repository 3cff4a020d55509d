// Trees of tensors as a module over scalars: parameters and gradients.
import type { Group } from "fp-ts/lib/Group.js"
import type { Monoid } from "fp-ts/lib/Monoid.js"
import { raw, type Tensor } from "../core/tensor.ts"
import { mapTree } from "../core/tree.ts"
import { add } from "../ops/add.ts"
import { cast } from "../ops/cast.ts"
import { full } from "../ops/full.ts"
import { mul } from "../ops/mul.ts"
import { neg } from "../ops/neg.ts"

/** A group with scalars: r (a + b) = r a + r b, (r + s) a = r a + s a, (r s) a = r (s a), 1 a = a. */
export interface Module<T> extends Group<T> {
  readonly scale: (r: number | Tensor<[]>, a: T) => T
}
/**
 * The module of trees like `like`: sums leaf by leaf, zeros, negation, scaling. Gradients live here; accumulating them is
 * `concat`.
 *
 * Trees of another structure are refused.
 * @example moduleOf(params).concat(g1, g2)
 */
export const moduleOf = <T>(like: T): Module<T> => ({
  empty: mapTree(like, (x) => full(x.shape, 0, x.dtype)),
  concat: (a, b) => mapTree(a, (x, _, y) => add(x, y!), b),
  inverse: (a) => mapTree(a, (x) => neg(x)),
  scale: (r, a) => mapTree(a, (x) => mul(x, typeof r === "number" ? r : raw(cast(r, x.dtype)))),
})
/** Sums of trees like `like`. */
export const treeMonoidOf = <T>(like: T): Monoid<T> => {
  const { empty, concat } = moduleOf(like)
  return { empty, concat }
}
