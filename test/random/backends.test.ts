// The same numbers everywhere: bits, uniform numbers and choices exactly, normal ones up to the rounding of the inverse error function.
import "../../src/transform/linear.ts"
import { describe, expect, it } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { gpujs } from "../../src/backends/gpujs/index.ts"
import { evaluate } from "../../src/backends/reference/index.ts"
import { wasm } from "../../src/backends/wasm/index.ts"
import { lower } from "../../src/compiler/index.ts"
import { type AnyTensor, captured, raw, storageOf, type Tensor, trace } from "../../src/core/index.ts"
import * as Random from "../../src/random/index.ts"
import { vmap } from "../../src/transform/index.ts"

const valuesOf = (t: AnyTensor): Float64Array => evaluate([raw(t)])[0]!
const runOn = async (dev: Backend, t: AnyTensor): Promise<Float64Array> => {
  const program = trace(() => [t], [])
  const exe = await dev.compile({ program, lowered: () => lower(program, { limits: dev.limits }) })
  const args = await Promise.all(captured(program).map((d) => dev.upload(storageOf(d)!.host!, d)))
  const outs = await exe.run(
    args,
    args.map(() => false),
  )
  const values = Float64Array.from(await dev.download(outs[0]!))
  for (const b of [...args, ...outs]) dev.free(b)
  exe.dispose()
  return values
}
const key = Random.key(20261120)

describe.each([
  ["wasm", async (): Promise<Backend> => wasm()],
  ["gpujs-webasm", (): Promise<Backend> => gpujs({ mode: "webasm" })],
] as const)("%s", (_, open) => {
  it("gives the numbers of the reference", async () => {
    const dev = await open()
    try {
      const exact: readonly AnyTensor[] = [
        Random.bits(key, [1001]),
        Random.fold(key, "dense_1"),
        Random.split(key, 5),
        Random.uniform(key, [7, 11, 13]),
        Random.bernoulli(key, 0.3, [999]),
        vmap((k: Tensor<[2], "u32">) => Random.uniform(k, [33]))(Random.split(key, 3)),
      ]
      for (const t of exact) expect(await runOn(dev, t)).toEqual(valuesOf(t))
      const z = Random.normal(key, [20000])
      const wanted = valuesOf(z)
      const got = await runOn(dev, z)
      // Measured: 2.2 units in the last place on both.
      const worst = got.reduce((m, v, k) => Math.max(m, Math.abs(v / wanted[k]! - 1) / 2 ** -23), 0)
      expect(worst).toBeLessThan(4)
      expect(dev.live().buffers).toBe(0)
    } finally {
      await dev.close()
    }
  })
})
