// Layers of one's own: a shape over names, parameters over the same names, and a function. The body is checked once, as if the
// names were constants; the rule follows from what is written, so that no type needs to be spelled.
import type { Rule, SpecShape } from "../../typelevel/network.ts"
import type { Fill, MatchAll } from "../../typelevel/pattern.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import type { NamesOf } from "../../typelevel/symbolic.ts"
import type { DType } from "../core/dtype.ts"
import { refuse } from "../core/errors.ts"
import { same, show, size } from "../core/shape.ts"
import { isTensor, type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { reshape } from "../ops/reshape.ts"
import { type Env, keyMissing, leafPlan } from "./arrow.ts"
import { fold, type Key } from "../random/index.ts"
import type { Initialiser } from "./initialisers.ts"
import { type Layer, layerOf } from "./layer.ts"
import {
  type AnySpec,
  type Matched,
  fill,
  isList,
  listOf,
  matchAll,
  showSpec,
  type Spec,
  specOf,
  type SpecOf,
  UNKNOWN,
  type Written,
} from "./spec.ts"

/** A parameter of a layer of one's own: its shape over the names of the input, and how it begins. */
export interface Declared<S extends Shape = Shape, D extends DType = DType> extends TensorLike<S, D> {
  readonly init: Initialiser
}
/**
 * Declares a parameter: sizes, or names of the layer's input.
 * @example Net.param(["n"], Init.ones)
 */
export const param = <const S extends Shape, D extends "f32" | "f64" = "f32">(
  shape: readonly [...S],
  init: Initialiser,
  dtype?: D,
): Declared<[...S], NoInfer<D>> => ({
  shape: shape as unknown as [...S],
  dtype: dtype ?? ("f32" as D),
  init,
})
type Declarations = { readonly [name: string]: Declared }
type AsTensors<P> = { readonly [K in keyof P]: P[K] extends Declared<infer S, infer D> ? Tensor<S, D> : never }
type NamesIn<I> = I extends Written ? NamesOf<SpecShape<I>[number]> : { [K in keyof I]: NamesIn<I[K]> }[keyof I & number]

/** What the body is told beside its tensors. */
export interface Context<Names extends string, Needs> {
  /** The sizes that the names stand for, at the type level the names themselves. */
  readonly dims: { readonly [K in Names]: K }
  readonly train: boolean
  /** A key of this layer's own; undefined outside training. */
  readonly key: [Needs] extends [never] ? undefined : Key | undefined
}

// ---- rule ----------------------------------------------------------------------------------------------------------
export interface UserRule<K extends string, I, O, P, Needs extends string> extends Rule {
  readonly Kind: K
  readonly Needs: Needs
  readonly State: {}
  readonly Out: Fits<K, SpecOf<O>, P, MatchAll<K, SpecOf<I>, this["In"]>>
  readonly Params: Bound<P, MatchAll<K, SpecOf<I>, this["In"]>>
}
type Fits<K extends string, O, P, E> = E extends string
  ? E
  : Unsized<K, P, E> extends infer M
    ? [M] extends [never]
      ? Filled<O, E>
      : M
    : never
type Filled<O, E> = O extends TensorLike
  ? Tensor<Fill<O["shape"], E>, O["dtype"] & DType>
  : { readonly [K in keyof O]: O[K] extends TensorLike ? Tensor<Fill<O[K]["shape"], E>, O[K]["dtype"]> : never }
type Bound<P, E> = E extends string
  ? never
  : { -readonly [K in keyof P]: P[K] extends Declared<infer S, infer D> ? Tensor<Fill<S, E>, D> : never }
/** The sentence where a parameter would have a name for a size; never if none has. */
type Unsized<K extends string, P, E> =
  Names<P, E> extends infer D extends string ? ([D] extends [never] ? never : unsized<K, D>) : never
type Names<P, E> = {
  [N in keyof P]: P[N] extends TensorLike
    ? Fill<P[N]["shape"], E> extends infer S extends Shape
      ? Extract<S[number], string>
      : never
    : never
}[keyof P]
type unsized<K extends string, D extends string> = `${K}: parameters need sizes, and ${D} is a name`

// ---- layer ---------------------------------------------------------------------------------------------------------
export interface Definition<K extends string, I, O, P, Needs> {
  /** Its kind: the key in the trees, with an ordinal, and the beginning of its sentences. */
  readonly name: K
  /**
   * The shape of the input over names (f32), or Net.input(shape, dtype), or a list of these. A leading "..." stands for any axes,
   * which the body sees as one.
   */
  readonly in: I
  /** The shape of the output over the same names; default: that of the input. */
  readonly out?: O
  readonly params?: P
  /** "Random": the body gets a key while it trains. */
  readonly needs?: Needs
  /** Several outputs are returned as `[y, z] as const`. */
  readonly apply: (params: AsTensors<P>, x: SpecOf<I>, context: Context<NamesIn<I>, Needs>) => SpecOf<O>
}
/**
 * A layer of one's own.
 *
 * Its body is an ordinary function of tensors over the names of `in`; the compiler checks it once for all sizes, and infers
 * parameters and output from what is written. Refuses an input that does not match `in`, and parameters whose size is a name of
 * the network's input.
 * @example
 * const affine = Net.layer({
 *   name: "affine", in: ["...", "n"], params: { scale: Net.param(["n"], Init.ones) },
 *   apply: ({ scale }, x) => T.mul(x, scale),
 * })
 */
export const layer = <
  const K extends string,
  const I extends Written | readonly Written[],
  const O extends Written | readonly Written[] = I,
  const P extends Declarations = {},
  Needs extends "Random" = never,
>(
  definition: Definition<K, I, O, P, Needs>,
): Layer<UserRule<K, I, O, P, Needs>> => {
  const { name, params = {} as P, apply } = definition
  const input = specOf(definition.in)
  const output = specOf(definition.out ?? definition.in)
  const opens = (t: AnySpec): boolean => listOf(t).some((one) => one.shape[0] === "...")
  const open = opens(input)
  if (opens(output) !== open)
    refuse(`${name}: in is ${showSpec(input)}, out is ${showSpec(output)}; begin both with "...", or neither`)
  if (open && (isList(input) || isList(output)))
    refuse(`${name}: "..." is for one input and one output; name the axes of several`)
  return layerOf<UserRule<K, I, O, P, Needs>>(name, {
    plan: (s) => {
      const names = matchAll(name, input, s)
      const slots = Object.entries(params).map(([k, d]: [string, Declared]) => {
        const shape = fill(d.shape, names)
        const odd = shape.find((n) => typeof n === "string")
        if (odd !== undefined) refuse(`${name}: parameters need sizes, and ${odd} is ${odd === UNKNOWN ? "unknown" : "a name"}`)
        return [k, { shape: shape as number[], dtype: d.dtype, init: d.init }] as const
      })
      const filled = (t: Spec): Spec => ({ shape: fill(t.shape, names), dtype: t.dtype })
      return leafPlan(isList(output) ? output.map(filled) : filled(output), Object.fromEntries(slots))
    },
    apply: (env, x) => {
      const names = matchAll(name, input, x)
      const lead = names.lead as readonly number[]
      const folded = open ? raw(reshape(x, [size(lead), ...x.shape.slice(lead.length)])) : x
      const y = apply(
        env.params as never,
        folded as never,
        contextOf(names, open ? lead : undefined, definition.needs, env) as never,
      ) as unknown
      const given = Array.isArray(y) ? (y as readonly unknown[]) : [y]
      const one = { ...names, lead: [size(lead)] }
      const wanted = listOf(output).map((t) => ({ shape: fill(t.shape, one) as number[], dtype: t.dtype }))
      if (given.length !== wanted.length || Array.isArray(y) !== isList(output) || !given.every(isTensor))
        return refuse(
          `${name}: apply returned no ${isList(output) ? "list of tensors" : "tensor"}; return what out says, ${showSpec(output)}`,
        )
      wanted.forEach((w, k) => {
        const g = given[k] as RawTensor
        if (!same(g.shape, w.shape) || g.dtype !== w.dtype)
          refuse(`${name}: apply returned ${g.dtype}${show(g.shape)}, out says ${w.dtype}${show(w.shape)}`)
      })
      return { y: open ? raw(reshape(y as RawTensor, [...lead, ...wanted[0]!.shape.slice(1)])) : (y as RawTensor), state: {} }
    },
  })
}
const contextOf = ({ names }: Matched, lead: readonly number[] | undefined, needs: unknown, env: Env): unknown => {
  const dims = lead ? { ...names, "...": size(lead) } : names
  const key = needs === "Random" && env.train ? fold(env.key ?? refuse(keyMissing), env.path) : undefined
  return { dims, train: env.train, key }
}
