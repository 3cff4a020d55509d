// How many elements are alive while a network infers: the run-time twin of Live in typelevel/network.ts.
//
// Counted per example, names of sizes as 1: parameters are not, and nothing is computed in place. A layer that is not made of
// others holds all that comes in until all that comes out is there: their sum. Layers one behind the other free what comes in as
// soon as the first has used it, unless something around them holds it: the skip of a residual, a branch that has yet to run.
// Branches run one after the other, and what they give stays for the sum or concatenation at their end, which holds its operands
// and its result; what a branch passes on as it is counts as its own. The peak is the largest such number over all layers.
import { type AnySpec, listOf } from "./spec.ts"
import type { Dim } from "../../typelevel/dim.ts"

export interface Live {
  /** What comes in is freed by the first that has used it, */
  readonly peak: number
  /** or held for others to the end. */
  readonly held: number
}

/** The elements of a tensor, or of the tensors of a list. */
export const sizeOf = (s: AnySpec): number =>
  listOf(s).reduce((n, t) => n + t.shape.reduce((m: number, d: Dim) => (typeof d === "number" ? m * d : m), 1), 0)

/** A layer that is not made of others. */
export const leafLive = (input: AnySpec, out: AnySpec): Live => {
  const n = sizeOf(input) + sizeOf(out)
  return { peak: n, held: n }
}
/** g after f, which gets `input`. */
export const liveThrough = (input: AnySpec, f: Live, g: Live): Live => ({
  peak: Math.max(f.peak, g.peak),
  held: Math.max(f.held, sizeOf(input) + g.peak),
})
/** What runs beside others: what comes in, what goes out, what is alive. */
interface Part {
  readonly out: AnySpec
  readonly live: Live
}
/** Layers fed with the same, one after the other; what each gives stays, and the end adds `last`. */
export const liveBeside = (input: AnySpec, parts: readonly Part[], last = 0): Live => {
  let [done, peak, held] = [0, 0, 0]
  parts.forEach(({ out, live }, k) => {
    peak = Math.max(peak, done + (k === parts.length - 1 ? live.peak : live.held))
    held = Math.max(held, done + live.held)
    done += sizeOf(out)
  })
  return { peak: Math.max(peak, done + last), held: Math.max(held, sizeOf(input) + done + last) }
}
/** Layers each fed with its own member of a list. */
export const liveEach = (inputs: readonly AnySpec[], parts: readonly Part[]): Live => {
  const all = inputs.reduce((n, s) => n + sizeOf(s), 0)
  let [done, used, peak, held] = [0, 0, 0, 0]
  parts.forEach(({ out, live }, k) => {
    const own = sizeOf(inputs[k]!)
    const rest = all - used - own
    peak = Math.max(peak, done + rest + live.peak)
    held = Math.max(held, done + rest + used + live.held)
    used += own
    done += sizeOf(out)
  })
  return { peak, held: Math.max(held, all + done) }
}
