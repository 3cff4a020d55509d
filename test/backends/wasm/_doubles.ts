// The code for float64 is loaded by the first program that has it, which is compiled later for that; the others at once.
import type { Backend } from "../../../src/backends/backend.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type Program, raw } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"

export const doubles: Program = { params: [], outs: [raw(T.add(T.iota([3], 0, "f64"), 1))] }
/** The device, with the code for float64: it compiles every program at once. */
export const withDoubles = async <B extends Backend>(device: B): Promise<B> => {
  const exe = await device.compile({ program: doubles, lowered: () => lower(doubles, { limits: device.limits }) })
  exe.dispose()
  return device
}
