// Sums of a few products with weights that all places of a line share, one for each channel (a depthwise convolution, its input gradient).
// Lanes are channels; for one vector of them the weights stay in registers while the line goes by. Written out as one expression, the
// weights do not depend on the place: the loop over places then has them computed before it.
import { classify } from "../../compiler/contraction.ts"
import { type Axis, call, type Expr, ix, type Kernel, mapExpr, type Reduce, substitute, visit } from "../../core/ir/index.ts"
import { add } from "../../scalar/add.ts"
import { strideAlong } from "./address.ts"
import type { Frame } from "./frame.ts"

export interface Stencil {
  readonly kernel: Kernel
  /** Through the lanes. */
  readonly lanes: Axis
  /** Places of a line, and the other axes. */
  readonly line: Axis
  readonly outer: readonly Axis[]
}
/** Weights and the sums that use them: 16 registers. */
const MOST = 12
/** Places of a line at least. */
const SHORTEST = 8

/** The terms in their order, each with its place in the sum. */
const writtenOut = (r: Reduce): Expr => {
  const terms = r.axes.reduce<Expr[]>(
    (es, a) => es.flatMap((e) => Array.from({ length: a.n }, (_, v) => substitute((b) => (b === a ? ix(v) : undefined)).expr(e))),
    [r.body],
  )
  return terms.slice(1).reduce((sum, e) => call(add, [sum, e]), terms[0]!)
}
export const stencil = (k: Kernel, frame: Frame): Stencil | undefined => {
  const c = classify(k)
  if (!c || c.reduce.dtype !== "f32" || c.k.reduce((p, a) => p * a.n, 1) > MOST) return undefined
  const [places, none] = c.n.length === 0 ? [c.m, c.n] : [c.n, c.m]
  const lanes = c.batch.at(-1)
  const line = places.at(-1)
  if (none.length > 0 || !lanes || !line || lanes !== k.axes.at(-1) || lanes.n < 4 || line.n < SHORTEST) return undefined
  const addresses = [frame.address({ buf: k.out, at: k.at }), frame.readAddress(c.a), frame.readAddress(c.b)]
  if (addresses.some((e) => strideAlong(e, lanes, frame) !== 1)) return undefined
  let guarded = false
  visit(k.value, (x) => void (guarded ||= x.k === "guard"))
  if (guarded) return undefined
  const sum = writtenOut(c.reduce)
  return {
    kernel: { ...k, value: mapExpr(k.value, (e) => (e === c.reduce ? sum : undefined)) },
    lanes,
    line,
    outer: k.axes.filter((a) => a !== lanes && a !== line),
  }
}
