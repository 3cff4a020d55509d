// Our side of the peer benchmark: npm run bench -- [--only a,b] [--json FILE] [--device wasm|gpujs]. One JSON line per workload, with the fields of the
// peers' harness. A time counts only after the same program at a tenth of the size agrees with the float64 reference.
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { evaluate } from "../src/backends/reference/index.ts"
import { flatten, type RawTensor } from "../src/core/index.ts"
import { storageOf } from "../src/core/leaf.ts"
import { type OpenDevice, openers } from "../src/runtime/device.ts"
import { download, evaluate as onDevice } from "../src/runtime/execute.ts"
import { jitCall } from "../src/runtime/jit.ts"
import { DeviceStorage, Owner } from "../src/runtime/store.ts"
import { type Workload, workloads } from "./workloads.ts"

const flag = (name: string): string | undefined => {
  const k = process.argv.indexOf(`--${name}`)
  return k < 0 ? undefined : process.argv[k + 1]
}
const median = (a: readonly number[]): number => [...a].sort((x, y) => x - y)[a.length >> 1]!

/** Largest error of an output, relative to its largest value; updated arguments are compared on their change. */
const check = async (d: OpenDevice, w: Workload): Promise<number> => {
  const owner = new Owner(d)
  const want = evaluate(flatten((w.f as (...a: unknown[]) => unknown)(...w.args)).leaves)
  const got = flatten(await jitCall(w.f)(d, owner, w.args)).leaves
  const before = w.donate.length > 0 ? evaluate(flatten(w.args[0]).leaves) : []
  let worst = 0
  for (const [k, t] of got.entries()) {
    const v = await download(t)
    const base = before[k]
    let error = 0
    let largest = 0
    want[k]!.forEach((r, i) => {
      const e = Math.abs(v[i]! - r)
      if (!(e <= error)) error = e // a NaN sticks
      largest = Math.max(largest, Math.abs(base ? r - base[i]! : r))
    })
    worst = Math.max(worst, error / (largest || 1))
  }
  owner.close()
  return worst
}
interface Timing {
  readonly median: number
  readonly min: number
  readonly reps: number
  readonly inner: number
  readonly first_ms: number
}
/** ms per step; a step ends when its last result (the loss, or the whole output) has been copied to the host. */
const time = async (d: OpenDevice, w: Workload): Promise<Timing> => {
  const owner = new Owner(d)
  const call = jitCall(w.f, { donate: w.donate })
  const values = await onDevice(d, owner, flatten(w.args).leaves)
  const resident = await Promise.all(
    values.map(async (t) => (storageOf(t)?.host ? ((await jitCall(((x: never) => x) as never)(d, owner, [t])) as RawTensor) : t)),
  )
  let args = rebuild(w.args, resident)
  const step = async (): Promise<void> => {
    const out = (await call(d, owner, args)) as readonly unknown[] | RawTensor
    const { leaves } = flatten(out)
    await download(leaves.at(-1)!)
    if (w.donate.length > 0) args = [(out as readonly unknown[])[0], ...args.slice(1)]
    for (const t of w.donate.length > 0 ? leaves.slice(-1) : leaves) (storageOf(t) as DeviceStorage).release()
  }
  const clock = async (n: number): Promise<number> => {
    const t = performance.now()
    for (let k = 0; k < n; k++) await step()
    return performance.now() - t
  }
  const first_ms = await clock(1)
  let est = Number.POSITIVE_INFINITY
  for (let spent = 0, calls = 0; spent < 250 || calls < 3; calls++) {
    const t = await clock(1)
    spent += t
    est = Math.min(est, t)
  }
  const inner = Math.max(1, Math.min(5000, Math.ceil(3 / est)))
  const reps = Math.max(7, Math.min(41, Math.floor(600 / (inner * est))))
  const samples: number[] = []
  for (let r = 0; r < reps; r++) samples.push((await clock(inner)) / inner)
  owner.close()
  return { median: median(samples), min: Math.min(...samples), reps, inner, first_ms }
}
const rebuild = (args: readonly unknown[], leaves: readonly RawTensor[]): unknown[] => {
  let at = 0
  const go = (v: unknown): unknown =>
    typeof v === "object" && v !== null && "node" in v
      ? leaves[at++]
      : Array.isArray(v)
        ? v.map(go)
        : Object.fromEntries(
            Object.keys(v as object)
              .sort()
              .map((k) => [k, go((v as Record<string, unknown>)[k])]),
          )
  return args.map(go)
}

const only = flag("only")?.split(",")
const device = await (flag("device") === "gpujs" ? openers.gpujs() : openers.wasm())
const peer = flag("device") === "gpujs" ? `adjoint:${device.name}` : "adjoint:wasm1"
const rows: unknown[] = []
for (const make of workloads) {
  const w = make(1)
  if (only && !only.some((o) => w.name.startsWith(o))) continue
  const base = { peer, workload: w.name, unit: "ms" }
  const err = await check(device, make(0.1))
  const row =
    err <= w.tolerance
      ? await time(device, w).then((t) => ({
          ...base,
          status: "ok",
          ...t,
          ...(w.flops === undefined ? {} : { gflops: +(w.flops / t.median / 1e6).toFixed(2) }),
          ...(w.bytes === undefined ? {} : { gbs: +(w.bytes / t.median / 1e6).toFixed(2) }),
          err,
        }))
      : { ...base, status: "wrong", reason: `relative error ${err} > ${w.tolerance}` }
  rows.push(row)
  console.log(JSON.stringify(row))
}
const file = flag("json")
if (file)
  writeFileSync(
    file,
    `${JSON.stringify({ date: new Date().toISOString(), host: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }, rows }, null, 1)}\n`,
  )
process.exitCode = rows.some((r) => (r as { status: string }).status !== "ok") ? 1 : 0
