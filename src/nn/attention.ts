import type { Dim } from "../../typelevel/dim.ts"
import type { DType } from "../../typelevel/dtype.ts"
import type { dtypesDiffer, needsFloat, needsRank, wrongDType } from "../../typelevel/messages.ts"
import type { Rule } from "../../typelevel/network.ts"
import type { Fault, Option, TensorLike } from "../../typelevel/rule.ts"
import type { Rankless, SameSizes, Shape } from "../../typelevel/shape.ts"
import type { Over, Plus, Times } from "../../typelevel/symbolic.ts"
import { flagIn, optionsIn, wordIn } from "../core/given.ts"
import { over } from "../core/dims.ts"
import { refuse } from "../core/errors.ts"
import * as say from "../core/messages.ts"
import { type RawTensor, raw } from "../core/tensor.ts"
import { attend } from "../ops/_attention.ts"
import { type Broadcasts, type InOptions, leadingDiffer, maskMisfit, notAmong, notDivisible } from "../ops/_attentionRule.ts"
import { add } from "../ops/add.ts"
import { matmul } from "../ops/matmul.ts"
import { reshape } from "../ops/reshape.ts"
import { split } from "../ops/split.ts"
import { type Env, leafPlan, type Slots, type Tree } from "./arrow.ts"
import type { Affine } from "./dense.ts"
import { checkRate, dropped, type Rate } from "./dropout.ts"
import { glorotUniform, type Initialiser, zeros } from "./initialisers.ts"
import {
  type DTypeIn,
  type LastSize,
  type Layer,
  layerOf,
  type Positive,
  positive,
  rankOfAtLeast,
  initialiserIn,
} from "./layer.ts"
import type { NoOption } from "./options.ts"
import { type AnySpec, fits, floats, isList, lastSize, listOf, type Spec } from "./spec.ts"

const KIND = "multiHeadAttention"
type Kind = typeof KIND

export interface MultiHeadAttentionOptions {
  readonly heads: number
  /** Heads of key and value, which must divide the others; each serves several of the query. Default: as many. */
  readonly keyHeads?: number
  /** Features of a head; default: those of the input, divided by the number of heads. */
  readonly headSize?: number
  /** Each place sees itself and those before it. Default false. */
  readonly causal?: boolean
  /** The rate at which weights are dropped while training, which then needs Random. Default 0. */
  readonly dropout?: number
  /** One kernel for query, key and value: an entry `qkv`. Only where all three come from one input. */
  readonly fused?: true
  /** Only `false` may be said: there are biases unless they are left out. */
  readonly bias?: false
  /** Default Init.glorotUniform. */
  readonly kernelInit?: Initialiser
}

const optionNames = ["heads", "keyHeads", "headSize", "causal", "dropout", "fused", "bias", "kernelInit"] as const

// ---- type rule -----------------------------------------------------------------------------------------------------
/** What is wrong with the options themselves, or `[]`. */
type Checked<O extends MultiHeadAttentionOptions> = [NoOption<Kind, O, typeof optionNames>] extends [never]
  ? CheckedNumbers<O>
  : Fault<Exclude<keyof O, (typeof optionNames)[number]> & string, NoOption<Kind, O, typeof optionNames>>
type CheckedNumbers<O extends MultiHeadAttentionOptions> =
  Positive<Kind, "heads", O["heads"]> extends infer M extends string
    ? Fault<"heads", M>
    : Positive<Kind, "keyHeads", Option<O, "keyHeads", 1, number> & number> extends infer M extends string
      ? Fault<"keyHeads", M>
      : Positive<Kind, "headSize", Option<O, "headSize", 1, number> & number> extends infer M extends string
        ? Fault<"headSize", M>
        : [Over<O["heads"], KeyHeads<O>>] extends [never]
          ? Fault<"keyHeads", notAmong<Kind, O["heads"], KeyHeads<O>>>
          : Rate<Kind, Option<O, "dropout", 0, number> & number> extends infer M extends string
            ? Fault<"dropout", M>
            : []
