// The points of curves.ts as pictures (docs/performance/*.svg) and, on the standard output, as tables.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Point } from "./curves.ts"
import { draw } from "./svg.ts"
import { root } from "./root.ts"

const folder = fileURLToPath(new URL("docs/performance/", root))
const names: Readonly<Record<string, string>> = { mlp: "MLP", transformer: "Transformer", lstm: "LSTM" }
const axes: Readonly<Record<string, string>> = {
  batch: "batch",
  width: "width",
  depth: "layers or blocks",
  length: "times",
}
const number = (v: number): string =>
  v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v >= 0.1 ? v.toFixed(2) : v.toPrecision(2)
const groupBy = <A>(all: readonly A[], key: (a: A) => string): ReadonlyMap<string, readonly A[]> => {
  const out = new Map<string, A[]>()
  for (const a of all) out.set(key(a), [...(out.get(key(a)) ?? []), a])
  return out
}
const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
const titleOf = ({ curve, axis }: Point): string => {
  const [model, what] = curve.split(" ")
  const against = what === "memory" ? "memory" : what ? "compile time" : "a step"
  return `${names[model!]!}: ${against} against ${axis}`
}
export const drawAll = (file: string): void => {
  const { rows } = JSON.parse(readFileSync(file, "utf8")) as { readonly rows: Point[] }
  const threads = (p: Point): number => Number(/^wasm(\d+)$/.exec(p.series)?.[1] ?? 0)
  rows.sort((a, b) => threads(a) - threads(b))
  mkdirSync(folder, { recursive: true })
  for (const [key, points] of groupBy(rows, (p) => `${p.curve} ${p.axis}`)) {
    const first = points[0]!
    const [unit, per] = first.unit === "bytes" ? (["MB", 2 ** 20] as const) : (["ms", 1] as const)
    const series = [...groupBy(points, (p) => p.series)].map(([name, of]) => ({
      name,
      points: [...of].sort((a, b) => a.x - b.x).map((p) => [p.x, p.y / per] as const),
      dashed: name === "lower bound",
    }))
    if (!first.curve.endsWith("module")) {
      const chart = draw({ title: titleOf(first), x: axes[first.axis]!, y: unit, series, show: String })
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
      console.log(line([s.name, ...xs.map((x) => (at.has(x) ? `${number(at.get(x)!)}${flops(s.name, x)}` : ""))]))
    }
  }
}
