// Whole programs on a real GPU, by hand, on a machine that has one:
//   node --conditions=adjoint-source --import tsx test/backends/gpujs/device.ts [software] [small]
// Prints one JSON line per program: the largest |got - want| / (1 + |want|), and ms per step with parameters kept on the device. Small
// programs are judged by the float64 reference, large ones by gpujs-webasm. "software": SwiftShader instead; "small": no large programs.
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { gpujs } from "../../../src/backends/gpujs/index.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { captured, hostArray, inSession, inline, type RawTensor } from "../../../src/core/index.ts"
import { programs, type ZooProgram } from "../../zoo.ts"
import { large, more } from "./_programs.ts"
import { worst } from "./_run.ts"

interface Ready {
  readonly compiled: Compiled
  readonly args: DeviceBuffer[]
  readonly flags: readonly boolean[]
  readonly compileMs: number
}
const ready = async (b: Backend, { program, values, donated }: ZooProgram): Promise<Ready> => {
  const all: readonly RawTensor[] = [...program.params, ...captured(program)]
  const flags = all.map((_, k) => donated[k] ?? false)
  const start = performance.now()
  const compiled = await b.compile({ program, lowered: () => lower(program, { limits: b.limits, donated: flags }) })
  const compileMs = performance.now() - start
  const inputs = evaluate([...values, ...captured(program)])
  const args = await Promise.all(
    all.map((t, k) => {
      const h = hostArray(t.dtype, inputs[k]!.length)
      h.set(inputs[k]!)
      return b.upload(h, t)
    }),
  )
  return { compiled, args, flags, compileMs }
}
/** One step: donated arguments are replaced by the results that take their place, in order. Returns the last result. */
const step = async (b: Backend, r: Ready): Promise<DeviceBuffer> => {
  const outs = [...(await r.compiled.run(r.args, r.flags))]
  r.flags.forEach((gone, k) => {
    if (gone) r.args[k] = outs.shift()!
  })
  for (const o of outs.slice(0, -1)) b.free(o)
  return outs.at(-1)!
}
const outputs = async (b: Backend, p: ZooProgram): Promise<number[][]> => {
  const r = await ready(b, p)
  const outs = await r.compiled.run(r.args, r.flags)
  const values: number[][] = []
  for (const o of outs) values.push(Array.from(await b.download(o)))
  for (const o of [...outs, ...r.args.filter((_, k) => !r.flags[k])]) b.free(o)
  r.compiled.dispose()
  return values
}
const isStep = (p: ZooProgram): boolean => p.donated.includes(true) && p.program.outs.length > p.donated.filter((d) => d).length
/** ms per step over `seconds` after three steps, everything on the device but one number read back at the end. */
const timed = async (
  b: Backend,
  p: ZooProgram,
  seconds: number,
): Promise<{ readonly msPerStep: number; readonly compileMs: number; readonly steps: number }> => {
  const r = await ready(b, isStep(p) ? p : { ...p, donated: p.donated.map(() => false) })
  const settle = async (last: DeviceBuffer): Promise<void> => {
    await b.download(last)
    b.free(last)
  }
  for (let k = 0; k < 3; k++) await settle(await step(b, r))
  const start = performance.now()
  let steps = 0
  while (performance.now() - start < 1000 * seconds) {
    for (let k = 0; k < 9; k++) b.free(await step(b, r))
    await settle(await step(b, r))
    steps += 10
  }
  const msPerStep = (performance.now() - start) / steps
  r.args.forEach(b.free)
  r.compiled.dispose()
  return { msPerStep, compileMs: r.compileMs, steps }
}
const adapter = process.argv.includes("software") ? "software" : "hardware"
const gpu = await gpujs({ mode: "webgpu", adapter })
const judge = await gpujs({ mode: "webasm" })
console.log(JSON.stringify({ device: gpu.name, adapter: gpu.description, limits: gpu.limits }))
const round = (v: number): number => Number(v.toPrecision(3))
for (const [of, list] of [
  ["small", [...programs(), ...more()]],
  ["large", process.argv.includes("small") ? [] : large()],
] as const)
  for (const p of list)
    try {
      const got = await outputs(gpu, p)
      const want =
        of === "small" ? evaluate(inSession(() => inline(p.program, p.values))).map((v) => [...v]) : await outputs(judge, p)
      const error = Math.max(...got.map((y, k) => worst(y, want[k]!)))
      const t = await timed(gpu, p, of === "small" ? 0.2 : 2)
      console.log(
        JSON.stringify({
          program: p.name,
          error: round(error),
          msPerStep: round(t.msPerStep),
          compileMs: round(t.compileMs),
          steps: t.steps,
        }),
      )
    } catch (e) {
      console.log(JSON.stringify({ program: p.name, failed: String(e).slice(0, 400) }))
    }
console.log(JSON.stringify({ live: gpu.live() }))
await gpu.close()
await judge.close()
