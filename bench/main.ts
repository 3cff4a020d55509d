// Our side of the peers' benchmark: npm run bench -- [--only a,b] [--peers wasm1,wasm2] [--json FILE]. One JSON line for each workload
// and device, with the fields of the peers' harness. A time counts only after the results agree with the float64 reference. README.md
// says what else there is.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { closeDevice } from "../src/runtime/open.ts"
import { openPeer, watchRuns } from "./devices.ts"
import { measure } from "./measure.ts"
import { prepare } from "./reference.ts"
import { workloads } from "./workloads.ts"

const flag = (name: string): string | undefined => {
  const k = process.argv.indexOf(`--${name}`)
  return k < 0 ? undefined : process.argv[k + 1]
}
const has = (name: string): boolean => process.argv.includes(`--${name}`)
interface Line {
  readonly peer: string
  readonly workload: string
  readonly status: string
}
/** Adds rows to a file, in the place of older ones of the same peer and workload. */
const keep = (file: string, rows: readonly Line[]): void => {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { readonly rows: readonly Line[] }).rows : []
  const same = (a: Line, b: Line): boolean => a.peer === b.peer && a.workload === b.workload
  const all = [...before.filter((b) => !rows.some((r) => same(r, b))), ...rows]
  const host = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), host, rows: all }, null, 1)}\n`)
}
const bench = async (): Promise<boolean> => {
  watchRuns()
  const only = flag("only")?.split(",")
  const peers = (flag("peers") ?? "wasm1,wasm2").split(",")
  const rows: Line[] = []
  const wanted = workloads.filter(({ name }) => !only || only.some((o) => name.startsWith(o)))
  for (const { name, make } of wanted)
    for (const p of peers) {
      const device = await openPeer(p)
      const base = { peer: `adjoint:${p}`, workload: name }
      const w = make()
      const row = device
        ? await measure(device, w).catch((e: unknown) => ({ status: "error", reason: String(e).slice(0, 400) }))
        : { status: "unsupported", reason: "this machine does not have the device" }
      if (device) await closeDevice(device)
      const line = { ...base, unit: w.spec.unit, ...row, load1: +loadavg()[0]!.toFixed(2) }
      rows.push(line)
      console.log(JSON.stringify(line))
    }
  const file = flag("json")
  if (file) keep(file, rows)
  return rows.every((r) => r.status === "ok" || r.status === "unsupported")
}
if (has("prepare")) prepare()
else if (has("sizes")) await (await import("./sizes.ts")).sizes()
else if (has("cold")) (await import("./cold.ts")).cold()
else if (!(await bench())) process.exitCode = 1
