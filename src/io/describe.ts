// Descriptions of trees: a text for each tensor, "f32[3, 3, 1, 32]". typegen writes one beside the type, and a file is checked against it.
import type { Show } from "../../typelevel/shape.ts"
import type { DType } from "../core/dtype.ts"
import { show } from "../core/shape.ts"
import type { Tensor } from "../core/tensor.ts"
import type { Entry } from "./header.ts"

/** The description of a tree of type T. A text of sizes that T leaves open is not checked by the compiler. */
export type Described<T> =
  T extends Tensor<infer S, infer D>
    ? `${D}${Show<S>}` extends infer M extends string
      ? M extends `${string}?${string}`
        ? string
        : M
      : never
    : { readonly [K in keyof T]: Described<T[K]> }

export const textOf = (t: { readonly dtype: DType; readonly shape: readonly number[] }): string => `${t.dtype}${show(t.shape)}`
/** What an entry of a file is read as. */
export const readAs = (e: Entry): string => textOf({ dtype: e.type.dtype, shape: e.shape })
