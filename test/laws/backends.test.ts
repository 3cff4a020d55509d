// Every backend computes what the reference computes: value, forward and backward derivatives and batches of every op, over all
// classes of shapes, all cases of an op in one compiled program. How far they may differ: _judge.ts. ADJOINT_BACKEND=wasm for one of
// them, ADJOINT_OP=add for one op.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { UnsupportedOnDevice } from "../../src/backends/errors.ts"
import { gpujs } from "../../src/backends/gpujs/index.ts"
import { wasm } from "../../src/backends/wasm/index.ts"
import { lower } from "../../src/compiler/index.ts"
import { captured, type HostArray, hostArray, inline, storageOf, trace } from "../../src/core/index.ts"
import { everything } from "./_harness.ts"
import { casesOf, compare, type Part } from "./_judge.ts"

const devices: Readonly<Record<string, () => Promise<Backend>>> = {
  wasm: async () => wasm(),
  "gpujs-webasm": () => gpujs({ mode: "webasm" }),
}
/** Many programs as one. */
const joined = (parts: readonly Part[]): Part => {
  const program = trace(
    (...x) => {
      let at = 0
      return parts.flatMap((p) => inline(p.program, x.slice(at, (at += p.program.params.length))))
    },
    parts.flatMap((p) => p.program.params),
  )
  return { title: `${parts.length} programs`, program, x: parts.flatMap((p) => p.x) }
}
const host = (v: Float64Array, dtype: Parameters<typeof hostArray>[0]): HostArray => {
  const out = hostArray(dtype, v.length)
  out.set(v)
  return out
}
const runOn = async (dev: Backend, { program, x }: Part): Promise<Float64Array[]> => {
  const exe = await dev.compile({ program, lowered: () => lower(program, { limits: dev.limits }) })
  const data = captured(program)
  const given = [...x, ...data.map((t) => Float64Array.from(storageOf(t)!.host!))]
  const args = await Promise.all([...program.params, ...data].map((t, k) => dev.upload(host(given[k]!, t.dtype), t)))
  const outs = await exe.run(
    args,
    args.map(() => false),
  )
  const values = await Promise.all(outs.map(async (b) => Float64Array.from(await dev.download(b))))
  for (const b of [...args, ...outs]) dev.free(b)
  exe.dispose()
  return values
}

const only = process.env["ADJOINT_BACKEND"]
const uses64 = (p: Part): boolean => [...p.program.params, ...p.program.outs].some((t) => t.dtype === "f64")
for (const [name, open] of Object.entries(devices)) {
  if (only && only !== name) continue
  describe(`${name} = reference`, () => {
    let dev: Backend
    beforeAll(async () => {
      dev = await open()
    })
    afterAll(() => dev.close())
    for (const s of everything.filter((x) => x.examples))
      it(s.name, async () => {
        const parts = casesOf(s).filter((p) => dev.limits.f64 || !uses64(p))
        let wrong: string[]
        try {
          wrong = compare(parts, await runOn(dev, joined(parts)))
        } catch (e) {
          // Which of them is it?
          wrong = [`all together: ${(e as Error).message}`]
          for (const p of parts)
            try {
              wrong.push(...compare([p], await runOn(dev, p)))
            } catch (e1) {
              wrong.push(`${p.title}: ${e1 instanceof UnsupportedOnDevice ? "unsupported: " : ""}${(e1 as Error).message}`)
            }
        }
        if (wrong.length > 0)
          throw new Error(`${wrong.length} results differ, of ${parts.length} programs:\n${wrong.slice(0, 6).join("\n")}`)
        expect(dev.live().buffers).toBe(0)
      })
  })
}
