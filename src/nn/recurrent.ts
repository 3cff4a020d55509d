// A cell of one's own along an axis of time.
import type { Dim } from "../../typelevel/dim.ts"
import type { AnyRule, Apply, CountOf, Rule, ShowSpec } from "../../typelevel/network.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { Shape } from "../../typelevel/shape.ts"
import { listIn, optionsIn } from "../core/given.ts"
import { refuse } from "../core/errors.ts"
import { same } from "../core/shape.ts"
import type { RawTensor, Tensor } from "../core/tensor.ts"
import { leafPlan, within } from "./arrow.ts"
import { type Own, own } from "./combinators.ts"
import { type DTypeIn, type Floating, type Layer, layerOf, positive, rankOfAtLeast } from "./layer.ts"
import { type AnySpec, floats, isList, lastSize, listOf, showSpec, type Spec } from "./spec.ts"
import {
  alongTime,
  type Carry,
  type RecurrentOptions,
  recurrentOptions,
  type Sequences,
  type Steps,
  switches,
  zerosLike,
} from "./time.ts"

export interface CellOptions extends RecurrentOptions {
  /** The width of each carry, which begins as zeros: [32], or [32, 32] for two. */
  readonly carry: readonly [number, ...number[]]
}
export interface CellRule<F extends AnyRule, O extends CellOptions> extends Rule {
  readonly Kind: "recurrent"
  readonly Needs: F["Needs"]
  readonly Out: Floating<"recurrent", this["In"], Around<F, O, this["In"]>>
  readonly Params: Own<F, Apply<F, CellIn<this["In"], O["carry"]>, "Params">>
  readonly State: {}
  readonly Count: CountOf<F, CellIn<this["In"], O["carry"]>>
}
type Around<F extends AnyRule, O extends CellOptions, X> =
  Steps<"recurrent", X, O["carry"][0], Sequences<O>> extends infer Y
    ? Y extends string
      ? Y
      : Carried<Apply<F, CellIn<X, O["carry"]>, "Out">, Carries<X, O["carry"]>, Apply<F, CellIn<X, O["carry"]>, "State">, Y>
    : never
/** What the cell gets at each step: a row of x, and the carries. */
type CellIn<X, C extends readonly number[]> = X extends TensorLike
  ? X["shape"] extends readonly [...infer B extends Shape, Dim, infer N extends Dim]
    ? [Tensor<[...B, N], DTypeIn<X>>, ...Carries<X, C>]
    : never
  : never
type Carries<X, C extends readonly number[], Acc extends readonly unknown[] = []> = X extends TensorLike
  ? X["shape"] extends readonly [...infer B extends Shape, Dim, Dim]
    ? C extends readonly [infer U extends number, ...infer R extends readonly number[]]
      ? Carries<X, R, [...Acc, Tensor<[...B, U], DTypeIn<X>>]>
      : Acc
    : never
  : never
/** The carries must come out as they went in: one as a tensor, several as a list. */
type Carried<Out, C extends readonly unknown[], State, Y> = Out extends string
  ? `recurrent > ${Out}`
  : {} extends State
    ? Out extends (C extends readonly [infer One] ? One : C)
      ? Y
      : changed<C, Out>
    : withState
type changed<C, Out> = `recurrent: the cell maps a carry of ${ShowSpec<C>} to ${ShowSpec<Out>}; a carry keeps its shape`
type withState = "recurrent: the cell has state (running statistics), which steps cannot share; use layers without state"

const alike = (a: AnySpec, b: AnySpec): boolean =>
  isList(a) === isList(b) &&
  listOf(a).length === listOf(b).length &&
  listOf(a).every((s, k) => same(s.shape, listOf(b)[k]!.shape) && s.dtype === listOf(b)[k]!.dtype)
/**
 * A cell of one's own along time, [..., time, n] to [..., units]: a layer from [x, carry] to the carry of the next step (or from [x,
 * carry, carry] to the list of both).
 *
 * What comes out is the first carry. Parameters: those of the cell, one set for all steps. Refuses carries that change their shape,
 * and cells with state.
 * @example Net.recurrent(Net.sequential(Net.join, Net.dense(16), Net.tanh), { carry: [16] })
 */
export const recurrent = <F extends AnyRule, const O extends CellOptions>(cell: Layer<F>, options: O): Layer<CellRule<F, O>> => {
  const body = own("recurrent", cell)
  const { carry, ...rest } = optionsIn<CellOptions>("recurrent", options, ["carry", ...recurrentOptions])
  const steps = switches("recurrent", rest)
  const widths = listIn<number>("recurrent", "carry", carry).map((n) => positive("recurrent", "carry", n))
  return layerOf<CellRule<F, O>>("recurrent", {
    plan: (s) => {
      floats("recurrent", s)
      rankOfAtLeast("recurrent", 2, s)
      lastSize("recurrent", s)
      const lead = s.shape.slice(0, -2)
      const carries: Spec[] = widths.map((n) => ({ shape: [...lead, n], dtype: s.dtype }))
      const p = within("recurrent > ", () => body.plan([{ shape: [...lead, s.shape.at(-1)!], dtype: s.dtype }, ...carries]))
      if (Object.keys(p.state).length > 0)
        refuse("recurrent: the cell has state (running statistics), which steps cannot share; use layers without state")
      if (!alike(carries.length === 1 ? carries[0]! : carries, p.out))
        refuse(`recurrent: the cell maps a carry of ${showSpec(carries)} to ${showSpec(p.out)}; a carry keeps its shape`)
      return leafPlan({ shape: [...(steps.returnSequences ? s.shape.slice(0, -1) : lead), widths[0]!], dtype: s.dtype }, p.params)
    },
    apply: (env, x) => {
      const start = widths.map((n) => zerosLike(x, n))
      const step = (carry: Carry, row: RawTensor): Carry => {
        const { y } = body.apply(env, [row, ...carry] as unknown as RawTensor)
        return Array.isArray(y) ? y : [y]
      }
      return { y: alongTime(x, start, step, steps), state: {} }
    },
  })
}
