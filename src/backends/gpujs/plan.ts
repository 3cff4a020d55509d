// Statements -> steps: kernels that fill whole arrays (all that gpu.js can do), copies, scatters, loops. A store that is not a whole
// array in row-major order becomes a kernel into a temporary and a copy or a second kernel that puts it in its place.
import {
  type Atom,
  type Axis,
  axis,
  type Buf,
  call,
  div,
  type Expr,
  flat,
  guard,
  idx,
  inside,
  type Ix,
  ix,
  type Kernel,
  type Kind,
  mapExpr,
  mod,
  type Nest,
  num,
  plus,
  read,
  readsOf,
  reduceOver,
  type Stmt,
  substitute,
  times,
  unflat,
  unit,
  visit,
  dyn,
} from "../../core/ir/index.ts"
import type { DType } from "../../core/dtype.ts"
import { add } from "../../scalar/add.ts"
import { max } from "../../scalar/max.ts"
import { min } from "../../scalar/min.ts"
import { mul } from "../../scalar/mul.ts"
import { where } from "../../scalar/where.ts"
import { type Dense, emitKernel, type KernelSource, type Target } from "./emit.ts"
import { split } from "./partial.ts"
import { elementsOf } from "./sizes.ts"
import { tiled } from "./tiles.ts"

/** out = kernel(inputs). */
export interface Run {
  readonly k: "run"
  readonly source: KernelSource
  readonly out: Buf
}
/** to[offset ...] = from, whole; the offset counts elements and may depend on loop indices. */
export interface Copy {
  readonly k: "copy"
  readonly from: Buf
  readonly to: Buf
  readonly offset: Ix
}
/** out[at[u]] (kind)= value[u], in order of u: a loop of the host, where the host can reach the arrays. */
export interface Scatter {
  readonly k: "scatter"
  readonly at: Buf
  readonly value: Buf
  readonly out: Buf
  readonly kind: Kind
}
export interface Repeat {
  readonly k: "loop"
  readonly t: Axis
  readonly reverse: boolean
  readonly body: readonly Step[]
}
export type Step = Run | Copy | Scatter | Repeat

export interface PlanTarget extends Target {
  /** The host may scatter into arrays; otherwise each element of the output looks for its updates. */
  readonly hostScatter: boolean
  /** Threads that keep the device busy; 1: one after another. */
  readonly threads: number
  /** Contractions in WGSL of our own. */
  readonly tiles: boolean
}
const combine = { add, mul, max, min }
let ids = 0
/** A temporary of the plan's own. Its id is negative: those of the compiler are positive. */
const temporary = (shape: readonly number[], dtype: DType): Buf => ({ id: --ids, shape, dtype, role: "temp" })