type KeyHeads<O extends MultiHeadAttentionOptions> = Option<O, "keyHeads", O["heads"], number> & number

/** Where query, key and value come from, and the mask. */
type Parsed<X> = X extends TensorLike
  ? { x: X; memory: null; mask: null }
  : X extends readonly [infer A, infer B]
    ? B extends TensorLike<Shape, "bool">
      ? { x: A; memory: null; mask: B }
      : { x: A; memory: B; mask: null }
    : X extends readonly [infer A, infer B, infer M]
      ? { x: A; memory: B; mask: M }
      : null
type wrongInputs<X> =
  `multiHeadAttention: needs a tensor, or [x, mask], [x, memory] or [x, memory, mask], got ${X extends readonly unknown[] ? X["length"] : "something else"} tensors; give one of these`
const wrongInputs = (n: number): string =>
  `multiHeadAttention: needs a tensor, or [x, mask], [x, memory] or [x, memory, mask], got ${n} tensors; give one of these`
type fusedMemory = "multiHeadAttention: fused projections are of one input; leave fused out where there is a memory"
const fusedMemory = "multiHeadAttention: fused projections are of one input; leave fused out where there is a memory"

/** The number of features of a sequence, or the sentence. */
type Features<X> = X extends TensorLike
  ? [X["dtype"] & ("f32" | "f64")] extends [never]
    ? needsFloat<Kind, X["dtype"]>
    : X["shape"] extends readonly [...Shape, Dim, Dim]
      ? LastSize<Kind, X["shape"]>
      : Rankless<X["shape"]> extends true
        ? number
        : needsRank<Kind, "2 or more", X["shape"]>
  : never
/** Features of a head; `never` where they are no whole number. */
type Size<N extends Dim, O extends MultiHeadAttentionOptions> = O extends { readonly headSize: infer C extends number }
  ? C
  : Over<N, O["heads"]>

type Outcome<X, O extends MultiHeadAttentionOptions> =
  Parsed<X> extends infer P
    ? P extends { x: infer A extends TensorLike; memory: infer B; mask: infer M }
      ? Features<A> extends infer N
        ? N extends Dim
          ? N extends string
            ? N
            : [Size<N, O>] extends [never]
              ? indivisible<N, O["heads"]>
              : Remembered<A, B, O> extends infer E extends string
                ? E
                : Masked<A, B, M, O>
          : never
        : never
      : wrongInputs<X>
    : never
type indivisible<N, H> = `${notDivisible<Kind, N, H>}; give headSize`
type Remembered<A extends TensorLike, B, O> = B extends TensorLike
  ? O extends { readonly fused: true }
    ? fusedMemory
    : Features<B> extends infer E extends string
      ? E
      : [A["dtype"] & B["dtype"]] extends [never]
        ? dtypesDiffer<Kind, A["dtype"], B["dtype"]>
        : SameSizes<Lead<B["shape"]>, Lead<A["shape"]>> extends false
          ? leadingDiffer<Kind, A["shape"], B["shape"]>
          : []
  : []
type Lead<S extends Shape> = S extends readonly [...infer L extends Shape, Dim, Dim] ? L : Shape
type Time<S extends Shape> = S extends readonly [...Shape, infer T extends Dim, Dim] ? T : number
type Masked<A extends TensorLike, B, M, O extends MultiHeadAttentionOptions> = M extends TensorLike
  ? [M["dtype"] & "bool"] extends [never]
    ? wrongDType<Kind, M["dtype"], "bool">
    : Scores<A["shape"], B extends TensorLike ? B["shape"] : A["shape"], O["heads"]> extends infer W extends Shape
      ? Broadcasts<M["shape"], W> extends false
        ? maskMisfit<Kind, M["shape"], W>
        : A
      : never
  : A
