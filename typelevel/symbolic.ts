// Arithmetic on dimensions, literal, named or unknown. Rules that add, multiply or divide dimensions do it here, so that names
// survive where a normal form exists. The run-time twin is src/core/dims.ts.
import type { Dim } from "./dim.ts"
import type { Add, DivD, Mul, Num, Sub } from "./nat.ts"

/** A + B */
export type Plus<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Add<M, N> : number
/** A - B; `never` where B is known to be greater. */
export type Minus<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Sub<M, N> : number
/** A * B */
export type Times<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number] ? Mul<M, N> : number
/** A / B, exactly; `never` where A is not a multiple of B, or (names) is not known to be one. */
export type Over<A extends Dim, B extends Dim> =
  [A, B] extends [infer M extends number, infer N extends number]
    ? number extends M | N ? number
      : DivD<`${M}`, `${N}`> extends [infer Q extends string, infer R] ? (R extends "0" ? Num<Q> : never) : never
    : number
