// Work that a loop need not do step by step. A product of this step's row with something fixed (x w) is computed for all rows before the
// loop. A sum that is only added to (the gradient of weights that all steps share), or a product that is only stacked, is computed after
// it, for all steps at once. Both turn many small contractions into a large one. Values that nobody reads are not stacked.
import { batchProgram } from "../core/interpret.ts"
import { reduce } from "../core/ir/index.ts"
import { placeholder } from "../core/leaf.ts"
import { make, makeAll } from "../core/make.ts"
import { linear } from "../core/makers.ts"
import { defineOp, type LoopSpec } from "../core/op.ts"
import { dependent, inline, remake, topo } from "../core/program.ts"
import { size } from "../core/shape.ts"
import type { Node, Program, RawTensor } from "../core/tensor.ts"
import { flattenProgram } from "./flatten.ts"
import { formOf } from "./form.ts"

/** A loop over a body of primitives. */
const looped = defineOp<LoopSpec>({
  name: "loop",
  shape: (_, { body, carries, length }) =>
    body.outs.map((t, k) => (k < carries ? t : { dtype: t.dtype, shape: [length, ...t.shape] })),
  loop: (a) => a,
  jvp: "none",
  batch: () => [],
})
/** The sum over the first axis. */
const total = defineOp<null>({
  name: "total",
  shape: ([x]) => ({ dtype: x!.dtype, shape: x!.shape.slice(1) }),
  body: ([x], { i, ins }) => reduce("add", [ins[0]!.shape[0]!], ([t]) => x!([t!, ...i])),
  jvp: "none",
  batch: () => [],
})

interface Looped {
  readonly spec: LoopSpec
  /** Constants, first carries, rows of all steps. */
  readonly ins: readonly RawTensor[]
}
const parts = ({ spec: { consts, carries } }: Looped): { readonly carries: number; readonly rows: number } => ({
  carries: consts,
  rows: consts + carries,
})
const sizeOf = (ts: Iterable<RawTensor>): number => [...ts].reduce((n, t) => n + size(t.shape), 0)
/** Tensors that depend on some of these. */
const below = (p: Program, params: readonly RawTensor[]): Set<RawTensor> =>
  new Set([...params, ...dependent(p.outs, params).flatMap((n) => n.outs)])
const usersOf = (order: readonly Node[]): Map<RawTensor, Node[]> => {
  const users = new Map<RawTensor, Node[]>()
  for (const n of order)
    for (const t of n.ins) {
      const list = users.get(t)
      if (list) list.push(n)
      else users.set(t, [n])
    }
  return users
}
const inner = (p: Program): Node[] => {
  const cut = new Set(p.params.map((t) => t.node))
  return topo(p.outs, (n) => cut.has(n)).filter((n) => !cut.has(n))
}

/** A value on the way to what is computed ahead may be so many times larger than that. */
const WIDER = 8

/** Products of rows with constants, and what is added to them, as rows of their own that are computed before the loop. Only those that
 *  the carries' computation reads: a loop over independent rows is there to keep its memory small. */