export const plan = (stmts: readonly Stmt[], target: PlanTarget): Step[] => {
  const steps: Step[] = []
  const run = (k: Dense, out: Buf): void => {
    const { first, kernel } = target.threads > 1 ? split(k, target.threads, target.tiles, temporary) : { first: [], kernel: k }
    for (const p of first) one(p.kernel, p.out)
    one(kernel, out)
  }
  const one = (k: Dense, out: Buf): void => {
    const t = target.tiles ? tiled(k, out.dtype) : undefined
    if (!t) return void steps.push({ k: "run", source: emitKernel(k, target), out })
    const product = t.rest
      ? temporary(
          t.axes.map((a) => a.n),
          out.dtype,
        )
      : out
    steps.push({ k: "run", source: t.source, out: product })
    if (t.rest) one(t.rest(product), out)
  }

  const kernel = (k: Kernel): void => {
    if (k.out.shape.includes(0) || k.axes.some((a) => a.n === 0)) return
    if (k.accumulate) return accumulate(k, k.accumulate)
    const store = denseStore(k)
    if (!store) return accumulate(k, undefined)
    const size = elementsOf(k.out.shape)
    const whole = store.count === size && store.dense
    if (whole && !readsOf(k).some((r) => r.buf === k.out)) return run(store.kernel, k.out)
    const part = temporary(
      store.kernel.axes.map((a) => a.n),
      k.out.dtype,
    )
    run(store.kernel, part)
    if (store.dense) steps.push({ k: "copy", from: part, to: k.out, offset: store.base })
    else merge(store, part, k.out)
  }
  /** Every element of `out` takes its value from `part` where the store covers it, and keeps its own elsewhere. */
  const merge = (store: Store, part: Buf, out: Buf): void => {
    const size = elementsOf(out.shape)
    const o = axis(size)
    let rest = plus(o, times(store.base, -1))
    const conds = [inside(rest, size)]
    const at: Ix[] = []
    store.strides.forEach((c, d) => {
      const q = div(rest, c)
      conds.push(inside(q, store.kernel.axes[d]!.n))
      at.push(q)
      rest = mod(rest, c)
    })
    conds.push(inside(rest, 1))
    const old = read(out, unflat(ix(o), out.shape))
    const value = call(where, [guard(conds, num(1, "bool"), 0), guard(conds, read(part, at), 0), old], out.dtype)
    const merged = temporary([size], out.dtype)
    run({ axes: [o], value }, merged)
    steps.push({ k: "copy", from: merged, to: out, offset: ix(0) })
  }
  /** Updates at computed places. A kernel can only pull: for each element of `out`, a loop over all updates that picks its own. Axes
   *  that are an output axis as they stand are not searched. Cost: elements of out times updates per element. No kind: assignment. */
  const accumulate = (k: Kernel, kind: Kind | undefined): void => {
    const { out } = k
    const own = matched(k)
    const searched = k.axes.filter((a) => !own.includes(a))
    const dims = k.at.map((_, d) => d).filter((d) => !own[d])
    const where_ = flat(
      dims.map((d) => k.at[d]!),
      dims.map((d) => out.shape[d]!),
    )
    const indexAxes = k.axes.filter((a) => dependsOn(where_, a))
    const places = temporary(
      indexAxes.map((a) => a.n),
      "i32",
    )
    const values = temporary(
      k.axes.map((a) => a.n),
      out.dtype,
    )
    run({ axes: k.axes, value: k.value }, values)
    if (target.hostScatter && out.dtype !== "u32" && kind) {
      const all = temporary(values.shape, "i32")
      run({ axes: k.axes, value: idx(flat(k.at, out.shape), "i32") }, all)
      steps.push({ k: "scatter", at: all, value: values, out, kind })
      return
    }
    run({ axes: indexAxes, value: idx(where_, "i32") }, places)
    const o = out.shape.map(axis)
    const s = substitute((a) => {
      const d = own.indexOf(a)
      return d >= 0 ? ix(o[d]!) : undefined
    })
    const here = flat(
      dims.map((d) => o[d]!),
      dims.map((d) => out.shape[d]!),
    )
    const size = elementsOf(dims.map((d) => out.shape[d]!))
    const place = dyn(
      read(
        places,
        indexAxes.map((a) => s.ix(ix(a))),
      ),
      size,
    )
    const hit = inside(plus(here, times(place, -1)), 1)
    const limits = own.flatMap((a, d) => (a && a.n < out.shape[d]! ? [inside(o[d]!, a.n)] : []))
    const update = read(
      values,
      k.axes.map((a) => s.ix(ix(a))),
    )
    const neutral = kind ? unit(kind, out.dtype) : 0
    const old = read(out, o.map(ix))
    const mine = (body: Expr, other: number): Expr => guard([...limits, hit], body, other)
    const value = kind
      ? call(combine[kind], [old, reduceOver(kind, searched, mine(update, neutral))], out.dtype)
      : call(
          where,
          [
            reduceOver("max", searched, mine(num(1, "bool"), 0)),
            reduceOver("add", searched, mine(update, 0)), // injective: one term at most
            old,
          ],
          out.dtype,
        )
    const next = temporary(out.shape, out.dtype)
    run({ axes: o, value }, next)
    steps.push({ k: "copy", from: next, to: out, offset: ix(0) })
  }
  for (const s of stmts) {
    if (s.k === "kernel") kernel(s)
    else if (s.k === "nest") for (const k of unnest(s)) kernel(k)
    else if (s.t.n > 0) steps.push({ k: "loop", t: s.t, reverse: s.reverse, body: plan(s.body, target) })
  }
  return steps
}

