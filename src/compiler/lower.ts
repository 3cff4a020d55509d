// Program -> statements: every root's expression is pulled; what is no root is inlined into it. Knows no op.
import { storageOf } from "../core/leaf.ts"
import {
  type Access,
  type Axis,
  axis,
  type Buf,
  type Expr,
  type Ix,
  ix,
  type Kernel,
  keyOf,
  read,
  readsOf,
  type Reduce,
  scope,
  type Stmt,
  visit,
} from "../core/ir/index.ts"
import type { Node, Program, RawTensor } from "../core/tensor.ts"
import { newBuf } from "./buffers.ts"
import { inPlace } from "./carry.ts"
import { asContraction, asContractions, computesWell, isProductSum } from "./contraction.ts"
import { flattenProgram } from "./flatten.ts"
import { formOf } from "./form.ts"
import { injective } from "./injective.ts"
import { lighten } from "./motion.ts"
import type { Limits } from "./lowered.ts"
import { residues } from "./residues.ts"
import { basesOf, chooseRoots, HEAVY } from "./roots.ts"
import { splitAxes } from "./split.ts"

/** Where a computed tensor can be read: a buffer, a slab of one, or a view of it. */
interface Place {
  readonly at: Access
}
/** Where a result must go: a buffer, behind leading indices (the iteration of a loop). */
interface Sink {
  readonly buf: Buf
  readonly lead: readonly Ix[]
}
export interface Options {
  readonly limits: Limits
  /** More buffers than needed: for the law that the choice does not matter. */
  readonly roots: (t: RawTensor) => boolean
}
const whole = (buf: Buf): Place => ({ at: (i) => read(buf, i) })
const temp = (shape: readonly number[], dtype: Buf["dtype"]): Buf => newBuf(shape, dtype, "temp")
const isEmpty = (b: Buf): boolean => b.shape.includes(0)

