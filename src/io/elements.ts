// Element types of safetensors files, and what they are read as. Widening is exact: bf16 and f16 are floats of 32 bits with fewer digits.
import { type DType, type HostArray, hostArray } from "../core/dtype.ts"
import { Flaw } from "./errors.ts"

export interface ElementType {
  /** Bytes of an element in the file. */
  readonly bytes: number
  readonly dtype: DType
  /** Elements from bytes; null where the bytes are the elements of the host array as they are. */
  readonly read: ((view: DataView, at: number) => number) | null
}
/** Five bits of exponent, ten of fraction. */
const half = (h: number): number => {
  const sign = h & 0x8000 ? -1 : 1
  const exponent = (h >> 10) & 31
  const fraction = h & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
const bits = new DataView(new ArrayBuffer(4))
/** The upper half of a float of 32 bits. */
const brain = (h: number): number => {
  bits.setUint16(0, h)
  return bits.getFloat32(0)
}
const fits = (n: bigint, low: bigint, high: bigint): number => {
  if (n < low || n > high) throw new Flaw(`it holds ${n}, beyond 32 bits`, "store numbers of 32 bits")
  return Number(n)
}
const plain = (bytes: number, dtype: DType): ElementType => ({ bytes, dtype, read: null })
const types: Readonly<Record<string, ElementType>> = {
  F32: plain(4, "f32"),
  F64: plain(8, "f64"),
  I32: plain(4, "i32"),
  U32: plain(4, "u32"),
  BOOL: {
    bytes: 1,
    dtype: "bool",
    read: (v, at) => {
      const b = v.getUint8(at)
      if (b > 1) throw new Flaw(`it holds ${b}, where a BOOL is 0 or 1`, "store it as U8")
      return b
    },
  },
  F16: { bytes: 2, dtype: "f32", read: (v, at) => half(v.getUint16(at, true)) },
  BF16: { bytes: 2, dtype: "f32", read: (v, at) => brain(v.getUint16(at, true)) },
  I8: { bytes: 1, dtype: "i32", read: (v, at) => v.getInt8(at) },
  U8: { bytes: 1, dtype: "i32", read: (v, at) => v.getUint8(at) },
  I16: { bytes: 2, dtype: "i32", read: (v, at) => v.getInt16(at, true) },
  U16: { bytes: 2, dtype: "i32", read: (v, at) => v.getUint16(at, true) },
  I64: { bytes: 8, dtype: "i32", read: (v, at) => fits(v.getBigInt64(at, true), -(2n ** 31n), 2n ** 31n - 1n) },
  U64: { bytes: 8, dtype: "u32", read: (v, at) => fits(v.getBigUint64(at, true), 0n, 2n ** 32n - 1n) },
}
export const elementType = (name: string): ElementType | undefined => (Object.hasOwn(types, name) ? types[name] : undefined)
export const elementNames = Object.keys(types)

/** What the format calls a dtype. */
export const nameOf = (dtype: DType): string => dtype.toUpperCase()

/** Elements from the bytes of a file. Throws a Flaw where a number does not fit. */
export const decode = ({ bytes, dtype, read }: ElementType, data: Uint8Array<ArrayBuffer>): HostArray => {
  const out = hostArray(dtype, data.length / bytes)
  if (read === null) new Uint8Array(out.buffer).set(data)
  else {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    for (let k = 0; k < out.length; k++) out[k] = read(view, k * bytes)
  }
  return out
}
