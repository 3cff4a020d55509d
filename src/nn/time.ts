// What layers along an axis of time share: the axis is the last but one, [..., time, features], and `scan` runs along it.
import type { Dim } from "../../typelevel/dim.ts"
import type { needsRank } from "../../typelevel/messages.ts"
import type { Option } from "../../typelevel/rule.ts"
import type { Rankless, Shape } from "../../typelevel/shape.ts"
import { flagIn } from "../core/given.ts"
import { type RawTensor, raw, type Tensor } from "../core/tensor.ts"
import { moveAxis } from "../ops/moveAxis.ts"
import { scan } from "../ops/scan.ts"
import { zeros } from "../ops/zeros.ts"
import type { DTypeIn, LastSize, ShapeIn } from "./layer.ts"

export interface RecurrentOptions {
  /** All outputs, [..., time, units], in place of the last, [..., units]. Default false. */
  readonly returnSequences?: boolean
  /** From the last step to the first; outputs stand where their inputs stood. Default false. */
  readonly reverse?: boolean
}
export const recurrentOptions = ["returnSequences", "reverse"] as const
/** Both switches. */
export const switches = (kind: string, o: RecurrentOptions): Required<RecurrentOptions> => ({
  returnSequences: flagIn(kind, "returnSequences", o.returnSequences),
  reverse: flagIn(kind, "reverse", o.reverse),
})
export type Sequences<O> = Option<O, "returnSequences", false, boolean>
/** [...b, t, n] to [...b, t, units] or [...b, units]. */
type OverTime<S extends Shape, U extends Dim, Seq> = S extends readonly [...infer B extends Shape, infer T extends Dim, Dim]
  ? [Seq] extends [true]
    ? [...B, T, U]
    : [Seq] extends [false]
      ? [...B, U]
      : Shape
  : Shape

/** What comes out of U units, or the sentence. */
export type Steps<Op extends string, X, U extends Dim, Seq> =
  HasTime<Op, ShapeIn<X>> extends infer M
    ? M extends string
      ? M
      : LastSize<Op, ShapeIn<X>> extends infer C
        ? C extends string
          ? C
          : Tensor<OverTime<ShapeIn<X>, U, Seq>, DTypeIn<X>>
        : never
    : never
type HasTime<Op extends string, S extends Shape> = S extends readonly [...Shape, Dim, Dim]
  ? []
  : Rankless<S> extends true
    ? []
    : needsRank<Op, "2 or more", S>

export type Carry = readonly RawTensor[]
/** Carries are lists of any length, which scan's own types would have to know. */
const loop = scan as unknown as (
  f: (carry: Carry, row: RawTensor) => readonly [Carry, readonly RawTensor[]],
  start: Carry,
  x: RawTensor,
  options: { readonly reverse: boolean },
) => readonly [Carry, readonly RawTensor[]]
/** `step` along the last axis but one of x; y is the first carry of each step, or of the last. */
export const alongTime = (
  x: RawTensor,
  start: Carry,
  step: (carry: Carry, x: RawTensor) => Carry,
  { returnSequences = false, reverse = false }: RecurrentOptions,
): RawTensor => {
  const [last, all] = loop(
    (carry, row) => {
      const next = step(carry, row)
      return [next, returnSequences ? [next[0]!] : []]
    },
    start,
    raw(moveAxis(x, -2, 0)),
    { reverse },
  )
  return returnSequences ? raw(moveAxis(all[0]!, 0, -2)) : last[0]!
}
export const zerosLike = (x: RawTensor, units: number): RawTensor => raw(zeros([...x.shape.slice(0, -2), units], x.dtype))