type Scores<S extends Shape, K extends Shape, H extends Dim> =
  Rankless<S> extends true ? Shape : [...Lead<S>, H, Time<S>, Time<K>]

type Kernels<X, O extends MultiHeadAttentionOptions> =
  Parsed<X> extends { x: infer A; memory: infer B }
    ? [Features<A>, Features<B extends null ? A : B>] extends [infer N extends number, infer K extends number]
      ? Size<N, O> extends infer C extends number
        ? Projections<N, K, O["heads"], KeyHeads<O>, C, DTypeIn<A> & ("f32" | "f64"), O>
        : never
      : never
    : never
type Projections<
  N extends number,
  K extends number,
  H extends number,
  G extends number,
  C extends number,
  D extends "f32" | "f64",
  O,
> = [Times<H, C>, Times<G, C>, Option<O, "bias", true, true>] extends [infer Q extends number, infer V extends number, infer Bias]
  ? O extends { readonly fused: true }
    ? Plus<Q, Plus<V, V>> extends infer W extends number
      ? { qkv: Affine<[N, W], W, D, Bias>; out: Affine<[Q, N], N, D, Bias> }
      : never
    : {
        query: Affine<[N, Q], Q, D, Bias>
        key: Affine<[K, V], V, D, Bias>
        value: Affine<[K, V], V, D, Bias>
        out: Affine<[Q, N], N, D, Bias>
      }
  : never

export interface MultiHeadAttentionRule<O extends MultiHeadAttentionOptions> extends Rule {
  readonly Kind: Kind
  readonly Out: this["In"] extends infer X ? Outcome<X, O> : never
  readonly Params: this["In"] extends infer X ? Kernels<X, O> : never
  readonly State: {}
  readonly Needs: O extends { readonly dropout: number } ? "Random" : never
}

// ---- run time ------------------------------------------------------------------------------------------------------
interface Inputs<T extends Spec> {
  readonly x: T
  readonly memory: T
  readonly mask: T | undefined
}
/** What comes in, in its parts, and the features of x and of the memory; or the sentence. */
const inputsOf = <T extends Spec>(
  given: readonly T[],
  { heads, headSize, fused }: MultiHeadAttentionOptions,
): Inputs<T> & { readonly features: number; readonly remembered: number; readonly size: number } => {
  if (given.length < 1 || given.length > 3) refuse(wrongInputs(given.length))
  const masked = given.length === 3 || given[1]?.dtype === "bool"
  const mask = masked ? given.at(-1) : undefined
  const x = given[0]!
  const memory = given.length - (masked ? 1 : 0) === 2 ? given[1]! : x
  const features = featuresOf(x)
  const size = headSize ?? over(features, heads)
  if (size === undefined) return refuse(`${notDivisible(KIND, features, heads)}; give headSize`)
  if (memory !== x && fused) refuse(fusedMemory)
  const remembered = featuresOf(memory)
  if (memory.dtype !== x.dtype) refuse(say.dtypesDiffer(KIND, x.dtype, memory.dtype))
  const lead = x.shape.slice(0, -2)
  const other = memory.shape.slice(0, -2)
  if (lead.length !== other.length || !lead.every((d, k) => fits(d, other[k]!)))
    refuse(leadingDiffer(KIND, x.shape, memory.shape))
  if (mask) {
    if (mask.dtype !== "bool") refuse(say.wrongDType(KIND, mask.dtype, "bool"))
    const scores = [...lead, heads, x.shape.at(-2)!, memory.shape.at(-2)!]
    const beside = scores.slice(scores.length - mask.shape.length)
    if (mask.shape.length > scores.length || !mask.shape.every((d, k) => d === 1 || fits(d, beside[k]!)))
      refuse(maskMisfit(KIND, mask.shape, scores))
  }
  return { x, memory, mask, features, remembered, size: size as number }
}
const featuresOf = (s: Spec): number => {
  floats(KIND, s)
  rankOfAtLeast(KIND, 2, s)
  return lastSize(KIND, s)
}

