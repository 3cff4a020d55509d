// The category of arrows: layers between specs, composed one after the other. `Net.sequential` and `Net.network` are this
// composition.
import type { Category2 } from "fp-ts/lib/Category.js"
import { type Arrow, compose, identity } from "./arrow.ts"
import type { AnyNetwork, InputOf, OutputOf } from "./network.ts"

/** An arrow from inputs of type A to outputs of type B: its plan and its application. */
export interface Stage<in out A, out B> extends Arrow {
  /** Types alone. */
  readonly types?: { readonly from: (a: A) => A; readonly to: B }
}
declare module "fp-ts/HKT" {
  interface URItoKind2<E, A> {
    readonly "adjoint/Stage": Stage<E, A>
  }
}
export type URI = "adjoint/Stage"
export const URI = "adjoint/Stage"

/** Laws hold up to what arrows do: equal plans, equal results. */
export const category: Category2<URI> = {
  URI,
  id: () => identity,
  compose: (bc, ab) => compose(bc, ab),
}
/** A network as an arrow of the category. */
export const stageOf = <N extends AnyNetwork>(net: N): Stage<InputOf<N>, OutputOf<N>> => net.arrow
