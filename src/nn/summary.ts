// A network as text.
import { bytesOf } from "../core/dtype.ts"
import { size } from "../core/shape.ts"
import { elements, isSlot, liveOf, type Plan, type Slots } from "./arrow.ts"
import type { AnyNetwork } from "./network.ts"
import { type AnySpec, isList, listOf, showSpec } from "./spec.ts"

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",")
const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 ** 2 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1024 ** 2).toFixed(1)} MiB`
const weights = (slots: Slots): number =>
  Object.values(slots).reduce((n, v) => n + (isSlot(v) ? bytesOf(v.dtype) * size(v.shape) : weights(v)), 0)
/** Bytes of one example: named axes count once. */
const perExample = (s: AnySpec): number =>
  listOf(s).reduce((n, t) => n + bytesOf(t.dtype) * t.shape.reduce((m: number, d) => (typeof d === "number" ? m * d : m), 1), 0)

/**
 * A table of the layers: path, output shape, parameters, and the bytes that the output of one example takes (named axes counted
 * once). Then the totals: parameters; what all outputs take together, which is what training keeps for one example at most; and how
 * many elements are alive at once in inference.
 *
 * @example console.log(Net.summary(net))
 */
export const summary = (net: AnyNetwork): string => {
  const rows = net.plan.rows.map((r) => [r.path, showSpec(r.out), grouped(r.parameters), bytes(perExample(r.out))])
  const head = ["layer", "output", "parameters", "per example"]
  const table = [head, ["input", showSpec(net.input), "", ""], ...rows]
  const widths = head.map((_, k) => Math.max(...table.map((r) => r[k]!.length)))
  const line = (r: readonly string[]): string =>
    r
      .map((c, k) => (k < 2 ? c.padEnd(widths[k]!) : c.padStart(widths[k]!)))
      .join("  ")
      .trimEnd()
  const rule = "-".repeat(widths.reduce((a, b) => a + b + 2, -2))
  const kept = net.plan.rows.reduce((n, r) => n + perExample(r.out), 0)
  const total = `${grouped(elements(net.plan.params))} parameters (${bytes(weights(net.plan.params))}), ${bytes(kept)} of outputs per example`
  const peak = `at most ${grouped(liveOf(net.input, net.plan).peak)} elements alive at once in inference, per example`
  return [line(head), rule, ...table.slice(1).map(line), rule, total, peak].join("\n")
}

const shapesOf = (s: AnySpec): unknown => (isList(s) ? s.map((t) => t.shape) : s.shape)
/**
 * The path of each layer and the shape that it gives, in the order in which they run, as literal types.
 *
 * @example Net.rows(Net.network(["b", 8], Net.dense(4), Net.relu)) // [["dense_1", ["b", 4]], ["relu_1", ["b", 4]]]
 */
export const rows = <R>(net: { readonly types: { readonly rows: R }; readonly plan: Plan }): R =>
  net.plan.rows.map((r) => [r.path, shapesOf(r.out)]) as R
