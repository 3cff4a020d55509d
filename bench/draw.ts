// The points of curves.ts as pictures (docs/performance/*.svg) and, on the standard output, as tables.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Point } from "./curves.ts"
import { draw } from "./svg.ts"

const folder = fileURLToPath(new URL("../docs/performance/", import.meta.url))
const names: Readonly<Record<string, string>> = {
  mlp: "MLP 784-512-512-10, batch 128",
  "mlp depth": "MLP of 256 units a layer, batch 128",
  transformer: "Transformer block, batch 8, 64 times, width 128",
  "transformer length": "Transformer block, batch 4, width 128",
  lstm: "LSTM, batch 32, 32 times, width 128",
}
const axes: Readonly<Record<string, string>> = {
  batch: "batch",
  width: "width",
  depth: "layers or blocks",
  length: "times",
}
const number = (v: number): string =>
  v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v >= 0.1 ? v.toFixed(2) : v.toPrecision(2)
const megabytes = (v: number): string => `${number(v / 2 ** 20)}`
const groupBy = <A>(all: readonly A[], key: (a: A) => string): ReadonlyMap<string, readonly A[]> => {
  const out = new Map<string, A[]>()
  for (const a of all) out.set(key(a), [...(out.get(key(a)) ?? []), a])
  return out
}
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
const titleOf = ({ curve, axis }: Point): string => {
  const [model, what] = curve.split(" ")
  if (what) return `${model === "mlp" ? "MLP" : "Transformer"} step: ${what === "memory" ? "memory" : "compile time"}`
  return `${names[`${model} ${axis}`] ?? names[model!]!}: step against ${axis}`
}
export const drawAll = (file: string): void => {
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { readonly rows: readonly Point[] }
  mkdirSync(folder, { recursive: true })
  for (const [key, points] of groupBy(rows, (p) => `${p.curve} ${p.axis}`)) {
    const first = points[0]!
    const show = first.unit === "bytes" ? megabytes : number
    const unit = first.unit === "bytes" ? "MB" : "ms"
    const series = [...groupBy(points, (p) => p.series)].map(([name, of]) => ({
      name,
      points: [...of].sort((a, b) => a.x - b.x).map((p) => [p.x, p.y] as const),
      dashed: name === "lower bound",
    }))
    if (!first.curve.endsWith("module")) {
      const chart = draw({ title: titleOf(first), x: axes[first.axis]!, y: unit, series, show })
      writeFileSync(`${folder}${key.replaceAll(" ", "-")}.svg`, chart)
    }
    const flops = (name: string, x: number): string => {
      const g = points.find((p) => p.series === name && p.x === x)?.gflops
      return g === undefined ? "" : ` (${g.toFixed(0)})`
    }
    const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b)
    const head = [`${first.axis}, ${unit}${first.gflops === undefined ? "" : " (GFLOP/s)"}`, ...xs.map(String)]
    console.log(`\n### ${key}\n\n${line(head)}\n${line(head.map((_, k) => (k === 0 ? "---" : "---:")))}`)
    for (const s of series) {
      const at = new Map(s.points)
      console.log(line([s.name, ...xs.map((x) => (at.has(x) ? `${show(at.get(x)!)}${flops(s.name, x)}` : ""))]))
    }
  }
}
