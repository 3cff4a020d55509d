// Sums of a few products with weights that all places of a line share: depthwise convolutions and their input gradients, convolutions of one
// channel. Lanes are channels that come out; for one vector of them the weights stay in registers while the line goes by. Written out as one
// expression, the weights do not depend on the place: the loop over places then has them loaded before it.
import { addressOf, classify } from "../../compiler/contraction.ts"
import {
  type Axis,
  axis,
  call,
  type Expr,
  ix,
  type Kernel,
  mapExpr,
  plus,
  type Read,
  type Reduce,
  substitute,
  times,
  visit,
} from "../../core/ir/index.ts"
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
/** Weights and what their sums need: 16 registers. */
const MOST = 12
/** Places of a line at least. */
const SHORTEST = 8
/** Terms that lie together in so long runs are read faster by tiles of several places (53 GFLOP/s for 43 with 12 of them). */
const RUN = 8
/** Bytes that a line may touch, for all channels: what stays in the first cache from one vector of channels to the next. */
const CACHE = 1 << 15

/** The terms in their order, each with its place in the sum. */
const writtenOut = (r: Reduce): Expr => {
  const terms = r.axes.reduce<Expr[]>(
    (es, a) => es.flatMap((e) => Array.from({ length: a.n }, (_, v) => substitute((b) => (b === a ? ix(v) : undefined)).expr(e))),
    [r.body],
  )
  return terms.slice(1).reduce((sum, e) => call(add, [sum, e]), terms[0]!)
}
const depends = (r: Read, a: Axis, frame: Frame): boolean => frame.freeIx(frame.readAddress(r)).has(a)
/** Elements that follow one another in memory along the axes. */
const runOf = (r: Read, axes: readonly Axis[]): number => {
  const { of } = addressOf(r)
  const strides = axes.map((a) => [of.get(a) ?? 0, a.n] as const).sort(([p], [q]) => Math.abs(p) - Math.abs(q))
  return strides.reduce((run, [stride, n]) => (Math.abs(stride) === run ? run * n : run), 1)
}
/** Lines as blocks of so many places, if that many divide them. */
const inBlocks = (k: Kernel, line: Axis, most: number): readonly [kernel: Kernel, line: Axis] => {
  let n = Math.min(line.n, most)
  while (line.n % n !== 0) n--
  if (n === line.n || n < SHORTEST) return [k, line]
  const [block, place] = [axis(line.n / n), axis(n)]
  const s = substitute((a) => (a === line ? plus(times(block, n), place) : undefined))
  const axes = k.axes.flatMap((a) => (a === line ? [block, place] : [a]))
  return [{ ...k, axes, at: k.at.map(s.ix), value: s.expr(k.value) }, place]
}
export const stencil = (k: Kernel, frame: Frame): Stencil | undefined => {
  const c = classify(k)
  if (c?.a.k !== "read" || c.b.k !== "read" || c.reduce.dtype !== "f32" || c.k.reduce((p, a) => p * a.n, 1) > MOST)
    return undefined
  const lanes = k.axes.at(-1)
  const places = [...c.m, ...c.n].filter((a) => a !== lanes)
  const last = places.at(-1)
  if (!lanes || !last || lanes.n < 4 || last.n < SHORTEST) return undefined
  const [x, w] = depends(c.a, last, frame) ? [c.a, c.b] : [c.b, c.a]
  if (places.some((a) => depends(w, a, frame))) return undefined
  const along = (r: { readonly buf: Read["buf"]; readonly at: Read["at"] }): number | "irregular" =>
    strideAlong(frame.address(r), lanes, frame)
  const own = along(x)
  if (along({ buf: k.out, at: k.at }) !== 1 || along(w) !== 1 || (own !== 1 && own !== 0)) return undefined
  if (own === 0 && runOf(x, c.k) >= RUN) return undefined
  let guarded = false
  visit(k.value, (e) => void (guarded ||= e.k === "guard"))
  if (guarded) return undefined
  const sum = writtenOut(c.reduce)
  const whole: Kernel = { ...k, value: mapExpr(k.value, (e) => (e === c.reduce ? sum : undefined)) }
  // with channels of its own a place is read for some rows of taps
  const [kernel, line] = inBlocks(whole, last, Math.floor(CACHE / (4 * lanes.n * (own === 1 ? 4 : 1))))
  return { kernel, lanes, line, outer: kernel.axes.filter((a) => a !== lanes && a !== line) }
}
