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
  const value = k < 0 ? undefined : process.argv[k + 1]
  return value?.startsWith("--") ? undefined : value
}
const has = (name: string): boolean => process.argv.includes(`--${name}`)
interface Line {
  readonly peer: string
  readonly workload: string
  readonly status: string
  readonly median?: number
}
/** Adds rows to a file, in the place of older ones with the same values of the keys; with --keep-best only of slower ones. */
const keep = <R>(file: string, rows: readonly R[], keys: readonly (keyof R)[], time: (r: R) => number): void => {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { readonly rows: readonly R[] }).rows : []
  const same = (a: R, b: R): boolean => keys.every((k) => a[k] === b[k])
  const better = (b: R): boolean => {
    const now = rows.find((r) => same(r, b))
    return now === undefined || (has("keep-best") && time(b) <= time(now))
  }
  const kept = before.filter(better)
  const all = [...kept, ...rows.filter((r) => !kept.some((b) => same(r, b)))]
  const host = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), host, rows: all }, null, 1)}\n`)
}
const peers = (flag("peers") ?? "wasm1,wasm2").split(",")
const curves = async (): Promise<void> => {
  const points = await (await import("./curves.ts")).curves(flag("curves")?.split(","), peers)
  const file = flag("json")
  if (file) keep(file, points, ["curve", "axis", "x", "series"], (p) => p.y)
}
const bench = async (): Promise<boolean> => {
  watchRuns()
  const only = flag("only")?.split(",")
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
  if (file) keep(file, rows, ["peer", "workload"], (r) => r.median ?? Number.NaN)
  return rows.every((r) => r.status === "ok" || r.status === "unsupported")
}
if (has("prepare")) prepare()
else if (has("sizes")) await (await import("./sizes.ts")).sizes()
else if (has("ops")) await import("./ops.ts")
else if (has("curves")) await curves()
else if (has("draw")) (await import("./draw.ts")).drawAll(flag("draw")!)
else if (has("compile")) {
  const [name, x] = flag("compile")!.split(",") as [string, string]
  console.log((await import("./curves.ts")).compileOnce(name, Number(x)))
} else if (has("cold")) (await import("./cold.ts")).cold()
else if (!(await bench())) process.exitCode = 1