interface Store {
  /** The kernel with its axes in the order of the output's memory. */
  readonly kernel: Dense
  /** Distance in memory of neighbours along each axis. */
  readonly strides: readonly number[]
  /** Where element 0 goes; may depend on loop indices. */
  readonly base: Ix
  readonly count: number
  /** No holes: the strides are those of a row-major array. */
  readonly dense: boolean
}
/** A store through an affine index in which the axes form a mixed radix. */
const denseStore = (k: Kernel): Store | undefined => {
  const e = flat(k.at, k.out.shape)
  const wide = k.axes.filter((a) => a.n > 1)
  if (e.t.some(([, a]) => a.kind !== "axis")) return undefined
  const coefficient = (a: Axis): number => e.t.find(([, b]) => b === a)?.[0] ?? 0
  if (wide.some((a) => coefficient(a) === 0)) return undefined
  // an axis that runs backwards is turned round
  const flipped = wide.filter((a) => coefficient(a) < 0)
  const s = substitute((a) => (flipped.includes(a) ? plus(a.n - 1, times(a, -1)) : undefined))
  const f = flipped.length > 0 ? s.ix(e) : e
  const value = flipped.length > 0 ? substituteKeeping(k.value, flipped) : k.value
  const order = [...wide].sort((a, b) => Math.abs(coefficient(b)) - Math.abs(coefficient(a)))
  const strides = order.map((a) => Math.abs(coefficient(a)))
  let dense = true
  let span = 1
  for (let d = order.length - 1; d >= 0; d--) {
    if (strides[d]! < span) return undefined // overlaps: not a mixed radix
    if (strides[d]! !== span) dense = false
    span = strides[d]! * order[d]!.n
  }
  const base: Ix = { c: f.c, t: f.t.filter(([, a]) => !order.includes(a)) }
  return { kernel: { axes: order, value }, strides, base, count: elementsOf(order.map((a) => a.n)), dense }
}
const substituteKeeping = (x: Expr, flipped: readonly Axis[]): Expr =>
  substitute((a) => (flipped.includes(a) ? plus(a.n - 1, times(a, -1)) : undefined)).expr(x)

/** own[d]: the axis that output dimension d is, if it is nothing else and the axis has no other part in the index. */
const matched = (k: Kernel): (Axis | undefined)[] =>
  k.at.map((e, d) => {
    const [term] = e.t
    if (e.c !== 0 || e.t.length !== 1 || term![0] !== 1) return undefined
    const a = term![1]
    return k.axes.includes(a) && k.at.every((f, j) => j === d || !f.t.some(([, b]) => b === a)) ? a : undefined
  })
const dependsOn = (e: Ix, axis: Axis): boolean => {
  let hit = false
  const look = (i: Ix): void => void (hit ||= i.t.some(([, a]) => a === axis))
  visit(idx(e, "i32"), () => {}, look)
  return hit
}
/** The kernels of a nest over whole arrays: a temporary that was one row long gets all its rows back. */
const unnest = (n: Nest): Kernel[] => {
  const rows = n.axes.map(ix)
  const whole = new Map<Buf, Buf>()
  for (const k of n.body) {
    const mentions = (a: Atom): boolean => k.at.some((e) => dependsOn(e, a))
    if (k.out.role === "temp" && n.axes.some((a) => a.n > 1 && !mentions(a)) && !whole.has(k.out))
      whole.set(k.out, temporary([...n.axes.map((a) => a.n), ...k.out.shape], k.out.dtype))
  }
  const grow = (e: Expr): Expr =>
    mapExpr(e, (x) => {
      const to = x.k === "read" ? whole.get(x.buf) : undefined
      return to && x.k === "read" ? read(to, [...rows, ...x.at]) : undefined
    })
  return n.body.map((k) => {
    const to = whole.get(k.out)
    return { ...k, axes: [...n.axes, ...k.axes], out: to ?? k.out, at: to ? [...rows, ...k.at] : k.at, value: grow(k.value) }
  })
}
