// What a derivative keeps of a computation: not what a few additions and products give back from the rest.
import { ir, type Node, type RawTensor, topo } from "../core/index.ts"
import { op as barrier } from "./barrier.ts"

/** Computing more than so many additions again, per element, is not worth the memory. */
const CHEAP = 4

/** What one element costs beyond its inputs, in additions; nothing for what folds, scatters or loops. */
const costOf = (n: Node): number | undefined => {
  if (!n.op.body) return undefined
  let cost: number | undefined = 0
  const i = n.outs[0]!.shape.map(ir.axis).map(ir.ix)
  const access = n.ins.map(
    (t, k): ir.Access =>
      (at) =>
        ir.read({ id: -1 - k, shape: t.shape, dtype: t.dtype, role: "temp" }, at),
  )
  const e = ir.interning(() => n.op.body!(access, { i, attrs: n.attrs, ins: n.ins, out: n.outs[0]! }))
  ir.visit(e, (x) => {
    if (x.k === "fn" && cost !== undefined) cost += x.f.cost
    if (x.k === "reduce") cost = undefined
  })
  return cost
}
/** Tensors on the far side of a barrier: somebody wants them computed again, whatever it costs. */
const behindBarriers = (ts: readonly RawTensor[], free: (t: RawTensor) => boolean): Set<RawTensor> => {
  const behind = new Set<RawTensor>()
  for (const n of topo(ts, (m) => free(m.outs[0]!)))
    if (n.op === barrier || n.ins.some((x) => behind.has(x))) for (const t of n.outs) behind.add(t)
  return behind
}
/** What gives these tensors, inputs first: some of them, others below barriers, and what else is at hand (`free`) and used. `lean`: there
 *  were barriers. */
export const residuals = (
  needed: readonly RawTensor[],
  free: (t: RawTensor) => boolean,
): { readonly kept: readonly RawTensor[]; readonly lean: boolean } => {
  const behind = behindBarriers(needed, free)
  const kept = new Set<RawTensor>()
  const seen = new Set<RawTensor>()
  /** In place of what is behind a barrier, what it is computed from on this side. */
  const near = (t: RawTensor): void => {
    if (seen.has(t)) return
    seen.add(t)
    if (behind.has(t)) t.node.ins.forEach(near)
    else if (!free(t)) kept.add(t)
  }
  needed.forEach(near)
  const again = (t: RawTensor, left: number): number => {
    if (kept.has(t) || free(t)) return left
    const cost = costOf(t.node)
    if (cost === undefined) return -1
    let rest = left - cost
    for (const x of t.node.ins) if (rest >= 0) rest = again(x, rest)
    return rest
  }
  for (const t of [...kept].reverse()) {
    kept.delete(t)
    if (again(t, CHEAP) < 0) kept.add(t)
  }
  const used = new Set<RawTensor>()
  const gather = (t: RawTensor): void => {
    if (used.has(t)) return
    if (kept.has(t) || free(t)) used.add(t)
    else t.node.ins.forEach(gather)
  }
  needed.forEach(gather)
  return { kept: [...used], lean: behind.size > 0 }
}
