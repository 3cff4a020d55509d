// Dtypes. A union of several (`DType` itself, on an untyped tensor) is unknown: it passes every rule and is checked at run time.
import type { SubD } from "./nat.ts"

export type DType = "f32" | "f64" | "i32" | "u32" | "bool"
export type FloatDType = "f32" | "f64"
export type IntDType = "i32" | "u32"

/** The literal V has no meaning in dtype D: a fraction or a size out of range for an integer, anything but 0 and 1 for a bool. */
export type Misfit<V extends number, D extends DType> =
  number extends V ? false
    : D & FloatDType extends never
      ? D extends "bool" ? (V extends 0 | 1 ? false : true)
        : `${V}` extends `${infer T extends bigint}` ? OutOfRange<`${T}`, D> : true
      : false
type OutOfRange<T extends string, D> =
  T extends `-${infer N}` ? (D extends "u32" ? true : Above<N, "2147483648">)
    : Above<T, D extends "u32" ? "4294967295" : "2147483647">
type Above<N extends string, Limit extends string> = SubD<Limit, N> extends "negative" ? true : false
