// Functions as programs that say all they use. A derivative or a batch of the node that holds the program then reaches
// everything.
import {
  type AnyTensor,
  type Aval,
  batchProgram,
  dependent,
  linear,
  type Program,
  type RawTensor,
  topo,
  trace,
} from "../core/index.ts"

export interface Closure {
  /** Parameters: those of the function, then `captured`. */
  readonly program: Program
  /** What the function uses that does not come from its parameters, constants excepted. */
  readonly captured: readonly RawTensor[]
}
export const close = (f: (...x: RawTensor[]) => readonly AnyTensor[], like: readonly Aval[]): Closure => {
  const { params, outs } = trace(f, like)
  const inner = dependent(outs, params)
  const own = new Set<RawTensor>([...params, ...inner.flatMap((n) => n.outs)])
  const outer = [...new Set([...inner.flatMap((n) => n.ins), ...outs])].filter((t) => !own.has(t))
  const held = new Set<unknown>() // nodes with a leaf below them; the others are constants
  for (const n of topo(outer)) if (n.op.leaf || n.ins.some((t) => held.has(t.node))) held.add(n)
  const captured = outer.filter((t) => held.has(t.node))
  return { program: { params: [...params, ...captured], outs }, captured }
}
/** The program for a batch of n, every parameter and output with the batch at axis 0. */
export const batched = (p: Program, n: number): Program =>
  trace(
    (...xs) => {
      const r = batchProgram(
        p,
        xs,
        xs.map(() => true),
        n,
      )
      return r.outs.map((t, k) => (r.on[k] ? t : linear().broadcastTo(t, [n, ...t.shape])))
    },
    p.params.map((t) => ({ shape: [n, ...t.shape], dtype: t.dtype })),
  )