const ahead = (l: Looped): Looped => {
  const { body, length, consts, save } = l.spec
  if (save === "carry") return l
  const at = parts(l)
  const order = inner(body)
  const recurrent = below(body, body.params.slice(at.carries, at.rows))
  const varying = below(body, body.params.slice(at.rows))
  const rowwise = (t: RawTensor): boolean => varying.has(t) && !recurrent.has(t)
  const group = new Set<RawTensor>()
  for (const n of order) {
    const t = n.outs[0]!
    if (!rowwise(t)) continue
    const f = formOf(n)
    const product = f.kind === "contraction" && n.ins.some((x) => !varying.has(x))
    const more = f.aligned && n.ins.some((x) => group.has(x))
    if (product || more) group.add(t)
  }
  const users = usersOf(order)
  const leaves = (t: RawTensor): boolean => body.outs.includes(t) || (users.get(t) ?? []).some((n) => !group.has(n.outs[0]!))
  const read = (t: RawTensor): boolean => (users.get(t) ?? []).some((n) => n.outs.some((o) => recurrent.has(o)))
  // a group member that is needed in the loop drags in the others that it is computed from: those that leave it are rows too
  const wanted = [...group].filter(read)
  const sources = new Set(dependent(wanted, body.params.slice(at.rows)).flatMap((n) => n.outs))
  const cut = [...group].filter((t) => sources.has(t) && leaves(t))
  const limit = WIDER * Math.max(0, ...cut.map((t) => size(t.shape)))
  if (cut.length === 0 || [...sources].some((t) => !t.node.op.body || size(t.shape) > limit)) return l

  const outside = [...body.params.slice(0, consts), ...body.params.slice(at.rows)]
  const given = [...l.ins.slice(0, consts), ...l.ins.slice(at.rows)]
  const rows = batchProgram(
    { params: outside, outs: cut },
    given,
    outside.map((_, k) => k >= consts),
    length,
  )
  const fresh = cut.map(placeholder)
  const params = [...body.params, ...fresh]
  const outs = inline({ params: [...body.params, ...cut], outs: body.outs }, params)
  return { spec: { ...l.spec, body: { params, outs } }, ins: [...l.ins, ...rows.outs] }
}

/** A carry that is only added to, or stacked products: what each step gives can be computed for all steps at once. */
interface Later {
  /** The place among the outputs. */
  readonly at: number
  readonly term: RawTensor
  /** What the term is computed from, beside constants and rows. */
  readonly from: readonly RawTensor[]
  readonly product: boolean
}
const candidates = (l: Looped): Later[] => {
  const { body, carries } = l.spec
  const at = parts(l)
  const users = usersOf(inner(body))
  const free = new Set([...body.params.slice(0, at.carries), ...body.params.slice(at.rows)])
  const recurrent = below(body, body.params.slice(at.carries, at.rows))
  const once = (t: RawTensor): boolean => !users.has(t) && body.outs.filter((o) => o === t).length === 1
  const of = (k: number, term: RawTensor): Later => {
    const product = formOf(term.node).kind === "contraction"
    const from = new Set<RawTensor>()
    for (let t of product ? term.node.ins : [term]) {
      while (!free.has(t) && formOf(t.node).kind === "view") t = t.node.ins[0]!
      if (!free.has(t) && (t.node.ins.length > 0 || body.params.includes(t))) from.add(t)
    }
    return { at: k, term, from: [...from], product }
  }
  return body.outs.flatMap((t, k): Later[] => {
    if (!once(t)) return []
    if (k >= carries) return recurrent.has(t) && formOf(t.node).kind === "contraction" ? [of(k, t)] : []
    const own = body.params[at.carries + k]!
    const term = t.node.ins.find((x) => x !== own)
    const alone = users.get(own)?.length === 1 && !body.outs.includes(own) && formOf(t.node).sum
    return alone && term && t.node.ins.includes(own) ? [of(k, term)] : []
  })
}
/** Sums and products after the loop, over all steps at once, of stacked ingredients; only if these are no larger than what they make. */
const afterwards = (
  l: Looped,
): { readonly l: Looped; readonly later: ReadonlyMap<number, (outs: readonly RawTensor[]) => RawTensor> } => {
  const { body, length, consts, carries } = l.spec
  const at = parts(l)
  const all = candidates(l)
  const stacked = new Set(body.outs.slice(carries).filter((_, k) => !all.some((c) => c.at === carries + k)))
  if (l.spec.save !== "carry")
    for (const t of new Set(all.flatMap((c) => c.from))) {
      const gain = all.filter((c) => c.product && c.from.includes(t)).map((c) => c.term)
      if (size(t.shape) <= sizeOf(gain)) stacked.add(t)
    }
  const moved = all.filter((c) => c.from.every((t) => stacked.has(t)))
  if (moved.length === 0) return { l, later: new Map() }
  const gone = new Set(moved.map((c) => c.at))
  const kept = body.outs.flatMap((t, k) => (gone.has(k) ? [] : [{ t, k }]))
  const extra = [...new Set(moved.flatMap((c) => c.from))].filter((t) => !kept.some((y) => y.t === t && y.k >= carries))
  const outs = [...kept.map((y) => y.t), ...extra]
  const places = new Map(outs.map((t, j) => [t, j])) // the last: where a tensor is both a carry and stacked, this is the stack
  const left = kept.filter((y) => y.k < carries).length
  const keep = <T>(list: readonly T[]): T[] => list.filter((_, k) => k < at.carries || k >= at.rows || !gone.has(k - consts))
  const later = new Map(
    moved.map((c) => {
      const params = [...body.params.slice(0, consts), ...body.params.slice(at.rows), ...c.from]
      const value = (made: readonly RawTensor[]): RawTensor => {
        const given = [...l.ins.slice(0, consts), ...l.ins.slice(at.rows), ...c.from.map((t) => made[places.get(t)!]!)]
        const on = params.map((_, k) => k >= consts)
        const r = batchProgram({ params, outs: [c.term] }, given, on, length)
        const each = r.on[0] ? r.outs[0]! : linear().broadcastTo(r.outs[0]!, [length, ...c.term.shape])
        return c.at >= carries ? each : linear().add(l.ins[at.carries + c.at]!, make(total, [each], null))
      }
      return [c.at, value] as const
    }),
  )
  return { l: { spec: { ...l.spec, carries: left, body: { params: keep(body.params), outs } }, ins: keep(l.ins) }, later }
}

