// What an op's body *is*, from a dry run with opaque reads. The compiler decides by this, never by the op's name.
import { axis, type Access, ix, read, visit, interning } from "../core/ir/index.ts"
import { add } from "../scalar/add.ts"
import type { Node } from "../core/tensor.ts"
import { newBuf } from "./buffers.ts"
import { isProductSum } from "./contraction.ts"

export interface Form {
  readonly kind: "leaf" | "view" | "map" | "reduce" | "contraction" | "store" | "loop"
  /** Cost of one element in "adds", without its inputs and without the trip count of reductions. */
  readonly cost: number
  /** A map that reads every input at its own index. */
  readonly aligned: boolean
  /** A map that is the sum of two inputs. */
  readonly sum: boolean
  /** A constant, or a view whose index is affine and always inside: as good as what it looks at. */
  readonly plain: boolean
  /** The one value of all its elements, if it is a constant. */
  readonly splat: number | undefined
}
const opaque = { cost: 0, aligned: false, sum: false, plain: false, splat: undefined }
const forms = new WeakMap<Node, Form>()
export const formOf = (n: Node): Form => {
  let f = forms.get(n)
  if (!f) forms.set(n, (f = n.op.leaf ? { kind: "leaf", ...opaque } : dryRun(n)))
  return f
}
const dryRun = (n: Node): Form => {
  if (n.op.store) return { kind: "store", ...opaque }
  if (n.op.loop) return { kind: "loop", ...opaque }
  return interning(() => {
    const out = n.outs[0]!
    const i = out.shape.map(axis).map(ix)
    let aligned = true
    const access = n.ins.map((t): Access => {
      const b = newBuf(t.shape, t.dtype, "temp")
      return (at) => {
        aligned &&= at === i
        return read(b, at)
      }
    })
    const e = n.op.body!(access, { i, attrs: n.attrs, ins: n.ins, out })
    let cost = 0
    let reduces = false
    visit(e, (x) => {
      if (x.k === "fn") cost += x.f.cost
      if (x.k === "reduce") reduces = true
    })
    const core = e.k === "guard" ? e.body : e
    const kind = reduces ? (isProductSum(e) ? "contraction" : "reduce") : core.k === "read" ? "view" : "map"
    aligned &&= kind === "map"
    const sum = aligned && n.ins.length === 2 && e.k === "fn" && e.f === add && e.args.every((x) => x.k === "read")
    const plain = e.k === "num" || (e.k === "read" && e.at.every((x) => x.t.every(([, a]) => a.kind === "axis")))
    return { kind, cost, aligned, sum, plain, splat: e.k === "num" ? e.v : undefined }
  })
}
