// Forward mode, transposition and batching: interpreters over programs. They know no op: a node's op carries its rules, and a
// composite without one is entered.
import { isFloat } from "./dtype.ts"
import { refuse } from "./errors.ts"
import { linear, sumOf } from "./makers.ts"
import { dependent, expansion, inline, remake } from "./program.ts"
import { type AnyTensor, isTensor, type Maybe, type Program, type RawTensor, raw } from "./tensor.ts"

export interface Linearised {
  readonly outs: readonly RawTensor[]
  readonly tans: readonly Maybe[]
}
const maybe = (t: AnyTensor | null): Maybe => t && raw(t)

/** Outputs and their tangents, given inputs and theirs. A rule may return new primal outputs (scan stacks its residuals). */
export const jvpProgram = (p: Program, ins: readonly RawTensor[], tans: readonly Maybe[]): Linearised => {
  const env = new Map<RawTensor, readonly [RawTensor, Maybe]>(p.params.map((t, k) => [t, [ins[k]!, tans[k]!]]))
  const get = (t: RawTensor): readonly [RawTensor, Maybe] => env.get(t) ?? [t, null]
  for (const n of dependent(p.outs, p.params)) {
    const xs = n.ins.map((t) => get(t)[0])
    const ts = n.ins.map((t) => get(t)[1])
    let outs: readonly RawTensor[]
    let dt: readonly Maybe[]
    if (!ts.some(Boolean) || n.op.jvp === "none") {
      outs = remake(n, xs)
      dt = outs.map(() => null)
    } else if (n.op.jvp) {
      outs = remake(n, xs)
      const r = n.op.jvp({ ins: xs, tans: ts, out: outs[0]!, outs, attrs: n.attrs })
      if (r !== null && !isTensor(r) && "outs" in r) {
        outs = r.outs.map(raw)
        dt = r.tans.map(maybe)
      } else dt = [maybe(r as AnyTensor | null)]
    } else if (n.op.expand) {
      const r = jvpProgram(expansion(n), xs, ts)
      outs = r.outs
      dt = r.tans
    } else return refuse(`${n.op.name}: has no derivative rule`)
    n.outs.forEach((t, k) => {
      env.set(t, [outs[k]!, isFloat(t.dtype) ? dt[k]! : null])
    })
  }
  return { outs: p.outs.map((t) => get(t)[0]), tans: p.outs.map((t) => get(t)[1]) }
}

/** Cotangents of `leaves`, given those of `outs`, where outs depend linearly on leaves. Accumulates in reverse topological order. */
export const backward = (outs: readonly Maybe[], cts: readonly Maybe[], leaves: readonly RawTensor[]): Maybe[] => {
  const live = outs.filter((t): t is RawTensor => t !== null)
  const order = dependent(live, leaves)
  const on = new Set<RawTensor>([...leaves, ...order.flatMap((n) => n.outs)])
  const ct = new Map<RawTensor, Maybe>()
  const give = (t: RawTensor, c: Maybe): void => {
    if (c && on.has(t)) ct.set(t, sumOf(ct.get(t), c))
  }
  outs.forEach((t, k) => {
    if (t) give(t, cts[k]!)
  })
  for (const n of order.reverse()) {
    const given = n.outs.map((t) => ct.get(t) ?? null)
    if (!given.some(Boolean)) continue
    const lin = n.ins.map((t) => on.has(t))
    if (n.op.transpose) {
      const first = given[0] ?? linear().zeros(n.outs[0]!)
      n.op.transpose({ ct: first, cts: given, ins: n.ins, lin, attrs: n.attrs }).forEach((c, k) => {
        if (lin[k]) give(n.ins[k]!, maybe(c))
      })
    } else if (n.op.expand) {
      const p = expansion(n)
      const at = n.ins.flatMap((_, k) => (lin[k] ? [k] : []))
      const inner = at.map((k) => p.params[k]!)
      const opened = inline(
        p,
        n.ins.map((t, k) => (lin[k] ? p.params[k]! : t)),
      )
      backward(opened, given, inner).forEach((c, j) => {
        give(n.ins[at[j]!]!, c)
      })
    } else refuse(`${n.op.name}: is not linear, or has no transpose rule`)
  }
  return leaves.map((t) => ct.get(t) ?? null)
}

export interface Batched {
  readonly outs: readonly RawTensor[]
  readonly on: readonly boolean[]
}
/** Outputs for a batch of n: inputs marked `on` carry the batch at axis 0. Subgraphs that do not see it are untouched. */
export const batchProgram = (p: Program, ins: readonly RawTensor[], on: readonly boolean[], n: number): Batched => {
  const env = new Map<RawTensor, readonly [RawTensor, boolean]>(p.params.map((t, k) => [t, [ins[k]!, on[k]!]]))
  const get = (t: RawTensor): readonly [RawTensor, boolean] => env.get(t) ?? [t, false]
  for (const m of dependent(p.outs, p.params)) {
    const xs = m.ins.map((t) => get(t)[0])
    const b = m.ins.map((t) => get(t)[1])
    let outs: readonly RawTensor[]
    let batched = m.outs.map(() => true)
    if (!b.some(Boolean)) {
      outs = remake(m, xs)
      batched = m.outs.map(() => false)
    } else if (m.op.batch) {
      const r = m.op.batch({ ins: xs, on: b, n, attrs: m.attrs })
      outs = isTensor(r) ? [r] : (r as readonly AnyTensor[]).map(raw)
    } else if (m.op.expand) {
      const r = batchProgram(expansion(m), xs, b, n)
      outs = r.outs
      batched = [...r.on]
    } else return refuse(`${m.op.name}: has no batching rule`)
    m.outs.forEach((t, k) => {
      env.set(t, [outs[k]!, batched[k]!])
    })
  }
  return { outs: p.outs.map((t) => get(t)[0]), on: p.outs.map((t) => get(t)[1]) }
}