/** Appends to `out` the statements that compute p's outputs into their sinks. `bound`: where the parameters (and captured tensors) are. */
export const lowerInto = (
  p: Program,
  bound: Map<RawTensor, Place>,
  sinks: readonly Sink[],
  out: Stmt[],
  outer: readonly Axis[],
  options: Options,
): void => {
  const { computes } = options.limits
  const { order, keep, weight, loose } = chooseRoots(p, new Set(bound.keys()), options.roots, computes !== undefined)
  const copies = new Map<string, Buf>() // padded operands, shared by the contractions of this list of statements
  const sinkOf = new Map<RawTensor, Sink>()
  p.outs.forEach((t, k) => {
    if (!bound.has(t) && !sinkOf.has(t)) {
      sinkOf.set(t, sinks[k]!)
      keep.add(t)
    }
  })
  const push = (k: Kernel): void => {
    if (isEmpty(k.out) || k.axes.some((a) => a.n === 0)) return
    out.push({ ...k, axes: k.axes.filter((a) => a.n > 1) })
  }
  const pushSplit = (k: Kernel): void => asContractions([splitAxes(k)], temp, copies).forEach(push)

  // ---- one root: pull its expression; what must not be inlined becomes a root first, and the pull restarts
  const stubs = new Map<RawTensor, Buf>()
  const stub = (t: RawTensor): Buf => {
    let b = stubs.get(t)
    if (!b) stubs.set(t, (b = temp(t.shape, t.dtype)))
    return b
  }
  interface Pull {
    readonly access: (t: RawTensor) => Access
    readonly must: Set<RawTensor>
    readonly inlined: Set<RawTensor>
    /** Operands of contractions among them: they get buffers if the contraction does not compute them. */
    readonly computed: Set<RawTensor>
  }
  const puller = (root: Node): Pull => {
    const must = new Set<RawTensor>()
    const inlined = new Set<RawTensor>()
    const computed = new Set<RawTensor>()
    const memo = new Map<string, Expr>()
    const access =
      (t: RawTensor): Access =>
      (i) => {
        const place = bound.get(t)
        if (place) return place.at(i)
        // an operand is computed for its own axes, not for all that the product has
        return loose.has(t) ? within(axesIn(i), () => pulled(t, i)) : pulled(t, i)
      }
    const pulled = (t: RawTensor, i: readonly Ix[]): Expr => {
      const f = formOf(t.node)
      const own = t.node === root
      const heavy = f.kind !== "view" && ((weight.get(t) ?? 0) > HEAVY || loose.has(t))
      const costly = f.kind === "reduce" || f.kind === "contraction" || heavy
      if (!own && (keep.has(t) || (costly && !injective(i, scope.axes)))) {
        must.add(t)
        return read(stub(t), i)
      }
      const key = `${t.node.id}:${i.map(keyOf).join()}`
      const hit = memo.get(key)
      if (hit) return hit
      if (!own) inlined.add(t)
      if (!own && loose.has(t)) computed.add(t)
      const { tag } = scope
      scope.tag = t
      const e = t.node.op.body!(t.node.ins.map(access), { i, attrs: t.node.attrs, ins: t.node.ins, out: t })
      scope.tag = tag
      memo.set(key, e)
      return e
    }
    return { access, must, inlined, computed }
  }
  const within = <T>(axes: readonly Axis[], f: () => T): T => {
    const { axes: before } = scope
    scope.axes = axes
    try {
      return f()
    } finally {
      scope.axes = before
    }
  }
  const need = (ts: Iterable<RawTensor>): void => {
    for (const t of ts) {
      keep.add(t)
      emit(t)
    }
  }
  /** Pulls until nothing is missing. */
  const settle = <T>(
    root: Node,
    build: (access: (t: RawTensor) => Access) => T,
    missing: (value: T, pull: Pull) => Iterable<RawTensor>,
  ): T => {
    for (;;) {
      const pull = puller(root)
      const value = build(pull.access)
      const more = pull.must.size > 0 ? [...pull.must] : [...missing(value, pull)]
      if (more.length === 0) return value
      need(more)
    }
  }
  const tooMany = (reads: ReadonlySet<Buf>, pull: Pull): RawTensor[] => {
    if (reads.size <= options.limits.reads) return []
    const heaviest = [...pull.inlined]
      .filter((t) => formOf(t.node).kind !== "view")
      .sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0))[0]
    return heaviest ? [heaviest] : []
  }

  /** The kernel that computes t, for `root`, which may be t's own node; with the copies that it needs. */
  const kernelFor = (root: Node, t: RawTensor, sink: Sink): void => {
    const axes = t.shape.map(axis)
    const own = axes.map(ix)
    const build = (access: (t: RawTensor) => Access): readonly Kernel[] => {
      const value = within(axes, () => access(t)(own))
      const whole: Kernel = { k: "kernel", out: sink.buf, axes, at: [...sink.lead, ...own], value }
      return (options.limits.parts ? residues(whole) : [whole]).map(splitAxes)
    }
    const from = root.outs[0]!
    const kernels = settle(root, build, (parts, pull) => {
      const inner = parts.flatMap((k) => [...nestedOrSecond(k.value, from), ...crooked(k, from)])
      const more = inner.filter((x) => x !== from && !bound.has(x))
      if (more.length > 0) return more
      // the second operand gets a buffer first: then the first one may be computed, if it is not for each part anew
      const computed = [...pull.computed]
      if (computed.length > 0 && (parts.length > 1 || !computesWell(parts[0]!, computes!))) return computed.slice(-1)
      return tooMany(new Set(parts.flatMap(readsOf).map((r) => r.buf)), pull)
    })
    asContractions(kernels, temp, copies).forEach(push)
  }
  const emit = (t: RawTensor): void => {
    if (bound.has(t)) return
    const n = t.node
    if (n.op.loop) return emitLoop(n)
    const sink = sinkOf.get(t) ?? { buf: temp(t.shape, t.dtype), lead: [] }
    if (n.op.store) emitStore(n, sink)
    else kernelFor(n, t, sink)
    bound.set(t, { at: (i) => read(sink.buf, [...sink.lead, ...i]) })
  }
  /** Scatter: fill, then accumulate. */
  const emitStore = (n: Node, sink: Sink): void => {
    const t = n.outs[0]!
    const axes = t.shape.map(axis)
    const own = axes.map(ix)
    const s = settle(
      n,
      (access) => within([...outer], () => n.op.store!(n.ins.map(access), { i: own, attrs: n.attrs, ins: n.ins, out: t })),
      (v, { computed }) =>
        [...nestedOrSecond(v.value, t), ...nestedOrSecond(v.init, t), ...computed].filter((x) => x !== t && !bound.has(x)),
    )
    pushSplit({ k: "kernel", out: sink.buf, axes, at: [...sink.lead, ...own], value: s.init })
    if (isEmpty(sink.buf) || s.axes.some((a) => a.n === 0)) return
    out.push({ k: "kernel", out: sink.buf, axes: s.axes, at: [...sink.lead, ...s.at], value: s.value, accumulate: s.accumulate })
  }
  const emitLoop = (n: Node): void => {
    const s = n.op.loop!(n.attrs)
    const first = s.consts + s.carries
    n.ins.forEach((x, k) => {
      if (k < s.consts || k >= first) need(basesOf(x, (t) => bound.has(t)).filter((t) => !bound.has(t)))
    })
    /** Through plain views to what they look at. */
    const source =
      (x: RawTensor): Access =>
      (i) =>
        bound.get(x)?.at(i) ?? x.node.op.body!(x.node.ins.map(source), { i, attrs: x.node.attrs, ins: x.node.ins, out: x })
    const copy = (from: Access, to: Buf, lead: readonly Ix[] = []): Kernel => {
      const axes = to.shape.slice(lead.length).map(axis)
      const at = axes.map(ix)
      return { k: "kernel", out: to, axes, at: [...lead, ...at], value: from(at) }
    }
    const t = axis(s.length)
    const inner = lighten(flattenProgram(s.body))
    // a result of the program is made where it is wanted
    const own = n.outs.map((o) => {
      const sink = sinkOf.get(o)
      return sink?.lead.length === 0 ? sink.buf : temp(o.shape, o.dtype)
    })
    const carry = own.slice(0, s.carries)
    const next = carry.map((c) => temp(c.shape, c.dtype))
    const ys = own.slice(s.carries)
    carry.forEach((buf, k) => {
      const x = n.ins[s.consts + k]!
      if (!isEmpty(buf)) kernelFor(n, x, { buf, lead: [] })
    })
    if (s.length > 0) {
      const places = new Map<RawTensor, Place>()
      inner.params.forEach((x, k) => {
        if (k >= s.consts && k < first) places.set(x, whole(carry[k - s.consts]!))
        else {
          const at = source(n.ins[k]!)
          places.set(x, k < s.consts ? { at } : { at: (i) => at([ix(t), ...i]) })
        }
      })
      const stmts: Stmt[] = []
      const into: Sink[] = [...next.map((buf) => ({ buf, lead: [] })), ...ys.map((buf) => ({ buf, lead: [ix(t)] }))]
      lowerInto(inner, places, into, stmts, [...outer, t], options)
      const carried = carry.flatMap((c, k) => (isEmpty(c) ? [] : [{ next: next[k]!, carry: c }]))
      const body = inPlace(stmts, carried, (c) => copy((i) => read(c.next, i), c.carry))
      if (body.length > 0) out.push({ k: "loop", t, reverse: s.reverse, body })
    }
    n.outs.forEach((o, k) => {
      const place = whole(own[k]!)
      bound.set(o, place)
      const sink = sinkOf.get(o)
      if (sink && sink.buf !== own[k]) push(copy(place.at, sink.buf, sink.lead))
    })
  }

  for (const n of order) {
    const t = n.outs[0]!
    if (formOf(n).kind === "leaf" && storageOf(t)) throw new Error(`lowering: the data leaf ${t} was not bound`)
    if (n.outs.some((o) => keep.has(o))) emit(t)
  }
  // outputs that are parameters, or the same tensor again: copies
  p.outs.forEach((t, k) => {
    const sink = sinks[k]!
    if (sinkOf.get(t) === sink) return
    const axes = t.shape.map(axis)
    push({ k: "kernel", out: sink.buf, axes, at: [...sink.lead, ...axes.map(ix)], value: bound.get(t)!.at(axes.map(ix)) })
  })
}