/** Constants among the inputs are constants in the body: a cotangent of zeros that is added to something is no addition. */
const settled = (l: Looped): Looped => {
  const { body, consts } = l.spec
  const at = parts(l)
  const known = l.ins.map((x, k) => {
    const { splat } = formOf(x.node)
    if (splat === undefined || (k >= at.carries && k < at.rows)) return undefined
    return k < consts ? x : Object.is(splat, 0) ? linear().zeros(body.params[k]!) : undefined
  })
  if (known.every((x) => x === undefined)) return l
  const rest = <T>(list: readonly T[]): T[] => list.filter((_, k) => known[k] === undefined)
  const outs = inline(
    body,
    body.params.map((t, k) => known[k] ?? t),
  )
  const spec = { ...l.spec, consts: consts - known.slice(0, consts).filter(Boolean).length }
  return { spec: { ...spec, body: { params: rest(body.params), outs } }, ins: rest(l.ins) }
}
/** The outputs of a loop, computed with less work in it. `used`: which of them are read. */
const lightened = (n: Node, ins: readonly RawTensor[], used: ReadonlySet<RawTensor>): readonly RawTensor[] => {
  const spec = n.op.loop!(n.attrs)
  const read = n.outs.map((t, k) => k < spec.carries || used.has(t))
  const flat = flattenProgram(spec.body)
  const body: Program = { params: flat.params, outs: flat.outs.filter((_, k) => read[k]) }
  const first = settled({ spec: { ...spec, body }, ins })
  const { l, later } = spec.length < 2 ? { l: first, later: new Map<number, never>() } : afterwards(ahead(first))
  const outs = makeAll(looped, l.ins, l.spec)
  let k = 0 // among the results of the new loop
  let j = 0 // among those of the body
  return n.outs.map((t, m) => {
    if (!read[m]) return t
    const value = later.get(j++)
    return value ? value(outs) : outs[k++]!
  })
}
/** The program, of primitives, with lighter loops. */
export const lighten = (p: Program): Program => {
  const order = inner(p)
  if (!order.some((n) => n.op.loop)) return p
  const used = new Set([...p.outs, ...order.flatMap((n) => n.ins)])
  const env = new Map<RawTensor, RawTensor>()
  const get = (t: RawTensor): RawTensor => env.get(t) ?? t
  for (const n of order) {
    const ins = n.ins.map(get)
    if (!n.op.loop && n.ins.every((t, k) => t === ins[k])) continue
    const outs = n.op.loop ? lightened(n, ins, used) : remake(n, ins)
    n.outs.forEach((t, k) => {
      env.set(t, outs[k]!)
    })
  }
  return flattenProgram({ params: p.params, outs: p.outs.map(get) })
}
