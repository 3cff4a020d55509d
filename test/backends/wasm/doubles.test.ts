import { afterAll, expect, it } from "vitest"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { compileWasm } from "../../../src/backends/wasm/program.ts"
import { lower, noLimits } from "../../../src/compiler/index.ts"
import { type Program, raw } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { doubles } from "./_doubles.ts"

const device = wasm()
afterAll(() => device.close())
const floats: Program = { params: [], outs: [raw(T.add(T.iota([3], 0, "f32"), 1))] }
const compiled = (program: Program) => device.compile({ program, lowered: () => lower(program, { limits: device.limits }) })

it("waits for the code for float64 with the first program that has it, and never else", async () => {
  expect(compiled(floats)).not.toBeInstanceOf(Promise)
  const [one, two] = [compiled(doubles), compiled(doubles)]
  expect(one).toBeInstanceOf(Promise)
  expect(compiled(floats)).not.toBeInstanceOf(Promise)
  for (const exe of [await one, await two, compiled(doubles)]) {
    expect(exe).not.toBeInstanceOf(Promise)
    const [y] = await (await exe).run([], [])
    expect(await device.download(y!)).toEqual(Float64Array.of(1, 2, 3))
  }
})
it("sees float64 that is on the way only", async () => {
  const fresh = wasm()
  const program: Program = { params: [], outs: [raw(T.cast(T.mul(T.iota([3], 0, "f64"), 2), "i32"))] }
  const exe = await fresh.compile({ program, lowered: () => lower(program, { limits: fresh.limits }) })
  const [y] = await exe.run([], [])
  expect(await fresh.download(y!)).toEqual(Int32Array.of(0, 2, 4))
  await fresh.close()
})
it("a program with float64 is not compiled without its code", () => {
  const lowered = lower(doubles, { limits: noLimits })
  expect(() => compileWasm(lowered)).toThrow("wasm: the program has float64, whose code is not loaded")
})
