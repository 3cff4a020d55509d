// Derivatives and batches of a program, each as one program over fresh placeholders, so that it is compiled once and run on many values.
import "../transform/linear.ts"
import { isFloat } from "../core/dtype.ts"
import { backward, batchProgram, jvpProgram } from "../core/interpret.ts"
import { placeholder } from "../core/leaf.ts"
import { dense, linear } from "../core/makers.ts"
import { inSession } from "../core/make.ts"
import { trace } from "../core/program.ts"
import type { Aval, Maybe, Program, RawTensor } from "../core/tensor.ts"

/** Which tensors have derivatives. */
export const floatsOf = (ts: readonly Aval[]): boolean[] => ts.map((t) => isFloat(t.dtype))

/** Parameters: those of p, then a tangent for each active one. Outputs: those of p, then the tangents of its float outputs. */
export const jvpOf = (p: Program, active: readonly boolean[] = floatsOf(p.params)): Program => {
  const tangents = p.params.filter((_, k) => active[k])
  return trace(
    (...x) => {
      const n = p.params.length
      let at = n
      const r = jvpProgram(
        p,
        x.slice(0, n),
        p.params.map((_, k) => (active[k] ? x[at++]! : null)),
      )
      return [...r.outs, ...r.outs.flatMap((y, k) => (isFloat(y.dtype) ? [dense(r.tans[k], y)] : []))]
    },
    [...p.params, ...tangents],
  )
}
/** Parameters: those of p, then a cotangent for each seeded output. Outputs: the cotangents of the active parameters. */
export const vjpOf = (
  p: Program,
  active: readonly boolean[] = floatsOf(p.params),
  seeded: readonly boolean[] = floatsOf(p.outs),
): Program =>
  trace(
    (...x) => {
      const n = p.params.length
      let at = n
      const seeds = p.params.map((t, k): Maybe => (active[k] ? placeholder(t) : null))
      const { tans } = jvpProgram(p, x.slice(0, n), seeds)
      const cts = p.outs.map((_, k): Maybe => (seeded[k] ? x[at++]! : null))
      const leaves = seeds.filter((t): t is RawTensor => t !== null)
      return backward(tans, cts, leaves).map((c, k) => dense(c, leaves[k]!))
    },
    [...p.params, ...p.outs.filter((_, k) => seeded[k])],
  )
/** p for a batch of n: parameters marked `on`, and all outputs, have the batch at axis 0. */
export const batchOf = (p: Program, on: readonly boolean[], n: number): Program =>
  inSession(() =>
    trace(
      (...x) => {
        const r = batchProgram(p, x, on, n)
        return r.outs.map((y, k) => (r.on[k] ? y : linear().broadcastTo(y, [n, ...y.shape])))
      },
      p.params.map((t, k) => (on[k] ? { shape: [n, ...t.shape], dtype: t.dtype } : t)),
    ),
  )
