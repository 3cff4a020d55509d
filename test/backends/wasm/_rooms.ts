// What few programs need is loaded by the first program that does, which is compiled later for that; the others are at once.
import type { Backend } from "../../../src/backends/backend.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type Program, raw } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"

export const doubles: Program = { params: [], outs: [raw(T.add(T.iota([3], 0, "f64"), 1))] }
export const sines: Program = { params: [], outs: [raw(T.floor(T.mul(T.sin(T.iota([3], 0, "f32")), 100)))] }
/** The device with all of it loaded: it compiles every program at once. */
export const withRooms = async <B extends Backend>(device: B): Promise<B> => {
  for (const program of [doubles, sines]) {
    const exe = await device.compile({ program, lowered: () => lower(program, { limits: device.limits }) })
    exe.dispose()
  }
  return device
}
