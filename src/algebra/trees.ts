// Trees as containers of leaves, for fp-ts: map, fold, traverse.
import type { Applicative, Applicative1, Applicative2 } from "fp-ts/lib/Applicative.js"
import * as ReadonlyArray from "fp-ts/lib/ReadonlyArray.js"
import type { HKT, Kind, Kind2, URIS, URIS2 } from "fp-ts/HKT"
import type { Foldable1 } from "fp-ts/lib/Foldable.js"
import type { Functor1 } from "fp-ts/lib/Functor.js"
import type { Traversable1 } from "fp-ts/lib/Traversable.js"
import type { RawTensor } from "../core/tensor.ts"
import { flatten, type TreeSpec, unflatten } from "../core/tree.ts"

/** A tree with leaves of one type A: its structure, and its leaves in order. */
export interface Leaves<A> {
  readonly spec: TreeSpec
  readonly leaves: readonly A[]
}
declare module "fp-ts/HKT" {
  interface URItoKind<A> {
    readonly "adjoint/Leaves": Leaves<A>
  }
}
export type URI = "adjoint/Leaves"
export const URI = "adjoint/Leaves"

/** A tree of tensors as a container. */
export const leavesOf = (tree: unknown): Leaves<RawTensor> => flatten(tree)
/** The tree again, with whatever the leaves now are. */
export const treeOf = <A>({ spec, leaves }: Leaves<A>): unknown => unflatten(spec, leaves)

const map = <A, B>(fa: Leaves<A>, f: (a: A) => B): Leaves<B> => ({ spec: fa.spec, leaves: fa.leaves.map(f) })
function traverse<F extends URIS2>(
  F: Applicative2<F>,
): <A, E, B>(ta: Leaves<A>, f: (a: A) => Kind2<F, E, B>) => Kind2<F, E, Leaves<B>>
function traverse<F extends URIS>(F: Applicative1<F>): <A, B>(ta: Leaves<A>, f: (a: A) => Kind<F, B>) => Kind<F, Leaves<B>>
function traverse<F>(F: Applicative<F>): <A, B>(ta: Leaves<A>, f: (a: A) => HKT<F, B>) => HKT<F, Leaves<B>>
function traverse<F>(F: Applicative<F>): <A, B>(ta: Leaves<A>, f: (a: A) => HKT<F, B>) => HKT<F, Leaves<B>> {
  return (ta, f) => F.map(ReadonlyArray.traverse(F)(f)(ta.leaves), (leaves) => ({ spec: ta.spec, leaves }))
}
export const Functor: Functor1<URI> = { URI, map }
export const Foldable: Foldable1<URI> = {
  URI,
  reduce: (fa, b, f) => fa.leaves.reduce(f, b),
  foldMap: (M) => (fa, f) => fa.leaves.reduce((acc, a) => M.concat(acc, f(a)), M.empty),
  reduceRight: (fa, b, f) => fa.leaves.reduceRight((acc, a) => f(a, acc), b),
}
export const Traversable: Traversable1<URI> = {
  ...Functor,
  ...Foldable,
  traverse,
  sequence: <F>(F: Applicative<F>) => {
    const all = traverse(F)
    return <A>(ta: Leaves<HKT<F, A>>): HKT<F, Leaves<A>> => all(ta, (a) => a)
  },
}
