import type { AddD, DivD, Num, SubD } from "../../typelevel/nat.ts"
import { type Calls, defineOp, type DType, emit, type OpDef, refuse, text } from "../core/index.ts"
import type { Of, Or } from "../core/signature.ts"
import { add } from "./add.ts"
import { cast } from "./cast.ts"
import { iota } from "./iota.ts"
import { mul } from "./mul.ts"

type noStep = "arange: the step is 0; it must be above or below 0"
const noStep: noStep = "arange: the step is 0; it must be above or below 0"
const notFinite = (v: number): string => `arange: ${text(v)} is not finite; start, stop and step must be`

type Whole<V extends number> = `${V}` extends `${string}.${string}` | `${string}e-${string}` ? false : true
/** Sign, whole part and fraction of a literal. */
type Parts<V extends number> = `${V}` extends `-${infer M}` ? ["-", ...Point<M>] : ["+", ...Point<`${V}`>]
type Point<T extends string> = T extends `${infer W}.${infer F}` ? [W, F] : [T, ""]
/** Three decimals times the power of ten that makes them whole: one digit of each fraction per step. */
type Whole3<W extends Three, F extends Three> = F extends ["", "", ""]
  ? { readonly [K in keyof W]: SubD<W[K] & string, "0"> }
  : Whole3<[`${W[0]}${Head<F[0]>}`, `${W[1]}${Head<F[1]>}`, `${W[2]}${Head<F[2]>}`], [Tail<F[0]>, Tail<F[1]>, Tail<F[2]>]>
type Three = [string, string, string]
type Head<T extends string> = T extends `${infer X}${string}` ? X : "0"
type Tail<T extends string> = T extends `${string}${infer R}` ? R : ""
/** b - a for numbers of these signs: sign and digits. */
type Minus<P, A extends string, Q, B extends string> = P extends Q ? (P extends "+" ? Below<A, B> : Below<B, A>) : [Q, AddD<A, B>]
type Below<A extends string, B extends string> = SubD<B, A> extends "negative" ? ["-", SubD<A, B>] : ["+", SubD<B, A>]
type Steps<D, Q, C extends string> = D extends [Q, infer N extends string]
  ? DivD<N, C> extends [infer K extends string, infer R]
    ? Num<R extends "0" ? K : AddD<K, "1">>
    : never
  : 0
/** How many numbers from A up to B in steps of C, exactly in decimals; unknown where one is, or is spelled with an exponent. */
type Count<A extends number, B extends number, C extends number> = number extends A | B | C
  ? number
  : [`${A}` | `${B}` | `${C}`] extends [infer T]
    ? [T & `${string}e${string}`] extends [never]
      ? Counted<Parts<A>, Parts<B>, Parts<C>>
      : number
    : never
type Counted<A, B, C> = [A, B, C] extends [
  [infer P, infer W extends string, infer F extends string],
  [infer Q, infer X extends string, infer G extends string],
  [infer R, infer Y extends string, infer H extends string],
]
  ? Whole3<[W, X, Y], [F, G, H]> extends readonly [infer L extends string, infer M extends string, infer N extends string]
    ? Steps<Minus<P, L, Q, M>, R, N>
    : never
  : never
export type ArangeRule<A extends number, B extends number | undefined, C extends number> = C extends 0
  ? noStep
  : B extends number
    ? [Count<A, B, C>]
    : [Count<0, A, C>]
type ArangeDType<V extends number> = number extends V
  ? "i32" | "f32"
  : false extends (V extends V ? Whole<V> : never)
    ? "f32"
    : "i32"

/** Digits behind the point; undefined for a number that is spelled with an exponent. */
const places = (v: number): number | undefined => (String(v).includes("e") ? undefined : (String(v).split(".")[1]?.length ?? 0))
/** ceil((to - from) / by), exactly in decimals where they are short: 0.3 / 0.1 is 3. */
const countOf = (from: number, to: number, by: number): number => {
  const all = [from, to, by].map(places)
  if (all.includes(undefined)) return Math.max(0, Math.ceil((to - from) / by))
  const digits = Math.max(...(all as number[]))
  const [a, b, c] = [from, to, by].map((v, k) => BigInt(String(v).replace(".", "")) * 10n ** BigInt(digits - all[k]!)) as [
    bigint,
    bigint,
    bigint,
  ]
  const [d, s] = c > 0n ? [b - a, c] : [a - b, -c]
  return d <= 0n ? 0 : Number((d + s - 1n) / s)
}

interface Attrs {
  readonly start: number
  readonly step: number
  readonly n: number
  readonly dtype: DType
}
/** start + i step. */
export const op: OpDef<Attrs> = defineOp<Attrs>({
  name: "arange",
  shape: (_, { n, dtype }) => ({ shape: [n], dtype }),
  expand: (_, { start, step, n, dtype }) => add(mul(cast(iota([n], 0), dtype), step), start),
  spelling: { onnx: "Range" },
})
export const calls = (): Calls => ({
  examples: (g) =>
    g.pick([
      [g.int(0, 20)],
      [g.int(-5, 5), g.int(-5, 30)],
      [g.int(0, 9), g.int(-20, 20), g.pick([-3, 2])],
      [0, 1, 0.25],
      [0.5, g.int(1, 4), 0.1],
      [-1.5, 0.25, 0.3],
    ]),
  refused: [(g) => [g.int(0, 9), 5, 0], () => [Number.NaN], () => [0, Infinity], () => [0, 1, Number.NaN]],
})

/**
 * The numbers from start up to, but not including, stop: [ceil((stop - start) / step)], exactly in decimals (0 to 0.3 by 0.1: 3);
 * `arange(n)` counts from 0 to n - 1.
 *
 * i32 where start, stop and step are whole numbers, else f32. Empty where stop is not beyond start. Refuses a step of 0 and what
 * is not finite. NumPy `arange`.
 * @example arange(2, 10, 3) // [2, 5, 8]
 */
export function arange<const A extends number, const B extends number | undefined = undefined, const C extends number = 1>(
  start: A,
  stop?: B,
  step?: Or<ArangeRule<A, B, C>, C>,
): Of<ArangeRule<A, B, C>, ArangeDType<A | (B & number) | C>> {
  const by = (step as number | undefined) ?? 1
  const [from, to] = stop === undefined ? [0, start as number] : [start as number, stop as number]
  for (const v of [from, to, by]) if (!Number.isFinite(v)) refuse(notFinite(v))
  if (by === 0) refuse(noStep)
  const n = countOf(from, to, by)
  const whole = [from, to, by].every(Number.isInteger)
  return emit(op, [], { start: from, step: by, n, dtype: whole ? "i32" : "f32" })
}
