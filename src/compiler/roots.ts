// Which tensors get a buffer: "inline what is read at most once, or is cheap". The choice changes work, never meaning, so these rules
// may stay rough; the law "any set of roots gives the same result" guards them, and the printed programs of the tests show the cost.
import { topo } from "../core/program.ts"
import { size } from "../core/shape.ts"
import type { Node, Program, RawTensor } from "../core/tensor.ts"
import { formOf } from "./form.ts"

/** Recomputing more than this many adds per element is worth a buffer. */
export const HEAVY = 8
/** A reduction weighs this much: its trip count is not counted. */
const LOOP = 100
/** A chain of maps heavier than this is cut, so that no kernel grows without bound. Dropout's bits weigh about 130. */
const MOST = 600
/** So is a longer chain of what weighs nothing: expressions are walked recursively. */
const DEEPEST = 200

export interface Roots {
  /** Nodes to compute, inputs first; without what is bound already. */
  readonly order: readonly Node[]
  readonly keep: Set<RawTensor>
  readonly weight: ReadonlyMap<RawTensor, number>
  /** Maps that are operands of contractions, and may be computed where they are used. */
  readonly loose: ReadonlySet<RawTensor>
}
const MANY = Symbol("many")

/** What a loop reads where it reads x: the tensor below its plain views; nothing, for a constant. */
export const basesOf = (x: RawTensor, isRoot: (t: RawTensor) => boolean): RawTensor[] =>
  isRoot(x) || !formOf(x.node).plain ? [x] : x.node.ins.flatMap((y) => basesOf(y, isRoot))

/** The single node in which a value ends up through aligned maps: there it is computed once, however often it is used. */
const destinations = (order: readonly Node[], outs: ReadonlySet<RawTensor>): ReadonlyMap<RawTensor, Node | typeof MANY> => {
  const dest = new Map<RawTensor, Node | typeof MANY>()
  const meet = (t: RawTensor, to: Node | typeof MANY): void => {
    const d = dest.get(t)
    dest.set(t, d === undefined || d === to ? to : MANY)
  }
  for (const t of outs) meet(t, t.node)
  for (const n of [...order].reverse()) {
    const f = formOf(n)
    const own = n.outs.length === 1 ? dest.get(n.outs[0]!) : undefined
    // A shared view passes its users on. A shared map does not: if it is heavy it gets a buffer, and then it is its inputs' only user;
    // if it is cheap, so are they.
    const passes = own !== undefined && !outs.has(n.outs[0]!) && (own === MANY ? f.kind === "view" : f.aligned)
    const to = passes ? own : n
    for (const t of n.ins) meet(t, to)
  }
  return dest
}

