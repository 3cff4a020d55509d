// What names stand for: learnt from shapes, axis by axis and argument by argument. An expression tells the one name in it that is
// not known yet ("t+1" is 8, so t is 7), or waits until it can be judged. The run-time twin is src/core/unify.ts.
import type { Dim, Fits, Known, ShowDim } from "./dim.ts"
import type { doesNotFit } from "./messages.ts"
import type { Rankless, Shape } from "./shape.ts"
import type { Evaluate, EvaluateValue, Exact, IsExpression, NamesOfValue, Solve } from "./symbolic.ts"

/** Which dimension a name stands for. Under "?", the expressions that wait, with the dimensions that they must be. */
export type Bindings = { readonly [Name in string]?: unknown }

/** Bindings E and what argument A (a shape) adds to them where P is wanted, or the sentence. */
export type Unify<
  Op extends string, P extends Shape, A extends Shape, E, Earlier = E, Rest extends Shape = P, Actual extends Shape = A
> =
  Rest extends readonly [infer X extends Dim, ...infer PR extends Shape]
    ? Actual extends readonly [infer Y extends Dim, ...infer AR extends Shape]
      ? X extends string
        ? X extends keyof E
          ? Fits<E[X], Y> extends true
            ? Unify<Op, P, A, Known<E[X]> extends true ? E : Rebind<E, X, Y>, Earlier, PR, AR>
            : doesNotFit<Op, A, P, `${X} is ${ShowDim<E[X]>} ${Where<X, Earlier>} and ${ShowDim<Y>} here`>
          : IsExpression<X> extends true
            ? Told<X, Y, E> extends infer R
              ? R extends string ? doesNotFit<Op, A, P, R> : Unify<Op, P, A, R, Earlier, PR, AR>
              : never
          : Unify<Op, P, A, E & { readonly [_ in X]: Y }, Earlier, PR, AR>
        : Fits<X, Y> extends true ? Unify<Op, P, A, E, Earlier, PR, AR>
        : doesNotFit<Op, A, P, `${ShowDim<Y>} is not ${ShowDim<X>}`>
      : Rankless<A> extends true ? E : doesNotFit<Op, A, P, "the rank is too small">
    : Rankless<P> extends true ? E
    : Rankless<A> extends true ? E
    : Actual extends readonly [] ? ("?" extends keyof E ? Settled<Op, P, A, E> : E) : doesNotFit<Op, A, P, "the rank is too large">
type Where<Name, Earlier> = Name extends keyof Earlier ? "in an earlier argument" : "on an earlier axis"
type Rebind<E, Name, D> = { readonly [K in keyof E]: K extends Name ? D : E[K] }

// ---- expressions ---------------------------------------------------------------------------------------------------

/** E and what it tells that X is Y; or the text that says why it cannot be. */
type Told<X extends string, Y extends Dim, E> =
  Exclude<NamesOfValue<X>, keyof E> extends infer U extends string
    ? [U] extends [never]
      ? EvaluateValue<X, E> extends infer V
        ? [V] extends [never] ? `${X} has no size`
          : Fits<V, Y> extends true ? Proved<X, Y, E> : `${X} is ${ShowDim<V>} and ${ShowDim<Y>} here`
        : never
      : IsUnion<U> extends true ? Later<E, [X, Y]>
      : Solve<X, U, Y, E> extends infer V
        ? [V] extends [never] ? `no size of ${U} makes ${X} ${ShowDim<Y>}`
          : V extends null ? Later<E, [X, Y]> : Proved<X, Y, E & { readonly [_ in U]: V }>
        : never
    : never
/** Quotients are judged as soon as their names are known. */
type Proved<X extends string, Y, E> =
  Exact<X, E> extends infer V ? (V extends true ? E : V extends string ? V : Later<E, [X, Y]>) : never
type Later<E, C> =
  E extends { readonly "?": infer L extends readonly unknown[] } ? Omit<E, "?"> & { readonly "?": [...L, C] } : E & { readonly "?": [C] }
/** What waits is judged once more, now that more names are known, and again as long as that tells further names. */
type Settled<Op extends string, P extends Shape, A extends Shape, E> =
  E extends { readonly "?": infer L } ? SettleAll<Op, P, A, L, Omit<E, "?">, keyof E> : E
type SettleAll<Op extends string, P extends Shape, A extends Shape, L, E, Before> =
  L extends readonly [infer C extends readonly [string, Dim], ...infer R]
    ? Told<C[0], C[1], E> extends infer V ? (V extends string ? doesNotFit<Op, A, P, V> : SettleAll<Op, P, A, R, V, Before>) : never
    : [keyof E] extends [Before] ? E : Settled<Op, P, A, E>
export type IsUnion<U, V = U> = U extends U ? ([V] extends [U] ? false : true) : never

// ---- results -------------------------------------------------------------------------------------------------------

/** Shape O with its names replaced; a name that no argument told is unknown. */
export type Substitute<O extends Shape, E> = [E] extends [never] ? never : { -readonly [K in keyof O]: Replaced<O[K], E> }
/** One dimension. */
export type Replaced<D, E> =
  D extends string
    ? D extends keyof E ? E[D] & Dim
      : IsExpression<D> extends true ? Evaluate<D, E> extends infer V ? ([V] extends [never] ? number : V & Dim) : never
      : number
    : D
