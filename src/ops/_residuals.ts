// What a derivative keeps of a computation: not what a few additions and products give back from the rest.
import { ir, type Node, type RawTensor } from "../core/index.ts"

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
/** What gives these tensors, inputs first, cheaply: some of them, and what else is at hand (`free`) and needed for the others. */
export const residuals = (needed: readonly RawTensor[], free: (t: RawTensor) => boolean): RawTensor[] => {
  const kept = new Set(needed)
  const again = (t: RawTensor, left: number): number => {
    if (kept.has(t) || free(t)) return left
    const cost = costOf(t.node)
    if (cost === undefined) return -1
    let rest = left - cost
    for (const x of t.node.ins) if (rest >= 0) rest = again(x, rest)
    return rest
  }
  for (const t of [...needed].reverse()) {
    kept.delete(t)
    if (again(t, CHEAP) < 0) kept.add(t)
  }
  const used = new Set<RawTensor>()
  const gather = (t: RawTensor): void => {
    if (kept.has(t) || free(t)) used.add(t)
    else t.node.ins.forEach(gather)
  }
  needed.forEach(gather)
  return [...used]
}
