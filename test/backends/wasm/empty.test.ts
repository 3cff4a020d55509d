// Values of nothing: no kernel reads memory of an array that has no elements.
import { afterAll, expect, test } from "vitest"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type RawTensor, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"

const device = wasm()
afterAll(() => device.close())

test.each([1, 2, 3])("the overlap-add of no windows is zeros, dilation 2, stride %i", (stride) => {
  const f = (w: RawTensor): RawTensor => T.fold(w as never, -1, 7, { stride, dilation: 2 }) as never
  const program = trace((w) => [f(w)], [{ shape: [0, 3], dtype: "f32" }])
  const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits }) }) as Compiled
  // what lies in memory behind an array of no elements is someone else's
  const before = device.upload(new Float32Array(64).fill(3), { shape: [64], dtype: "f32" }) as DeviceBuffer
  device.free(before)
  const w = device.upload(new Float32Array(0), program.params[0]!) as DeviceBuffer
  const [out] = exe.run([w], [false]) as DeviceBuffer[]
  expect(device.download(out!)).toEqual(new Float32Array(7))
})
