// Graph -> loop IR -> schedule and memory plan. Pure: a program in, statements out.
import { interning, kernelsOf, readsOf, type Buf, type Kernel, type Stmt, read, visit } from "../core/ir/index.ts"
import { refuse } from "../core/errors.ts"
import { storageOf } from "../core/leaf.ts"
import { inSession } from "../core/make.ts"
import { captured, topo } from "../core/program.ts"
import type { Program, RawTensor } from "../core/tensor.ts"
import { newBuf } from "./buffers.ts"
import { flattenProgram } from "./flatten.ts"
import { lowerInto } from "./lower.ts"
import type { Limits, Lowered } from "./lowered.ts"
import { lighten } from "./motion.ts"
import { fuseRows } from "./nest.ts"
import { plan } from "./plan.ts"
import { reuse } from "./reuse.ts"
import { schedule } from "./schedule.ts"

export { classify, addressOf, type Contraction } from "./contraction.ts"
export { illegal } from "./legal.ts"
export type { Limits, Lowered, Placed } from "./lowered.ts"
export { redundant } from "./schedule.ts"

export interface LowerOptions {
  readonly limits: Limits
  /** donated[k]: the k-th parameter's memory may be overwritten. */
  readonly donated?: readonly boolean[]
  /** For tests: fuse rows? (default true), and tensors to be given a buffer beyond those that need one. */
  readonly fuse?: boolean
  readonly roots?: (t: RawTensor) => boolean
}
/** A target without limits. */
export const noLimits: Limits = { reads: Number.POSITIVE_INFINITY, f64: true, parts: true, computes: () => true }

/** A placeholder kept from a function that was traced earlier: it stands for no value any more. */
const refuseStrays = (p: Program): void => {
  const own = new Set(p.params.map((t) => t.node))
  for (const n of topo(p.outs, (m) => own.has(m)))
    if (n.op.leaf && !own.has(n) && !storageOf(n.outs[0]!))
      refuse(
        `${n.outs[0]!}: this is an argument of a function that was traced, used outside of it; return what is needed from the function`,
      )
}
/** Backends count the terms of a fold in 32 bits, over all its axes: 2^31 ones would be summed to 1. */
const MOST_TERMS = 2 ** 31 - 1
const refuseEndless = (stmts: readonly Stmt[]): void => {
  for (const k of kernelsOf(stmts))
    visit(k.value, (e) => {
      const terms = e.k === "reduce" ? e.axes.reduce((n, a) => n * a.n, 1) : 0
      if (terms > MOST_TERMS)
        refuse(`a fold of ${terms} elements into one: at most ${MOST_TERMS} are counted; fold over one axis and run that first`)
    })
}
/** Lowers a program. Inputs are its parameters, then the data leaves it captures. */
export const lower = (p: Program, options: LowerOptions): Lowered =>
  inSession(() =>
    interning(() => {
      const given = [...p.params, ...captured(p)]
      refuseStrays(p)
      const flat = lighten(flattenProgram({ params: given, outs: p.outs }))
      const args = given.map((t) => newBuf(t.shape, t.dtype, "arg"))
      const outs = p.outs.map((t) => newBuf(t.shape, t.dtype, "out"))
      const bound = new Map(flat.params.map((t, k) => [t, { at: (i: Parameters<typeof read>[1]) => read(args[k]!, i) }]))
      const stmts: Stmt[] = []
      lowerInto(
        flat,
        bound,
        outs.map((buf) => ({ buf, lead: [] })),
        stmts,
        [],
        { limits: options.limits, roots: options.roots ?? (() => false) },
      )
      refuseEndless(stmts)
      const fused = options.fuse === false ? stmts : fuseRows(stmts, (s, d) => newBuf(s, d, "temp"), outsideUse(stmts))
      const ordered = schedule(
        fused,
        args,
        outs,
        given.map((_, k) => options.donated?.[k] ?? false),
      )
      const placed = reuse(ordered.stmts, new Set([...args, ...outs]))
      return { ...ordered, stmts: placed, args, outs, ...plan(placed, args, outs) }
    }),
  )
const outsideUse = (stmts: readonly Stmt[]): ((b: Buf, inside: ReadonlySet<Kernel>) => boolean) => {
  const users = new Map<Buf, Set<Kernel>>()
  const use = (b: Buf, k: Kernel): void => void users.set(b, (users.get(b) ?? new Set()).add(k))
  for (const k of kernelsOf(stmts)) {
    for (const r of readsOf(k)) use(r.buf, k)
    use(k.out, k)
  }
  return (b, inside) => [...(users.get(b) ?? [])].some((k) => !inside.has(k))
}