/** `computes`: may operands of contractions be expressions? */
export const chooseRoots = (
  p: Program,
  bound: ReadonlySet<RawTensor>,
  extra: (t: RawTensor) => boolean,
  computes: boolean,
): Roots => {
  const cut = new Set([...bound].map((t) => t.node))
  const order = topo(p.outs, (n) => cut.has(n)).filter((n) => !cut.has(n))
  const dest = destinations(order, new Set(p.outs))
  const keep = new Set<RawTensor>()
  const weight = new Map<RawTensor, number>()
  const depth = new Map<RawTensor, number>() // of views on the way to what has a buffer
  const isRoot = (t: RawTensor): boolean => bound.has(t) || keep.has(t)
  const own = (n: Node): number => {
    const f = formOf(n)
    return f.cost + (f.kind === "reduce" || f.kind === "contraction" ? LOOP : 0)
  }
  /** The weight with what is shared counted once, as kernels compute it. */
  const exact = (n: Node): number => {
    const seen = new Set<RawTensor>()
    const walk = (m: Node): number => {
      let w = own(m)
      for (const x of m.ins) {
        if (seen.has(x)) continue
        seen.add(x)
        w += isRoot(x) ? 1 : walk(x.node)
      }
      return w
    }
    return walk(n)
  }
  /** A map over more elements than anything that it is made of, heavy because of folds: they get buffers in its place, and it is computed
   *  where it is read (the mask of a pool of overlapping windows: as many elements as windows have in all). Is it light now? */
  const lightened = (n: Node): boolean => {
    const folds: RawTensor[] = []
    const between: Node[] = [] // inputs first
    let most = 0
    const seen = new Set<RawTensor>()
    const walk = (m: Node): void => {
      for (const x of m.ins) {
        if (seen.has(x)) continue
        seen.add(x)
        const { kind, plain } = formOf(x.node)
        const ends = isRoot(x) || (kind === "view" ? !plain : kind !== "map")
        if (!ends) walk(x.node)
        else {
          most = Math.max(most, size(x.shape))
          if (!isRoot(x) && (kind === "reduce" || kind === "contraction")) folds.push(x)
        }
      }
      between.push(m)
    }
    walk(n)
    if (folds.length === 0 || size(n.outs[0]!.shape) <= most) return false
    for (const x of folds) keep.add(x)
    for (const m of between) weight.set(m.outs[0]!, exact(m))
    return weight.get(n.outs[0]!)! <= HEAVY
  }
  const loose = new Set<RawTensor>()
  /** Is t computed from what has a buffer, and without a reduction? What ends a row, as a softmax does, stays with the rest of the row. */
  const elementwise = (t: RawTensor, seen: Set<RawTensor> = new Set()): boolean => {
    const { kind } = formOf(t.node)
    if (seen.has(t)) return true
    seen.add(t)
    return kind !== "reduce" && (isRoot(t) || (kind !== "contraction" && t.node.ins.every((x) => elementwise(x, seen))))
  }
  for (const n of order) {
    const f = formOf(n)
    const t = n.outs[0]!
    if (f.kind === "store" || f.kind === "loop") for (const o of n.outs) keep.add(o)
    if (f.kind === "loop") {
      const { consts, carries } = n.op.loop!(n.attrs)
      n.ins.forEach((x, k) => {
        if (k >= consts && k < consts + carries) return // a first carry is computed in its place
        for (const y of basesOf(x, isRoot)) if (!isRoot(y) && formOf(y.node).kind !== "leaf") keep.add(y)
      })
    }
    if (f.kind === "store")
      for (const x of n.ins) if (!isRoot(x) && ["contraction", "reduce"].includes(formOf(x.node).kind)) keep.add(x)
    const below = n.ins.reduce((s, x) => s + (isRoot(x) ? 1 : (weight.get(x) ?? 0)), 0)
    let w = below + own(n)
    if (w > MOST) w = exact(n)
    weight.set(t, w)
    const shared = dest.get(t) === MANY
    if (shared && f.kind === "map" && w > HEAVY && lightened(n)) w = weight.get(t)!
    if (shared && ((f.kind === "map" && w > HEAVY) || f.kind === "reduce" || f.kind === "contraction")) keep.add(t)
    const deep = n.ins.reduce((d, x) => Math.max(d, isRoot(x) ? 0 : (depth.get(x) ?? 0)), 0) + (f.cost > 0 ? 0 : 1)
    depth.set(t, deep)
    if (w > MOST || deep > DEEPEST || extra(t)) keep.add(t)
    if (f.kind !== "contraction") continue
    // Operands of contractions are plain reads: what a view hides is looked through. Or maps that nothing else reads.
    for (const operand of n.ins) {
      let [x, user] = [operand, n]
      let alone = n.ins.indexOf(x) === n.ins.lastIndexOf(x)
      while (!isRoot(x) && formOf(x.node).kind === "view") {
        alone &&= dest.get(x) === user
        ;[x, user] = [x.node.ins[0]!, x.node]
      }
      if (isRoot(x) || formOf(x.node).kind !== "map" || x.node.ins.length === 0) continue
      if (computes && alone && dest.get(x) === user && elementwise(x)) loose.add(x)
      else keep.add(x)
    }
  }
  return { order, keep, weight, loose }
}
