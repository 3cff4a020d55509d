// Exact arithmetic on the digits of number literals. Everything is a tail-recursive walk over a digit string (TypeScript allows
// 999 steps there and 48 elsewhere), so sizes up to 2^53 - 1 cost a few hundred instantiations and products are not limited at
// all. An unknown size (`number`) on either side gives `number`; so does a result that no number literal spells exactly (above
// 2^53).
//
// Names ending in D work on digit strings; those ending in R on reversed digit strings, the last digit first.
import type {
  Borrow, BorrowOne, Carry, CarryOne, Difference, DifferenceOne, Digit, Ones, Quotient, Remainder, Succ, Sum, SumOne, Tens
} from "./digits.ts"

/** "123" -> "321", three digits per step. */
export type Reverse<S extends string, Acc extends string = ""> =
  S extends `${infer X}${infer Y}${infer Z}${infer T}` ? Reverse<T, `${Z}${Y}${X}${Acc}`>
    : S extends `${infer X}${infer Y}` ? `${Y}${X}${Acc}` : Acc
type Trim<S extends string> = S extends `0${infer R}` ? (R extends "" ? "0" : Trim<R>) : S
/** The number a digit string spells; `number` where no literal spells it exactly. */
export type Num<S extends string> = S extends `${infer N extends number}` ? N : never
type Unknown<A extends number, B extends number> = number extends A | B ? true : false

// ---- addition and subtraction: one digit per step, the last first -------------------------------------------------
// (What is handed to the next step is computed twice: once for the type, once for its name. So little is handed on: a carry is a
// type of its own, and not an argument.)

/** A + B, on reversed digit strings. */
export type AddR<A extends string, B extends string, Acc extends string = ""> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}`
      ? Carry[X][Y] extends 0 ? AddR<P, Q, `${Acc}${Sum[X][Y]}`> : AddOneR<P, Q, `${Acc}${Sum[X][Y]}`>
      : `${Acc}${A}`
    : `${Acc}${B}`
/** A + B + 1 */
type AddOneR<A extends string, B extends string, Acc extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}`
      ? CarryOne[X][Y] extends 0 ? AddR<P, Q, `${Acc}${SumOne[X][Y]}`> : AddOneR<P, Q, `${Acc}${SumOne[X][Y]}`>
      : `${Acc}${NextR<A>}`
    : `${Acc}${NextR<B>}`
export type AddD<A extends string, B extends string> = Reverse<AddR<Reverse<A>, Reverse<B>>>

/** A + B */
export type Add<A extends number, B extends number> =
  B extends 0 ? A : A extends 0 ? B : Unknown<A, B> extends true ? number : Num<AddD<`${A}`, `${B}`>>

/** The next number, on reversed digit strings: for counters, where `Add` would cost ten times as much. */
export type NextR<S extends string> =
  S extends `9${infer T}` ? `0${NextR<T>}` : S extends `${infer X extends Digit}${infer T}` ? `${Succ[1][X]}${T}` : "1"

/** A - B in normal order, of reversed digit strings; "negative" where B is greater than A. */
type SubWalk<A extends string, B extends string, Acc extends string = ""> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}`
      ? Borrow[Y][X] extends 0 ? SubWalk<P, Q, `${Difference[Y][X]}${Acc}`> : SubOne<P, Q, `${Difference[Y][X]}${Acc}`>
      : Trim<Reverse<A, Acc>>
    : B extends "" ? Trim<Acc> : "negative"
/** A - B - 1 */
type SubOne<A extends string, B extends string, Acc extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}`
      ? BorrowOne[Y][X] extends 0 ? SubWalk<P, Q, `${DifferenceOne[Y][X]}${Acc}`> : SubOne<P, Q, `${DifferenceOne[Y][X]}${Acc}`>
      : X extends 0 ? SubOne<P, "", `9${Acc}`> : Trim<Reverse<P, `${DifferenceOne[0][X]}${Acc}`>>
    : "negative"
export type SubD<A extends string, B extends string> = SubWalk<Reverse<A>, Reverse<B>>

/** A - B, or `never` where B is greater than A. */
export type Sub<A extends number, B extends number> =
  B extends 0 ? A : Unknown<A, B> extends true ? number : Num<SubD<`${A}`, `${B}`>>

// ---- multiplication: the Horner scheme over the digits of B, on reversed strings -----------------------------------

/** A digit M times A, plus a carry. */
type Times<A extends string, M extends Digit, C extends Digit, Acc extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? Times<P, M, Tens[M][X][C], `${Acc}${Ones[M][X][C]}`>
    : C extends 0 ? Acc : `${Acc}${C}`
/** Reversed A times B (in normal order), reversed. */
type Horner<A extends string, B extends string, Acc extends string = ""> =
  B extends `${infer M extends Digit}${infer Q}` ? Horner<A, Q, Next<A, M, Acc>> : Acc
/** Ten times Acc, plus M times A. */
type Next<A extends string, M extends Digit, Acc extends string> =
  M extends 0 ? (Acc extends "" ? "" : `0${Acc}`)
    : Acc extends "" ? Times<A, M, 0, ""> : AddR<`0${Acc}`, Times<A, M, 0, "">>
export type MulD<A extends string, B extends string> =
  A extends "1" ? B : B extends "1" ? A : A extends "0" ? "0" : B extends "0" ? "0" : Reverse<Horner<Reverse<A>, B>>

/** A * B */
export type Mul<A extends number, B extends number> =
  A extends 1 ? B : B extends 1 ? A : A extends 0 ? 0 : B extends 0 ? 0
    : Unknown<A, B> extends true ? number : Num<MulD<`${A}`, `${B}`>>

