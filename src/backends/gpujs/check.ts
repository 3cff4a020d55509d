// What no gpu.js device can do, refused before anything is generated.
import { type Buf, bufsOf } from "../../core/ir/index.ts"
import { show } from "../../core/shape.ts"
import type { Lowered } from "../../compiler/lowered.ts"
import type { DeviceBuffer } from "../backend.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import { sizeOf } from "./sizes.ts"

/** Indices are f32 numbers: exact to 2^24. */
export const MOST_ELEMENTS = 2 ** 24

export const checkProgram = (p: Lowered, device: string): void => {
  const all: Set<Buf> = bufsOf(p.stmts)
  for (const b of [...p.args, ...p.outs]) all.add(b)
  for (const b of all) {
    if (b.dtype === "f64")
      throw new UnsupportedOnDevice({
        device,
        construct: `float64 (${b.dtype}${show(b.shape)})`,
        instead: "use f32, or a device with f64 (wasm, reference)",
      })
    if (sizeOf(b) > MOST_ELEMENTS)
      throw new UnsupportedOnDevice({
        device,
        construct: `an array ${b.dtype}${show(b.shape)} of more than 2^24 numbers${b.dtype === "u32" ? " (a u32 is two)" : ""}`,
        instead: "split it, use smaller batches, or use wasm",
      })
  }
}
/** The arguments must be what the program was compiled for. */
export const checkArguments = (p: Lowered, args: readonly DeviceBuffer[], device: string): void => {
  const wrong = p.args.findIndex(
    (b, k) => !args[k] || args[k].aval.dtype !== b.dtype || show(args[k].aval.shape) !== show(b.shape),
  )
  if (wrong < 0 && args.length === p.args.length) return
  const a = args[wrong]
  const b = p.args[wrong]
  throw new Error(
    `${device}: argument ${wrong} is ${a ? a.aval.dtype + show(a.aval.shape) : "missing"}; the program takes ${b ? b.dtype + show(b.shape) : `${p.args.length} arguments`}`,
  )
}
