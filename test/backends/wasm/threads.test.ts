// Several threads give the same bits as one, whatever the choice of buffers, and whoever takes which chunk.
import { afterAll, describe, expect, it } from "vitest"
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { captured, type HostArray, hostArray, type RawTensor } from "../../../src/core/index.ts"
import { gen } from "../../../src/testing/gen.ts"
import { programs } from "../../zoo.ts"

const one = wasm()
/** Everything is divided, and the workers are called for everything. */
const eager = { least: 0, always: true }
/** The last one never gets workers: it runs the same modules alone. */
const many = [wasmThreads(2, eager), wasmThreads(3, eager), wasmThreads(2, { least: 0 })]
afterAll(async () => {
  for (const d of [one, ...many]) await d.close()
})
const whenIdle = (): Promise<unknown> => new Promise((done) => setTimeout(done, 0))
describe.each(programs().map((p) => [p.name, p] as const))("%s", (_, { program, values, donated }) => {
  const params = [...program.params, ...captured(program)]
  const inputs = evaluate([...values, ...captured(program)])
  const flags = [...donated, ...captured(program).map(() => false)]
  const results = (device: Backend, options: Partial<Parameters<typeof lower>[1]>): HostArray[][] => {
    const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits, ...options }) }) as Compiled
    const rounds = [0, 1, 2].map(() => {
      const args = params.map((t, k) => {
        const h = hostArray(t.dtype, inputs[k]!.length)
        h.set(inputs[k]!)
        return device.upload(h, t) as DeviceBuffer
      })
      const outs = exe.run(args, flags) as readonly DeviceBuffer[]
      const got = outs.map((b) => device.download(b) as HostArray)
      for (const b of [...args, ...outs]) device.free(b)
      return got
    })
    exe.dispose()
    return rounds
  }
  it("has the same bits", async () => {
    for (let seed = 0; seed < 4; seed++) {
      const g = gen(seed, "small")
      const chosen = new Map<RawTensor, boolean>()
      const roots = (t: RawTensor): boolean => {
        if (!chosen.has(t)) chosen.set(t, g.bool())
        return chosen.get(t)!
      }
      const options = { donated: flags, ...(seed > 0 ? { roots, fuse: seed > 1 } : {}) }
      const want = results(one, options)
      chosen.clear()
      for (const device of many) {
        const again = gen(seed, "small")
        const same = new Map<RawTensor, boolean>()
        const pick = (t: RawTensor): boolean => {
          if (!same.has(t)) same.set(t, again.bool())
          return same.get(t)!
        }
        expect(results(device, seed > 0 ? { ...options, roots: pick } : options)).toEqual(want)
      }
      await whenIdle()
    }
  })
})
