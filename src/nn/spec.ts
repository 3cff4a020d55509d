// What goes into a layer before anything runs: a shape over sizes and names, and a dtype. The run-time twin of
// typelevel/pattern.ts.
import type { Dim } from "../../typelevel/dim.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type DType, isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { doesNotFit, needsFloat, wrongDType } from "../core/messages.ts"
import { show } from "../core/shape.ts"
import type { Tensor } from "../core/tensor.ts"

/** A name stands for any size; the name `?` for one that is not known before the program runs. */
export type Spec = TensorLike
export const UNKNOWN = "?"

/** A shape alone means f32. */
export type SpecOf<I> = I extends TensorLike ? Tensor<[...I["shape"]], I["dtype"]> : I extends Shape ? Tensor<[...I]> : never
export const specOf = (given: Shape | TensorLike): Spec =>
  "dtype" in given ? { shape: given.shape, dtype: given.dtype } : { shape: given, dtype: "f32" }

/**
 * The input of a network, with its dtype.
 *
 * Any shape over sizes and names; default dtype f32.
 * @example Net.network(Net.input(["batch", "time"], "i32"), Net.embedding(1000, 64))
 */
export const input = <const S extends Shape, const D extends DType = "f32">(
  shape: readonly [...S],
  dtype?: D,
): TensorLike<[...S], D> => ({
  shape: shape as unknown as [...S],
  dtype: dtype ?? ("f32" as D),
})

/** What names stand for; "..." stands for several axes. */
export type Bindings = ReadonlyMap<string, Dim | readonly Dim[]>
const known = (d: Dim): boolean => d !== UNKNOWN
const fits = (a: Dim, b: Dim): boolean => a === b || !known(a) || !known(b)

/** What the names of a pattern are in a shape, or the sentence. */
export const match = (op: string, pattern: Shape, shape: Shape): Bindings => {
  const open = pattern[0] === "..."
  const lead = open ? shape.length - pattern.length + 1 : 0
  const from = open ? 1 : 0
  const seen = new Map<string, Dim | readonly Dim[]>()
  if (open) seen.set("...", shape.slice(0, lead))
  const misfit = (why: string): never => refuse(doesNotFit(op, shape, pattern, why))
  if (lead < 0) misfit("the rank is too small")
  pattern.slice(from).forEach((want, k) => {
    const got = shape[lead + k]
    if (got === undefined) return misfit("the rank is too small")
    const before = typeof want === "string" ? (seen.get(want) as Dim | undefined) : want
    if (before === undefined) seen.set(want as string, got)
    else if (!fits(before, got))
      misfit(typeof want === "string" ? `${want} is ${before} on an earlier axis and ${got} here` : `${got} is not ${want}`)
    else if (typeof want === "string" && !known(before)) seen.set(want, got)
  })
  if (shape.length - lead > pattern.length - from) misfit("the rank is too large")
  return seen
}
/** A pattern with its names replaced. */
export const fill = (pattern: Shape, names: Bindings): Dim[] =>
  pattern.flatMap((d) => (typeof d === "string" ? (names.get(d) ?? UNKNOWN) : d))
export const floats = (op: string, s: Spec): void => {
  if (!isFloat(s.dtype)) refuse(needsFloat(op, s.dtype))
}
export const wants = (op: string, s: Spec, dtype: DType): void => {
  if (s.dtype !== dtype) refuse(wrongDType(op, s.dtype, dtype))
}
/** The size of the last axis, or the sentence. */
export const lastSize = (op: string, s: Spec): number => {
  const n = s.shape.at(-1)
  if (n === undefined) return refuse(`${op}: needs rank 1 or more, got ${show(s.shape)}`)
  return typeof n === "number" ? n : refuse(`${op}: the last dimension of ${show(s.shape)} is a name; parameters need a size`)
}
