// Run-time facts about dtypes.
export type DType = "f32" | "f64" | "i32" | "u32" | "bool"
export type FloatDType = "f32" | "f64"

/** Host arrays, one class per dtype. */
export interface HostArrays {
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly bool: Uint8Array
}
export type HostArray = HostArrays[DType]

const classes = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, bool: Uint8Array }
/** A host array of n zeros. */
export const hostArray = (dtype: DType, n: number): HostArray => new classes[dtype](n)
export const isHostArray = (v: unknown): v is HostArray => Object.values(classes).some((c) => v instanceof c)
export const dtypeOfArray = (v: HostArray): DType =>
  v instanceof Float32Array
    ? "f32"
    : v instanceof Float64Array
      ? "f64"
      : v instanceof Int32Array
        ? "i32"
        : v instanceof Uint32Array
          ? "u32"
          : "bool"

export const isFloat = (dtype: DType): dtype is FloatDType => dtype === "f32" || dtype === "f64"
/** Bytes of an element on a device: bool is held as 32 bits, so that its lanes line up with those of f32. */
export const bytesOf = (dtype: DType): number => (dtype === "f64" ? 8 : 4)
/** Does a JavaScript number have a meaning in this dtype? */
export const holds = (dtype: DType, v: number): boolean =>
  isFloat(dtype)
    ? true
    : dtype === "i32"
      ? Number.isInteger(v) && v >= -2147483648 && v <= 2147483647
      : dtype === "u32"
        ? Number.isInteger(v) && v >= 0 && v <= 4294967295
        : v === 0 || v === 1
