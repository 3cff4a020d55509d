// What jvp and vjp ask of a call, as types: tangents like the arguments, cotangents like the result. Types only.
import type { FirstOf } from "../../typelevel/least.ts"
import type { TensorLike } from "../../typelevel/rule.ts"
import type { SameSizes, Show } from "../../typelevel/shape.ts"
import type { Below, Deep, Fn, NoGradient } from "./rules.ts"

type Text<T extends TensorLike> = `${T["dtype"]}${Show<T["shape"]>}`
type At<P extends string> = P extends "" ? "" : ` at ${P}`
interface Differs<P extends TensorLike, T extends TensorLike, Path extends string> {
  readonly jvp: `jvp: the tangent${At<Path>} is ${Text<T>}, its argument is ${Text<P>}; they must agree`
  readonly vjp: `vjp: the cotangent${At<Path>} is ${Text<T>}, the result is ${Text<P>}; they must agree`
}
interface Unlike {
  readonly jvp: "jvp: tangents have another structure than the arguments; give one tensor for each tensor"
  readonly vjp: "vjp: the cotangent has another structure than the function's result; give one tensor for each tensor of the result"
}
/** Path and sentence of each leaf of T that is not like that of P, and of what has another structure. */
type Strays<Op extends "jvp" | "vjp", P, T, Path extends string = "", Seen extends readonly 0[] = []> = Seen extends Deep
  ? never
  : unknown extends P | T
    ? never
    : [T] extends [never]
      ? never
      : P extends TensorLike
        ? T extends TensorLike
          ? [P["dtype"] & T["dtype"]] extends [never]
            ? [Path, Differs<P, T, Path>[Op]]
            : SameSizes<P["shape"], T["shape"]> extends true
              ? never
              : [Path, Differs<P, T, Path>[Op]]
          : [Path, Unlike[Op]]
        : P extends readonly unknown[]
          ? T extends readonly unknown[]
            ? P["length"] extends T["length"]
              ? { [K in keyof T]: K extends keyof P ? Strays<Op, P[K], T[K], Below<Path, K>, [...Seen, 0]> : never }[number]
              : [Path, Unlike[Op]]
            : [Path, Unlike[Op]]
          : P extends Fn
            ? never
            : P extends object
              ? string extends keyof P | keyof T
                ? never // keys that are not known: the run time says it
                : [keyof P, keyof T] extends [keyof T, keyof P]
                  ? { [K in keyof P & keyof T]: Strays<Op, P[K], T[K], Below<Path, K>, [...Seen, 0]> }[keyof P & keyof T]
                  : [Path, Unlike[Op]]
              : never
/** Those about the structure, if there are any: the run time looks at it first. */
type Gravest<M, U> = [Extract<M, readonly [string, U]>] extends [never] ? M : Extract<M, readonly [string, U]>
/** A cotangent C where it is a tree like Y, or the sentence. */
export type Cotangent<Y, C> = FirstOf<Gravest<Strays<"vjp", Y, C>, Unlike["vjp"]>> extends infer M extends string ? M : C
/** With a leaf's path the entry of the list that it is in. */
type InEntry<M> = M extends readonly [infer P, infer S] ? [P, readonly [P extends `${infer K}/${string}` ? K : P, S]] : never
/** Tangents T of arguments A; a sentence stands in the place of the first entry that is not a tree like its argument, or of the list. */
export type Tangents<A, T> =
  FirstOf<InEntry<Gravest<Strays<"jvp", A, T>, Unlike["jvp"]>>> extends readonly [infer K, infer M]
    ? K extends ""
      ? M
      : { readonly [J in keyof T]: J extends K ? M : T[J] }
    : T
/** A list literal L as it was checked, with sentences in it, or the one sentence. (The last branch makes the compiler infer a tuple.) */
export type Listed<Checked, L extends readonly unknown[]> = [Checked] extends [string]
  ? Checked extends infer M
    ? M
    : never
  : [Checked] extends [readonly unknown[]]
    ? Checked
    : readonly [...L]
/** Arguments of vjp: all are differentiated, so that each must have a derivative. */
export type AllFloats<A extends readonly unknown[]> = {
  [K in keyof A]: FirstOf<NoGradient<"vjp", A[K], K>> extends infer M extends string ? M : A[K]
}
