// Trees of tensors: records and lists, nested. Parameters, state, gradients and the arguments of programs are trees.
import type { AddR, Num, ProductR, Reverse } from "./nat.ts"
import type { TensorLike } from "./rule.ts"

export type Tree = TensorLike | readonly Tree[] | { readonly [key: string]: Tree }

/** The paths of the leaves, "stem/kernel". */
export type Paths<T> = T extends TensorLike
  ? ""
  : { [K in keyof T & (string | number)]: Join<K, Paths<T[K]>> }[keyof T & (string | number)]
type Join<K extends string | number, P> = P extends "" ? `${K}` : P extends string ? `${K}/${P}` : never
/** The path of entry K of what is at path P. */
export type Below<P extends string, K> = P extends "" ? `${K & (string | number)}` : `${P}/${K & (string | number)}`
/** The leaf, or the subtree, at a path. */
export type At<T, P extends string> =
  P extends `${infer K}/${infer R}` ? (K extends keyof T ? At<T[K], R> : never) : P extends keyof T ? T[P] : never

/** How many elements the tensors of a tree hold together, as a literal; `number` where a size is unknown. */
export type Count<T> = CountR<T> extends infer R extends string ? (string extends R ? number : Num<Reverse<R>>) : never
/** The same as a reversed digit string; `string` where a size is unknown. */
export type CountR<T> = Elements<[T]>
/** Walks a list of trees: a record or list puts its members in front of the rest. */
type Elements<Stack, Acc extends string = "0"> =
  Stack extends [infer H, ...infer R]
    ? H extends TensorLike
      ? ProductR<H["shape"]> extends infer P extends string
        ? string extends P ? string : Elements<R, Acc extends "0" ? P : AddR<Acc, P>>
        : never
      : H extends readonly unknown[] ? Elements<[...H, ...R], Acc>
      : Listed<keyof H> extends infer K extends (keyof H)[] ? Elements<[...Members<H, K>, ...R], Acc> : never
    : Stack extends [] ? Acc : string
type Members<T, Keys extends (keyof T)[]> = { [I in keyof Keys]: T[Keys[I]] }
/** The members of a union as a list, in whatever order the compiler keeps them: a sum does not mind. */
type Listed<K, Acc extends unknown[] = []> =
  [K] extends [never] ? Acc : OneOf<K> extends infer H ? Listed<Exclude<K, H>, [...Acc, H]> : never
/** One member of a union, whichever the compiler keeps last. */
export type OneOf<U> = (U extends U ? (f: (u: U) => 0) => 0 : never) extends (f: infer I) => 0
  ? I extends (u: infer H) => 0
    ? H
    : never
  : never
