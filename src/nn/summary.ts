// A network as text.
import { bytesOf } from "../core/dtype.ts"
import { show } from "../core/shape.ts"
import type { Row } from "./arrow.ts"
import type { AnyNetwork } from "./network.ts"

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",")
const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 ** 2 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1024 ** 2).toFixed(1)} MiB`
/** Elements of one example: names count once, and what is not known counts nothing. */
const perExample = (r: Row): number => r.shape.reduce((n: number, d) => (typeof d === "number" ? n * d : n), 1)

/**
 * A table of the layers: path, output shape, parameters, and the bytes that the output of one example takes (named axes counted
 * once). Then the totals: parameters, and what all outputs take together, which is what training keeps for one example at most.
 *
 * @example console.log(Net.summary(net))
 */
export const summary = (net: AnyNetwork): string => {
  const size = bytesOf(net.output.dtype)
  const rows = net.plan.rows.map((r) => [r.path, show(r.shape), grouped(r.parameters), bytes(perExample(r) * size)])
  const head = ["layer", "output", "parameters", "per example"]
  const table = [head, ["input", show(net.input.shape), "", ""], ...rows]
  const widths = head.map((_, k) => Math.max(...table.map((r) => r[k]!.length)))
  const line = (r: readonly string[]): string =>
    r
      .map((c, k) => (k < 2 ? c.padEnd(widths[k]!) : c.padStart(widths[k]!)))
      .join("  ")
      .trimEnd()
  const rule = "-".repeat(widths.reduce((a, b) => a + b + 2, -2))
  const kept = net.plan.rows.reduce((n, r) => n + perExample(r) * size, 0)
  const total = `${grouped(net.parameters)} parameters (${bytes(net.parameters * size)}), ${bytes(kept)} of outputs per example`
  return [line(head), rule, ...table.slice(1).map(line), rule, total].join("\n")
}
