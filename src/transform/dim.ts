// The namespace `Dim`: arithmetic on the dimensions that a shaped function or a layer hands to its body. At run time they are numbers;
// to the compiler they are names, and the results expressions over them (typelevel/symbolic.ts).
import type { Dim, ShowDim } from "../../typelevel/dim.ts"
import type { Minus, Multiple, Over, Plus, Times } from "../../typelevel/symbolic.ts"
import * as dims from "../core/dims.ts"
import { refuse } from "../core/errors.ts"

/** B, or the sentence where R could not be computed. */
type Unless<R, B, Sentence> = [R] extends [never] ? Sentence : B
type notMultiple<A, B> = `Dim.over: ${ShowDim<A>} is not known to be a multiple of ${ShowDim<B>}; declare it: Dim.multiple`
type negative<A, B> = `Dim.minus: ${ShowDim<A>} - ${ShowDim<B>} is negative; a size is not`

/** a + b. @example Dim.plus(t, 1) // "t+1" */
export const plus = <const A extends Dim, const B extends Dim>(a: A, b: B): Plus<A, B> => dims.plus(a, b) as Plus<A, B>
/** a - b. Refuses what is negative. @example Dim.minus(t, 1) // "t-1" */
export const minus = <const A extends Dim, const B extends Dim>(a: A, b: Unless<Minus<A, B>, B, negative<A, B>>): Minus<A, B> => {
  const d = dims.minus(a, b as Dim)
  if (typeof d === "number" && d < 0) refuse(`Dim.minus: ${a} - ${b} is negative; a size is not`)
  return d as Minus<A, B>
}
/** a * b. @example Dim.times(h, d) // "d*h" */
export const times = <const A extends Dim, const B extends Dim>(a: A, b: B): Times<A, B> => dims.times(a, b) as Times<A, B>
/**
 * a / b, exactly. Refuses what is not known to be a multiple: literals by division, names by declaration.
 * @example Dim.over(d, h) // "d/h", where d is declared as Dim.multiple("d", "h")
 */
export const over = <const A extends Dim, const B extends Dim>(a: A, b: Unless<Over<A, B>, B, notMultiple<A, B>>): Over<A, B> =>
  (dims.over(a, b as Dim) ?? refuse(`Dim.over: ${a} is not known to be a multiple of ${b}; declare it: Dim.multiple`)) as Over<
    A,
    B
  >
/**
 * The dimension d, declared as a multiple of m (a name or a size): calls check it, and in the body m divides it.
 * @example
 * shaped([["b", "t", Dim.multiple("d", "h")], ["h"]], (x, _, { b, t, d, h }) => T.reshape(x, [b, t, h, Dim.over(d, h)]))
 */
export const multiple = <const D extends string, const M extends Dim>(d: D, m: M): Multiple<D, M> =>
  dims.times(m, `(${d}/${m})`) as Multiple<D, M>
