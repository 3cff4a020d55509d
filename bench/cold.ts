// Cold start: import, compile, first product of 64 by 64 on the host, in a fresh process, from the built package (npm run build). As for
// the peers, the process's own start, the making of the inputs and the import of another file are not counted. Median of fifteen.
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { root } from "./root.ts"

const dist = new URL("dist/src/", root)
/** Of the package itself, so that its programs find it by its name. */
const folder = new URL("out/cold/", root)
const inputs = `export const a = new Float32Array(4096).map((_, i) => Math.sin(i))
export const want = () => { let s = 0; for (let k = 0; k < 64; k++) s += a[k] * a[64 * k]; return s }
`
const before = `const { a, want } = await import("./inputs.mjs");
const t0 = performance.now();`
const report = `console.log(JSON.stringify({ imported: t1 - t0, first: t2 - t1, ok: Math.abs(y[0] - want()) < 1e-4 }));
process.exit(0)`
const programs: Readonly<Record<string, string>> = {
  effect: `${before}
const { Device, read } = await import("adjoint"), T = await import("adjoint/tensor"), Effect = await import("effect/Effect");
const t1 = performance.now(), x = T.fromArray(a, [64, 64]);
const y = await Effect.runPromise(read(T.matmul(x, x)).pipe(Effect.provide(Device.wasm)));
const t2 = performance.now(); ${report}`,
  promise: `${before}
const { session, T } = await import("adjoint/promise");
const t1 = performance.now(), x = T.fromArray(a, [64, 64]);
const s = await session({ device: "wasm" }), y = await s.read(T.matmul(x, x));
const t2 = performance.now(); ${report}`,
}
interface Start {
  readonly imported: number
  readonly first: number
  readonly ok: boolean
}
const median = (a: readonly number[]): number => +[...a].sort((x, y) => x - y)[a.length >> 1]!.toFixed(1)
export const cold = (): void => {
  if (!existsSync(fileURLToPath(dist))) throw new Error("cold: there is no dist; npm run build first")
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL("inputs.mjs", folder), inputs)
  for (const [face, source] of Object.entries(programs)) {
    const file = new URL(`${face}.mjs`, folder)
    writeFileSync(file, source)
    const starts = Array.from({ length: 15 }, (): Start => {
      const out = execFileSync(process.execPath, [fileURLToPath(file)], { encoding: "utf8" })
      const start = JSON.parse(out) as Start
      if (!start.ok) throw new Error("cold: wrong product")
      return start
    })
    const row = {
      peer: `adjoint:${face}`,
      workload: "cold_start",
      unit: "ms",
      status: "ok",
      import_init_ms: median(starts.map((s) => s.imported)),
      first_matmul_ms: median(starts.map((s) => s.first)),
      median: median(starts.map((s) => s.imported + s.first)),
    }
    console.log(JSON.stringify(row))
  }
}
