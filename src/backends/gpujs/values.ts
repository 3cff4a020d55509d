// Host arrays to and from the device's f32 numbers.
import { type HostArray, hostArray } from "../../core/dtype.ts"
import type { Aval } from "../../core/tensor.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import { sizeOf } from "./sizes.ts"

/** Integers beyond this are not all f32 numbers. */
const EXACT = 2 ** 24

export const encode = (values: HostArray, aval: Aval, device: string): Float32Array => {
  const out = new Float32Array(sizeOf(aval))
  if (aval.dtype === "f64")
    throw new UnsupportedOnDevice({
      device,
      construct: "a float64 array",
      instead: "cast it to f32, or use a device with f64 (wasm, reference)",
    })
  if (aval.dtype === "u32") {
    for (let k = 0; k < values.length; k++) {
      const v = values[k]! >>> 0
      out[2 * k] = v >>> 16
      out[2 * k + 1] = v & 65535
    }
    return out
  }
  if (aval.dtype === "i32")
    for (const v of values)
      if (Math.abs(v) > EXACT)
        throw new UnsupportedOnDevice({
          device,
          construct: `the i32 value ${v}`,
          instead: "i32 is exact to 2^24 here; use another device",
        })
  out.set(values)
  return out
}
export const decode = (numbers: Float32Array, aval: Aval): HostArray => {
  if (aval.dtype === "f32") return numbers.slice()
  const out = hostArray(
    aval.dtype,
    aval.shape.reduce((n, m) => n * m, 1),
  )
  for (let k = 0; k < out.length; k++) {
    const v = aval.dtype === "u32" ? numbers[2 * k]! * 65536 + numbers[2 * k + 1]! : numbers[k]!
    // The largest i32 is 2^31 here, its nearest f32.
    out[k] = aval.dtype === "bool" ? (v !== 0 ? 1 : 0) : aval.dtype === "i32" ? Math.min(v, 2147483647) : v
  }
  return out
}