/** The product of a shape's sizes as a digit string of any length (reversed); `string` where a size is unknown. */
export type ProductR<S extends readonly unknown[]> =
  S extends readonly [infer H extends number, ...infer T]
    ? H extends 1 ? ProductR<T> : H extends 0 ? "0" : number extends H ? string : ProductOn<T, Reverse<`${H}`>>
    : S extends readonly [] ? "1" : string
type ProductOn<S extends readonly unknown[], Acc extends string> =
  S extends readonly [infer H extends number, ...infer T]
    ? H extends 1 ? ProductOn<T, Acc> : H extends 0 ? "0" : number extends H ? string : ProductOn<T, Horner<Acc, `${H}`>>
    : S extends readonly [] ? Acc : string
/** The product of a shape's sizes, in normal order. */
export type ProductD<S extends readonly unknown[]> =
  ProductR<S> extends infer P extends string ? (string extends P ? string : Reverse<P>) : never
/** The product of a shape's sizes; `number` where one is unknown or no literal spells the product. */
export type Product<S extends readonly unknown[]> =
  ProductD<S> extends infer P extends string ? (string extends P ? number : Num<P>) : never
/** Do two shapes of known sizes hold equally many elements? Exact at any size; `true` where a size is unknown. */
export type SameProduct<A extends readonly unknown[], B extends readonly unknown[]> =
  ProductR<A> extends infer P extends string
    ? ProductR<B> extends infer Q extends string ? (string extends P | Q ? true : P extends Q ? true : false) : never
    : never

// ---- division: digit by digit from the front; a divisor of one digit by table, others by repeated subtraction ------

type Short<A extends string, D extends Digit, R extends Digit, Acc extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? Short<P, D, Remainder[D][R][X], Acc extends "0" ? `${Quotient[D][R][X]}` : `${Acc}${Quotient[D][R][X]}`>
    : [Acc, `${R}`]
type Long<A extends string, D extends string, R extends string, Acc extends string> =
  A extends `${infer X}${infer P}`
    ? Often<R extends "0" ? X : `${R}${X}`, D> extends [infer Q extends Digit, infer S extends string]
      ? Long<P, D, S, Acc extends "0" ? `${Q}` : `${Acc}${Q}`>
      : never
    : [Acc, R]
/** How often D (reversed) can be taken from R, at most nine times, and what then remains. */
type Often<R extends string, D extends string, Q extends Digit = 0> =
  SubWalk<Reverse<R>, D> extends infer X extends string
    ? X extends "negative"
      ? [Q, R]
      : Often<X, D, Extract<Succ[1][Q], Digit>>
    : never
/** [quotient, remainder]; a divisor of "0" gives `never`. */
export type DivD<A extends string, D extends string> =
  D extends "0" ? never
    : D extends "1" ? [A, "0"]
    : D extends `${infer S extends Digit}` ? Short<A, S, 0, "0"> : Long<A, Reverse<D>, "0", "0">

/** floor(A / B) */
export type FloorDiv<A extends number, B extends number> =
  B extends 1 ? A
    : Unknown<A, B> extends true ? number
    : DivD<`${A}`, `${B}`> extends [infer Q extends string, unknown] ? Num<Q> : never
/** ceil(A / B) */
export type CeilDiv<A extends number, B extends number> =
  B extends 1 ? A
    : Unknown<A, B> extends true ? number
    : DivD<`${A}`, `${B}`> extends [infer Q extends string, infer R] ? (R extends "0" ? Num<Q> : Num<Reverse<NextR<Reverse<Q>>>>) : never
/** A mod B */
export type Mod<A extends number, B extends number> =
  B extends 1 ? 0
    : Unknown<A, B> extends true ? number
    : DivD<`${A}`, `${B}`> extends [unknown, infer R extends string] ? Num<R> : never

// ---- order ---------------------------------------------------------------------------------------------------------

/** "<", "=" or ">"; all three (`Order`) where a size is unknown. */
export type Order = "<" | "=" | ">"
export type Compare<A extends number, B extends number> =
  Unknown<A, B> extends true ? Order : A extends B ? "=" : SubD<`${A}`, `${B}`> extends "negative" ? "<" : ">"
/** The larger of two reversed digit strings without zeros in front. */
export type MaxR<A extends string, B extends string> = A extends B ? A : AtLeast<A, B> extends true ? A : B
type AtLeast<A extends string, B extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}` ? (Borrow[Y][X] extends 0 ? AtLeast<P, Q> : MoreThan<P, Q>) : true
    : B extends "" ? true : false
type MoreThan<A extends string, B extends string> =
  A extends `${infer X extends Digit}${infer P}`
    ? B extends `${infer Y extends Digit}${infer Q}` ? (BorrowOne[Y][X] extends 0 ? AtLeast<P, Q> : MoreThan<P, Q>) : true
    : false
export type Min<A extends number, B extends number> = Unknown<A, B> extends true ? number : Compare<A, B> extends "<" ? A : B
export type Max<A extends number, B extends number> = Unknown<A, B> extends true ? number : Compare<A, B> extends "<" ? B : A

// ---- which literals are sizes --------------------------------------------------------------------------------------

type Four = `${number}${number}${number}${number}`
type Odd = `-${string}` | `${string}.${string}` | `${string}e${string}`
type Long16 = `${Four}${Four}${Four}${Four}`
/** What a literal looks like that may not be a size: a sign, a point, an exponent, or sixteen digits and more. */
export type Suspect = Odd | Long16
/** The literals among N that are not whole numbers from 0 to 2^53 - 1, as strings; `never` if all are. */
export type NotASize<N extends number> = number extends N ? never : TooLarge<`${N}` & Suspect>
type TooLarge<T> = T extends Odd ? T : T extends Long16 ? (SubD<"9007199254740991", T> extends "negative" ? T : never) : never