const affine = (params: Tree, key: string, x: RawTensor): RawTensor => {
  const { kernel, bias } = params[key] as { readonly kernel: RawTensor; readonly bias?: RawTensor }
  const y = raw(matmul(x, kernel))
  return bias ? raw(add(y, bias)) : y
}
/**
 * Attention of a sequence to itself, or to a memory: [..., time, n] to [..., time, n]. Several heads, each with projections of its own.
 *
 * Input: x; or a list, [x, mask], [x, memory] or [x, memory, mask], where the memory [..., s, m] gives keys and values and the mask is
 * bool and broadcasts to [..., heads, time, s]. Parameters: query, key, value and out, each with kernel and bias, heads side by side in
 * the kernels' columns (out: rows); `fused`: qkv and out. Floats. Refuses features that the heads do not divide, leading axes that
 * differ, and masks that do not broadcast. Vaswani et al. 2017.
 * @example Net.residual(Net.sequential(Net.layerNorm(), Net.multiHeadAttention({ heads: 12, causal: true })))
 */
export const multiHeadAttention = <const O extends MultiHeadAttentionOptions>(
  options: InOptions<Checked<O>, O>,
): Layer<MultiHeadAttentionRule<O>> => {
  const given = optionsIn<MultiHeadAttentionOptions>(KIND, options, optionNames) as MultiHeadAttentionOptions
  const heads = positive(KIND, "heads", given.heads)
  const groups = positive(KIND, "keyHeads", given.keyHeads ?? heads)
  if (given.headSize !== undefined) positive(KIND, "headSize", given.headSize)
  if (heads % groups !== 0) refuse(notAmong(KIND, heads, groups))
  const rate = checkRate(KIND, given.dropout ?? 0)
  const [causal, fused] = [flagIn(KIND, "causal", given.causal), flagIn(KIND, "fused", given.fused)]
  const kernelInit = initialiserIn(KIND, "kernelInit", given.kernelInit, glorotUniform)
  const bias = given.bias === undefined || wordIn(KIND, "bias", given.bias, [true, false] as const)

  const slots = (from: number, to: number, dtype: DType): Slots => ({
    kernel: { shape: [from, to], dtype, init: kernelInit },
    ...(!bias ? {} : { bias: { shape: [to], dtype, init: zeros } }),
  })
  const plan = (s: AnySpec) => {
    const { x, features, remembered, size } = inputsOf(listOf(s), given)
    const [q, v] = [heads * size, groups * size]
    const inner: Slots = fused
      ? { qkv: slots(features, q + 2 * v, x.dtype) }
      : { query: slots(features, q, x.dtype), key: slots(remembered, v, x.dtype), value: slots(remembered, v, x.dtype) }
    return leafPlan(x, { ...inner, out: slots(q, features, x.dtype) })
  }
  const apply = (env: Env, input: RawTensor | readonly RawTensor[]) => {
    const list = isList(input) ? (input as readonly RawTensor[]) : [input as RawTensor]
    const { x, memory, mask, size } = inputsOf(list, given)
    const of = (t: RawTensor, n: number): RawTensor => raw(reshape(t, [...t.shape.slice(0, -1), n, size]))
    const [q, v] = [heads * size, groups * size]
    const projected = fused
      ? (split(affine(env.params, "qkv", x), [q, v, v], -1) as readonly RawTensor[])
      : [affine(env.params, "query", x), affine(env.params, "key", memory), affine(env.params, "value", memory)]
    const parts = projected.map((t, k) => of(t, k === 0 ? heads : groups))
    const y = attend(mask ? [...parts, mask] : parts, { causal, scale: 1 / Math.sqrt(size) }, (w) => dropped(w, rate, env))
    return { y: affine(env.params, "out", raw(reshape(y, [...x.shape.slice(0, -1), q]))), state: {} }
  }
  return layerOf<MultiHeadAttentionRule<O>>(KIND, { plan, apply })
}
