import { expect, test } from "vitest"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { trace } from "../../../src/core/index.ts"
import { exp } from "../../../src/tensor.ts"

test("an array beyond what a signed offset reaches is refused before memory is asked for", () => {
  const device = wasm()
  const program = trace((x) => [exp(x)], [{ shape: [2 ** 29 + 1], dtype: "f32" }])
  const source = { program, lowered: () => lower(program, { limits: device.limits }) }
  expect(() => device.compile(source)).toThrow(
    "wasm: an array f32[536870913] of more than 2^29 elements is not supported; split it along an axis",
  )
  expect(device.live()).toEqual({ buffers: 0, bytes: 0 })
})
