// Neighbouring axes that become one, and one axis that becomes several.
import type { Dim } from "./dim.ts"
import type { axisOutside } from "./messages.ts"
import type { Reshape } from "./reshape.ts"
import type { Axis, Rankless, Shape, Show, Splice } from "./shape.ts"
import type { Times } from "./symbolic.ts"

export type axesBackwards<Op extends string, S extends Shape, From extends number, To extends number> =
  `${Op}: axes ${From} to ${To} of ${Show<S>} run backwards; the first comes first`

/** S with its axes From to To (inclusive) as one, or the sentence. A scalar counts as [1]. */
export type FlattenAxes<Op extends string, S extends Shape, From extends number, To extends number> =
  Rankless<S> extends true ? Shape
    : S extends readonly [] ? FlattenAxes<Op, [1], From, To>
    : [Axis<S, From>] extends [never] ? axisOutside<Op, S, From>
    : [Axis<S, To>] extends [never] ? axisOutside<Op, S, To>
    : number extends Axis<S, From> | Axis<S, To> ? Shape
    : Before<S, Axis<S, From>, Axis<S, To>> extends infer R ? ([R] extends [never] ? axesBackwards<Op, S, From, To> : R) : never
type Before<S, From, To, Head extends Shape = []> =
  S extends readonly [infer D extends Dim, ...infer T]
    ? Head["length"] extends From ? Within<T, To, Head, D, Head> : Before<T, From, To, [...Head, D]>
    : never
/** Seen: as long as the number of the last axis that is in the product P. */
type Within<S, To, Head extends Shape, P extends Dim, Seen extends Shape> =
  Seen["length"] extends To ? [...Head, P, ...(S extends Shape ? S : never)]
    : S extends readonly [infer D extends Dim, ...infer T] ? Within<T, To, Head, Times<P, D>, [...Seen, D]> : never

/** S with the sizes T (one of which may be -1) in the place of axis X, or the sentence about T. */
export type UnflattenAxis<Op extends string, S extends Shape, X extends number, T extends Shape> =
  Rankless<S> extends true ? Shape
    : Axis<S, X> extends infer A
      ? [A] extends [never] ? axisOutside<Op, S, X>
        : number extends A ? Shape
        : Reshape<Op, [S[A & number]], T> extends infer R ? (R extends Shape ? Splice<S, A, R> : R) : never
      : never
