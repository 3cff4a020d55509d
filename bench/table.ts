// Result files of ours and of the peers as one table: npx tsx bench/table.ts OURS.json [PEERS.json ...] [--stat min]
// A row of a later file replaces the same row of an earlier one.
import { readFileSync } from "node:fs"
import { goals, jax, nativeGoals, type Ours, torch } from "./goals.ts"
import { specs } from "./specs.ts"

interface Row {
  readonly peer: string
  readonly workload: string
  readonly status: string
  readonly reason?: string
  readonly median: number
  readonly min: number
  readonly resident?: number
  readonly resident_min?: number
  readonly overhead?: number
  readonly gflops?: number
  readonly cpu?: number
}
interface File {
  readonly date: string
  readonly host: { readonly cpu: string; readonly cores: number; readonly node: string }
  readonly rows: readonly Row[]
}
const at = process.argv.indexOf("--stat")
const stat = at > 0 && process.argv[at + 1] === "min" ? "min" : "median"
const files = process.argv.slice(2).filter((f) => f.endsWith(".json"))
const read = files.map((f) => JSON.parse(readFileSync(f, "utf8")) as File)
const rows = new Map(read.flatMap((f) => f.rows).map((r) => [`${r.peer} ${r.workload}`, r]))
const find = (peer: string, workload: string): Row | undefined => rows.get(`${peer} ${workload}`)
const time = (peer: string, workload: string): number | undefined => {
  const r = find(peer, workload)
  return r?.status === "ok" ? r[stat] : undefined
}
const num = (x: number | undefined): string =>
  x === undefined ? "" : x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : x.toPrecision(2)
/** Copied to the host / kept on the device. */
const own = (peer: string, workload: string): string => {
  const r = find(peer, workload)
  if (!r) return ""
  if (r.status !== "ok") return r.status
  const kept = stat === "min" ? r.resident_min : r.resident
  return kept === undefined ? num(r[stat]) : `${num(r[stat])} / ${num(kept)}`
}
const others = ["jax-js:1", "jax-js:mt", "tfjs:wasm", "ort:web1", "torch:1", "torch:2"].filter((p) =>
  [...rows.values()].some((r) => r.peer === p),
)
const mine = ["adjoint:wasm1", "adjoint:wasm2", "adjoint:native"].filter((p) => [...rows.values()].some((r) => r.peer === p))
const verdict = (own: string, of: typeof goals, workload: string): string => {
  const r = find(own, workload)
  if (r?.status !== "ok") return r ? `${r.status}: ${r.reason ?? ""}` : ""
  const kept = stat === "min" ? r.resident_min : r.resident
  const { flops } = specs.find((s) => s.name === workload)!
  const ours: Ours = { copied: r[stat], resident: kept ?? r[stat], ...(flops ? { gflops: flops / (kept ?? r[stat]) / 1e6 } : {}) }
  return (of[workload] ?? [])
    .map((goal) => goal(ours, (p) => time(p, workload), workload))
    .map(({ text, met }) => `${met === undefined ? "?" : met ? "yes" : "**no**"}: ${text}`)
    .join("; ")
}
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
const rule = (head: readonly string[], left: readonly number[]): string =>
  line(head.map((_, k) => (left.includes(k) ? "---" : "---:")))
const head = ["workload", "unit", ...mine.map((p) => p.replace("adjoint:", "")), "cpu", "JS, us", ...others]
const all = [...head, "[torch 2.13]", "[JAX 0.10]"]
console.log(`${line(all)}\n${rule(all, [0, 1])}`)
for (const { name, unit } of specs) {
  const r = find("adjoint:wasm2", name)
  const peers = others.map((p) => num(time(p, name)))
  const [cpu, js] = [r?.cpu?.toFixed(1) ?? "", r?.overhead?.toFixed(0) ?? ""]
  console.log(line([name, unit, ...mine.map((p) => own(p, name)), cpu, js, ...peers, num(torch[name]), num(jax[name])]))
}
const judged = [
  ["adjoint:wasm2", goals],
  ["adjoint:native", nativeGoals],
] as const
for (const [peer, of] of judged) {
  if (!mine.includes(peer)) continue
  const titles = ["workload", `goals of ${peer.replace("adjoint:", "")}`]
  console.log(`\n${line(titles)}\n${rule(titles, [0, 1])}`)
  for (const { name } of specs) if (of[name]) console.log(line([name, verdict(peer, of, name)]))
}
for (const { date, host } of read) console.log(`\n${date.slice(0, 10)}; ${host.cpu}, ${host.cores} cores, Node ${host.node}`)
