// What goes into a layer before anything runs: a shape over sizes and names, and a dtype. The run-time twin of
// typelevel/pattern.ts.
import type { Dim } from "../../typelevel/dim.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { type DType, isFloat } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { doesNotFit, needsFloat, needsRank, wrongDType } from "../core/messages.ts"
import { show } from "../core/shape.ts"
import type { Tensor } from "../core/tensor.ts"
import { type Bindings, replaced, unbound, unify } from "../core/unify.ts"

/** A name stands for any size; the name `?` for one that is not known before the program runs. */
export type Spec = TensorLike
/** One tensor, or a list of them. */
export type AnySpec = Spec | readonly Spec[]
/** What a user writes for a spec: a shape alone means f32. */
export type Written = Shape | TensorLike
export { fits, UNKNOWN } from "../core/dims.ts"

export type SpecOf<I> = I extends TensorLike
  ? Tensor<[...I["shape"]], I["dtype"]>
  : I extends Shape
    ? Tensor<[...I]>
    : { readonly [K in keyof I]: SpecOf<I[K]> }
const oneOf = (given: Written): Spec =>
  "dtype" in given ? { shape: given.shape, dtype: given.dtype } : { shape: given, dtype: "f32" }
const isWritten = (given: Written | readonly Written[]): given is Written =>
  "dtype" in given || given.length === 0 || typeof given[0] !== "object"
export const specOf = (given: Written | readonly Written[]): AnySpec => (isWritten(given) ? oneOf(given) : given.map(oneOf))
export const isList = (s: AnySpec): s is readonly Spec[] => Array.isArray(s)
export const listOf = (s: AnySpec): readonly Spec[] => (isList(s) ? s : [s])
/** `[batch, 28]`, `[batch, 28] i32`, `[b, t], [b, t] bool`. */
export const showSpec = (s: AnySpec): string =>
  listOf(s)
    .map((t) => (t.dtype === "f32" ? show(t.shape) : `${show(t.shape)} ${t.dtype}`))
    .join(", ")
export const needsTensors = (op: string, n: number, got: number): string =>
  n === 1
    ? `${op}: needs 1 tensor, got ${got}; give one; Net.select takes it out of a list`
    : `${op}: needs ${n} tensors, got ${got}; give a list of ${n}`
/** One tensor, or the sentence. */
export function single(op: string, s: AnySpec): asserts s is Spec {
  if (isList(s)) refuse(needsTensors(op, 1, s.length))
}

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

/** What names stand for, and "..." at the front. */
export interface Matched extends Bindings {
  readonly lead: Shape
}
const nothing: Matched = { ...unbound, lead: [] }

/** What the names of a pattern are in a shape, or the sentence. */
export const match = (op: string, pattern: Shape, shape: Shape, earlier: Matched = nothing): Matched => {
  if (pattern[0] !== "...") return { ...unify(op, pattern, shape, earlier), lead: earlier.lead }
  const lead = shape.length - pattern.length + 1
  if (lead < 0) refuse(doesNotFit(op, shape, pattern, "the rank is too small"))
  return { ...unify(op, pattern.slice(1), shape.slice(lead), earlier, [shape, pattern]), lead: shape.slice(0, lead) }
}
/** The same for a tensor or a list of tensors, dtypes included. */
export const matchAll = (op: string, pattern: AnySpec, given: AnySpec): Matched => {
  const [want, got] = [listOf(pattern), listOf(given)]
  if (want.length !== got.length || isList(pattern) !== isList(given)) refuse(needsTensors(op, want.length, got.length))
  return want.reduce<Matched>((names, w, k) => {
    if (got[k]!.dtype !== w.dtype) refuse(wrongDType(op, got[k]!.dtype, w.dtype))
    return match(op, w.shape, got[k]!.shape, names)
  }, nothing)
}
/** A pattern with its names replaced. */
export const fill = (pattern: Shape, { names, lead }: Matched): Dim[] =>
  pattern.flatMap((d) => (d === "..." ? lead : replaced(d, names)))
/** One floating-point tensor, or the sentence. */
export function floats(op: string, s: AnySpec): asserts s is Spec {
  single(op, s)
  if (!isFloat(s.dtype)) refuse(needsFloat(op, s.dtype))
}
/** The size of the last axis, or the sentence. */
export const lastSize = (op: string, s: Spec): number => {
  const n = s.shape.at(-1)
  if (n === undefined) return refuse(needsRank(op, "1 or more", s.shape))
  return typeof n === "number" ? n : refuse(`${op}: the last dimension of ${show(s.shape)} is a name; parameters need a size`)
}
