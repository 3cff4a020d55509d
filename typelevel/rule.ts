// How a rule is written as a type. A rule's result is what the op gives (a Shape), or a sentence: a string that says what is
// wrong. A parameter of type `Or<Rule, T>` has type T where the rule holds and the sentence where it does not, so that the one
// diagnostic is
//   Argument of type 'Tensor<[4, 5], "f32">' is not assignable to parameter of type '"matmul: inner dimensions differ: ..."'
// The result then is `never`, which fits everywhere: one mistake gives one message. For the same reason a rule that could not be
// computed because of an earlier mistake (`never`) asks for nothing.
import type { DType, FloatDType } from "./dtype.ts"
import type { needsFloat } from "./messages.ts"
import type { Shape } from "./shape.ts"

/** A tensor as the type level sees it; `Tensor` in src/core is one. */
export interface TensorLike<S extends Shape = Shape, D extends DType = DType> {
  readonly shape: S
  readonly dtype: D
}

/** The type that is asked for, or the sentence. (`infer` keeps TypeScript from inferring type arguments through the sentence.) */
export type Or<R, T> = [R] extends [Shape] ? T : R extends infer M ? M : never

/**
 * For lists: Checked is the list L itself, or L with a sentence in the place of the element that is wrong; the diagnostic
 * stands there.
 */
export type OrList<L extends readonly unknown[], Checked> =
  L extends Checked ? readonly [...L] : Checked extends infer M ? M : never

/** What is wrong, and at which argument (or option) the sentence stands: for rules of several arguments. */
export interface Fault<At extends string, Says> {
  readonly at: At
  readonly says: Says
}

/** The value of an option: what is given, the default where it is left out, or the wide type where it may be left out. */
export type Option<O, Name extends string, Default, Wide> =
  Name extends keyof O ? (undefined extends O[Name] ? Wide : O[Name]) : Default

/** The first of two rules that is refused, or else the second's result. */
export type Also<First, Second> = First extends infer M extends string ? M : Second

/** S, or the sentence where D is not a floating-point dtype. */
export type FloatOnly<Op extends string, S, D extends DType> = [D & FloatDType] extends [never] ? needsFloat<Op, D> : S

/**
 * What a call gives where a list was to be expected and the call was refused: it can be taken apart, and each part is `never`, so that
 * what follows stays quiet. (`const [a, b] = never` would be a second diagnostic.)
 */
export type Nothing = [never, never, never, never, never, never, never, never, ...never[]]
