// What take, takeAlongAxis and gather share: an axis that has something to take, and how the rules for indices begin.
import { type Gen, refuse, show } from "../core/index.ts"
import type { axisOutside, ranksDiffer } from "../../typelevel/messages.ts"
import type { Axis, Rankless, Shape, Show } from "../../typelevel/shape.ts"

type nothing<
  Op extends string,
  S extends Shape,
  X extends number,
> = `${Op}: axis ${X} of ${Show<S>} is empty; there is nothing to take`
/** S, or the sentence where X is no axis of it, or an empty one. */
export type AxisToTake<Op extends string, S extends Shape, X extends number> =
  Rankless<S> extends true
    ? S
    : [Axis<S, X>] extends [never]
      ? axisOutside<Op, S, X>
      : number extends Axis<S, X>
        ? S
        : S[Axis<S, X>] extends 0
          ? nothing<Op, S, Axis<S, X>>
          : S
/** Refuses an empty axis. */
export const nothingToTake = (op: string, s: readonly number[], axis: number): void => {
  if (s[axis] === 0) refuse(`${op}: axis ${axis} of ${show(s)} is empty; there is nothing to take`)
}

/** R, the rule for indices I of the rank of S, where ranks and axis are known and fit. */
export type IndicesRule<Op extends string, S extends Shape, I extends Shape, X extends number, R> =
  AxisToTake<Op, S, X> extends infer M extends string
    ? M
    : Rankless<S> extends true
      ? Shape
      : Rankless<I> extends true
        ? Shape
        : S["length"] extends I["length"]
          ? number extends Axis<S, X>
            ? { -readonly [K in keyof I]: number }
            : R
          : ranksDiffer<Op, S, I>

/** Shapes of a tensor and of indices into an axis of it, and the axis. */
export const someAlong = (g: Gen): [x: number[], indices: number[], axis: number] => {
  const s = g.shape(1, 3)
  const axis = g.int(0, s.length - 1)
  const x = s.with(axis, Math.max(1, s[axis]!))
  return [x, x.with(axis, g.int(0, 4)), axis]
}