/** Axes that occur in indices. */
const axesIn = (at: readonly Ix[]): Axis[] => at.flatMap((e) => e.t.flatMap(([, a]) => (a.e ? axesIn([a.e]) : [a])))
/** Reductions inside reductions that did not merge, and all but one contraction of a kernel, get buffers of their own. */
const nestedOrSecond = (e: Expr, root: RawTensor): RawTensor[] => {
  const out: RawTensor[] = []
  const owner = (r: Reduce): void => {
    if (r.tag !== root && r.tag !== undefined) out.push(r.tag as RawTensor)
  }
  let contractions = 0
  visit(e, (x) => {
    if (x.k !== "reduce") return
    visit(x.body, (y) => {
      if (y.k === "reduce") owner(y)
    })
    if (isProductSum(x) && contractions++ > 0) owner(x)
  })
  return out
}
/** A would-be contraction with i/d or i%d left in its reads cannot be packed: the view that caused it gets a buffer. */
const crooked = (k: Kernel, root: RawTensor): RawTensor[] => {
  let hit: RawTensor | undefined
  visit(k.value, (x) => {
    if (x.k !== "reduce" || x.kind !== "add" || !isProductSum(x)) return
    visit(x.body, (y) => {
      if (y.k === "read" && y.at.some((e) => e.t.some(([, a]) => a.kind === "div" || a.kind === "mod")))
        hit = x.tag as RawTensor | undefined
    })
  })
  if (!hit) return []
  if (asContraction(k, temp, new Map())) return [] // a padded copy takes the divisions away
  const views = hit.node.ins.filter((x) => formOf(x.node).kind === "view")
  return hit === root ? views : [hit]
}
