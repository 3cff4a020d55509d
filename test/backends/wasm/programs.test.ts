// Whole programs on wasm against the oracle, for several choices of buffers, with and without donation.
import { afterAll, describe, expect, it } from "vitest"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { captured, type HostArray, hostArray, inline, inSession, type RawTensor } from "../../../src/core/index.ts"
import { gen } from "../../../src/testing/gen.ts"
import { programs } from "../../zoo.ts"

const device = wasm()
afterAll(() => device.close())
const host = (v: Float64Array, t: RawTensor): HostArray => {
  const out = hostArray(t.dtype, v.length)
  out.set(v)
  return out
}
describe.each(programs().map((p) => [p.name, p] as const))("%s", (_, { program, values, donated }) => {
  const params = [...program.params, ...captured(program)]
  const inputs = evaluate([...values, ...captured(program)]).map((v, k) => (params[k]!.dtype === "f32" ? v.map(Math.fround) : v))
  const want = evaluate(inSession(() => inline(program, values)))
  const flags = [...donated, ...captured(program).map(() => false)]
  const check = (options: Partial<Parameters<typeof lower>[1]>, given: readonly boolean[]): void => {
    const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits, ...options }) })
    if (exe instanceof Promise) throw new Error("wasm compiles synchronously")
    for (let round = 0; round < 2; round++) {
      const args = params.map((t, k) => device.upload(host(inputs[k]!, t), t))
      if (args.some((a) => a instanceof Promise)) throw new Error("wasm uploads synchronously")
      const outs = exe.run(args as never, given)
      if (outs instanceof Promise) throw new Error("wasm runs synchronously")
      outs.forEach((b, k) => {
        const got = device.download(b) as HostArray
        const scale = want[k]!.reduce((s, v) => Math.max(s, Math.abs(v)), 1)
        let worst = 0
        want[k]!.forEach((v, i) => (worst = Math.max(worst, Number.isNaN(got[i]!) ? Infinity : Math.abs(got[i]! - v))))
        expect(worst / scale, `output ${k}`).toBeLessThan(2e-5)
      })
      // what was not given away still holds its values
      args.forEach((a, k) => {
        if (!given[k]) expect(device.download(a as never)).toEqual(host(inputs[k]!, params[k]!))
        device.free(a as never)
      })
      for (const b of outs) device.free(b)
    }
    exe.dispose()
    expect(device.live().buffers).toBe(0)
  }
  it("agrees with the reference", () =>
    check(
      {},
      params.map(() => false),
    ))
  it("agrees when arguments are donated, and keeps them when they are not after all", () => {
    check({ donated: flags }, flags)
    check(
      { donated: flags },
      params.map(() => false),
    )
  })
  it("does not depend on what gets a buffer", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const g = gen(seed, "small")
      const chosen = new Map<RawTensor, boolean>()
      const roots = (t: RawTensor): boolean => {
        if (!chosen.has(t)) chosen.set(t, g.bool())
        return chosen.get(t)!
      }
      check({ roots, fuse: g.bool(), donated: flags }, flags)
    }
  })
})
