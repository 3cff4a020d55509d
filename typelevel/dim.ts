// A dimension is a literal (`32`), a name (`"batch"`), an expression over names (`"2*b"`, symbolic.ts) or unknown (`number`).
// Checking is gradual: an unknown dimension passes every rule and is checked at run time, in the same words. A name is equal to
// itself alone, expressions are equal if they are for all sizes.
import type { Alike } from "./symbolic.ts"

export type Dim = number | string

/** Is the dimension known, as a literal or as a name? */
export type Known<D> = number extends D ? false : string extends D ? false : true

/** Can the two be one size? */
export type Fits<A, B> =
  A extends B ? true : B extends A ? true : number extends A | B ? true : string extends A | B ? true : Alike<A & Dim, B & Dim>

/** The better known of two dimensions that fit. */
export type Meet<A, B> = Known<A> extends true ? A : B

export type ShowDim<D> = number extends D ? "?" : string extends D ? "?" : `${D & Dim}`
