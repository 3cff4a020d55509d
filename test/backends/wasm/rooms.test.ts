import { afterAll, describe, expect, it } from "vitest"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { compileWasm } from "../../../src/backends/wasm/program.ts"
import { lower, noLimits } from "../../../src/compiler/index.ts"
import { emit, mapOp, type Program, type RawTensor, raw } from "../../../src/core/index.ts"
import { lift } from "../../../src/scalar/_lift.ts"
import { mul } from "../../../src/scalar/mul.ts"
import { sin } from "../../../src/scalar/sin.ts"
import * as T from "../../../src/tensor.ts"
import { doubles, sines } from "./_rooms.ts"

const hundredSines = mapOp(
  {
    name: "hundredSines",
    arity: 1,
    cost: 40,
    eval: (_, x) => 100 * Math.sin(x!),
    define: (x) => lift(mul)(100, lift(sin)(x!)),
  },
  { jvp: "none" },
)
const floats: Program = { params: [], outs: [raw(T.add(T.iota([3], 0, "f32"), 1))] }

describe.each([
  ["float64", doubles, [1, 2, 3], "float64"],
  ["functions that few programs have", sines, [0, 84, 90], "sin"],
] as const)("the code for %s", (_, program, want, name) => {
  const device = wasm()
  afterAll(() => device.close())
  const compiled = (p: Program) => device.compile({ program: p, lowered: () => lower(p, { limits: device.limits }) })
  it("is waited for by the first program that has it, and by no other", async () => {
    expect(compiled(floats)).not.toBeInstanceOf(Promise)
    const [one, two] = [compiled(program), compiled(program)]
    expect(one).toBeInstanceOf(Promise)
    expect(compiled(floats)).not.toBeInstanceOf(Promise)
    for (const exe of [await one, await two, compiled(program)]) {
      expect(exe).not.toBeInstanceOf(Promise)
      const [y] = await (await exe).run([], [])
      expect([...(await device.download(y!))]).toEqual(want)
    }
  })
  it("is asked for where it is missing", () => {
    const lowered = lower(program, { limits: noLimits })
    expect(() => compileWasm(lowered)).toThrow(`wasm: the program has ${name}, whose code is not loaded`)
  })
})
it.each([
  ["float64 on the way", T.cast(T.mul(T.iota([3], 0, "f64"), 2), "i32"), [0, 2, 4]],
  ["sines in float64", T.floor(T.mul(T.sin(T.iota([3], 0, "f64")), 100)), [0, 84, 90]],
  ["both", T.add(T.floor(T.mul(T.sin(T.iota([3], 0, "f32")), 100)), T.cast(T.iota([3], 0, "f64"), "f32")), [0, 85, 92]],
  ["a function behind a definition", T.floor(emit(hundredSines, [raw(T.iota([3], 0, "f32"))]) as RawTensor), [0, 84, 90]],
])("%s is seen", async (_, x, want) => {
  const device = wasm()
  const program: Program = { params: [], outs: [raw(x)] }
  const exe = await device.compile({ program, lowered: () => lower(program, { limits: device.limits }) })
  const [y] = await exe.run([], [])
  expect([...(await device.download(y!))]).toEqual(want)
  await device.close()
})
