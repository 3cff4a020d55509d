// Convolutions of every geometry with their gradients: forward and transposed, strides, dilations, groups, margins, nothing in them; on one
// thread within rounding of the reference, on two and three the same bits.
import { afterAll, describe, expect, it } from "vitest"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { inline, inSession } from "../../../src/core/index.ts"
import { type Convolution, convolutions } from "./_convolutions.ts"

const one = wasm()
/** Everything is divided, and the workers are called for everything. */
const many = [wasmThreads(2, { least: 0, always: true }), wasmThreads(3, { least: 0, always: true })]
afterAll(async () => {
  for (const d of [one, ...many]) await d.close()
})
const results = (device: typeof one, { program, inputs }: Convolution): Float32Array[] => {
  const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits }) }) as Compiled
  const values = evaluate(inputs)
  const args = inputs.map((t, k) => device.upload(Float32Array.from(values[k]!), t) as DeviceBuffer)
  const outs = exe.run(
    args,
    args.map(() => false),
  ) as readonly DeviceBuffer[]
  const got = outs.map((b) => device.download(b) as Float32Array)
  for (const b of [...args, ...outs]) device.free(b)
  exe.dispose()
  return got
}
describe.each(
  [...convolutions(20261124, 60, "wild"), ...convolutions(20261125, 30), ...convolutions(20261126, 40, "depthwise")].map(
    (c) => [c.name, c] as const,
  ),
)("%s", (_, c) => {
  it("is what the reference says, with the same bits on any number of threads", () => {
    const got = results(one, c)
    evaluate(inSession(() => inline(c.program, c.inputs))).forEach((want, k) => {
      const scale = want.reduce((s, v) => Math.max(s, Math.abs(v)), 1)
      const off = want.findIndex((v, i) => !(Math.abs(got[k]![i]! - v) <= 2e-5 * scale))
      expect(off, `output ${k}`).toBe(-1)
    })
    for (const device of many) expect(results(device, c)).toEqual(got)
  })
})
