// Which dtypes an op has a meaning for: as a type and as a function, in the same words. (Floats only: see core.)
import type { IntDType } from "../../typelevel/dtype.ts"
import type { Binary, BinaryDType } from "../../typelevel/broadcast.ts"
import type { Also, FloatOnly } from "../../typelevel/rule.ts"
import { type Aval, type DType, refuse } from "../core/index.ts"

export type needsNumber<Op extends string> = `${Op}: needs a tensor of numbers, got bool; cast it first`
export type needsInteger<Op extends string, D extends string> = `${Op}: needs an integer tensor, got ${D}; cast it first`
export type needsBool<
  Op extends string,
  D extends string,
> = `${Op}: needs a bool tensor, got ${D}; compare it with something first`

export const needsNumber = <Op extends string>(op: Op): needsNumber<Op> =>
  `${op}: needs a tensor of numbers, got bool; cast it first`
export const needsInteger = <Op extends string, D extends string>(op: Op, d: D): needsInteger<Op, D> =>
  `${op}: needs an integer tensor, got ${d}; cast it first`
export const needsBool = <Op extends string, D extends string>(op: Op, d: D): needsBool<Op, D> =>
  `${op}: needs a bool tensor, got ${d}; compare it with something first`

/** S (a shape, or already a sentence), or the sentence where dtype D has no meaning. An unknown dtype passes. */
export type NumberOnly<Op extends string, S, D extends DType> = [Exclude<D, "bool">] extends [never] ? needsNumber<Op> : S
export type IntegerOnly<Op extends string, S, D extends DType> = [D & IntDType] extends [never] ? needsInteger<Op, D> : S
export type BoolOnly<Op extends string, S, D extends DType> = [D & "bool"] extends [never] ? needsBool<Op, D> : S

/** The rules of ops of two operands. */
export type Arithmetic<Op extends string, A, B> =
  Binary<Op, A, B> extends infer R ? Also<R, NumberOnly<Op, R, BinaryDType<A, B>>> : never
export type FloatArithmetic<Op extends string, A, B> =
  Binary<Op, A, B> extends infer R ? Also<R, FloatOnly<Op, R, BinaryDType<A, B>>> : never
export type Bitwise<Op extends string, A, B> =
  Binary<Op, A, B> extends infer R ? Also<R, IntegerOnly<Op, R, BinaryDType<A, B>>> : never
export type Logical<Op extends string, A, B> =
  Binary<Op, A, B> extends infer R ? Also<R, BoolOnly<Op, R, BinaryDType<A, B>>> : never

/** Throws the sentence if one of the inputs has a dtype without meaning. */
export type Accepts = (ins: readonly Aval[]) => void
export const numbersOnly =
  (op: string): Accepts =>
  (ins) => {
    for (const x of ins) if (x.dtype === "bool") refuse(needsNumber(op))
  }
export const integersOnly =
  (op: string): Accepts =>
  (ins) => {
    for (const x of ins) if (x.dtype !== "i32" && x.dtype !== "u32") refuse(needsInteger(op, x.dtype))
  }
export const boolsOnly =
  (op: string): Accepts =>
  (ins) => {
    for (const x of ins) if (x.dtype !== "bool") refuse(needsBool(op, x.dtype))
  }
