// Composites replaced by their meaning: a program of primitives on fresh placeholders.
import { placeholder } from "../core/leaf.ts"
import { expansion, remake, topo } from "../core/program.ts"
import type { Node, Program, RawTensor } from "../core/tensor.ts"

export const flattenProgram = (p: Program): Program => {
  const run = (q: Program, ins: readonly RawTensor[]): RawTensor[] => {
    const stop = new Set<Node>(q.params.map((t) => t.node))
    const env = new Map<RawTensor, RawTensor>(q.params.map((t, k) => [t, ins[k]!]))
    const get = (t: RawTensor): RawTensor => env.get(t) ?? t
    for (const n of topo(q.outs, (m) => stop.has(m))) {
      if (stop.has(n) || n.op.leaf) continue
      const xs = n.ins.map(get)
      const made = remake(n, xs)
      // a rewrite may have fired on the new inputs: what came back is then already flat, or a composite to be opened in its turn
      const outs = made.flatMap((t) => opened(t))
      n.outs.forEach((t, k) => {
        env.set(t, outs[k]!)
      })
    }
    return q.outs.map(get)
  }
  const memo = new Map<Node, RawTensor[]>()
  const opened = (t: RawTensor): RawTensor[] => {
    const n = t.node
    if (!n.op.expand) return [t]
    let outs = memo.get(n)
    if (!outs) {
      const flatIns = n.ins.map((x) => opened(x)[0]!)
      outs = run(expansion(n), flatIns)
      memo.set(n, outs)
    }
    return [outs[t.k]!]
  }
  const params = p.params.map(placeholder)
  let outs = run(p, params)
  // a rewrite may build a composite below the node that it returns: then once more
  const stop = new Set(params.map((t) => t.node))
  while (topo(outs, (n) => stop.has(n)).some((n) => n.op.expand)) outs = run({ params, outs }, params)
  return { params, outs }
}
