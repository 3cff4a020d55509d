// Kernels and row nests of the loop IR to loops.
import { bytesOf } from "../../core/dtype.ts"
import { type Atom, type Axis, type Ix, type Kernel, type Nest, range, type Reduce, unit, visit } from "../../core/ir/index.ts"
import { size } from "../../core/shape.ts"
import type { Local } from "./asm.ts"
import { emitContraction } from "./contract.ts"
import { hasDoubles } from "./rooms.ts"
import type { Frame, Pointer, Scope } from "./frame.ts"
import { constant, fold } from "./lanes.ts"
import { alongLanes, chooseAxis, type Lanewise, guardedAlong, lanesPossible, type Limit, widthFor } from "./lanewise.ts"
import { kernelsWork, loops, sharedLoop, workOf } from "./reduce.ts"
import { type Step, type Streamed, streamed, tiled } from "./reshape.ts"
import { bytesOfStrip, type ShortRows, shortRows } from "./rows.ts"
import { type Stencil, stencil } from "./stencil.ts"
import type { V, Vec } from "./strands.ts"
import { addressOf, strideAlong, vectorAddress } from "./address.ts"
import { hoist } from "./hoist.ts"
import { foldInto, keyOfBuf, valueOf } from "./values.ts"

export const emitKernel = (k: Kernel, scope: Scope): void => {
  if (hasDoubles(k)) return emitContraction(k, scope) ? undefined : scope.frame.rooms.doubles!.emitScalarKernel(k, scope)
  const prefix = prefixOf(k)
  if (prefix) return emitPrefix(k, prefix, scope)
  const places = stencil(k, scope.frame)
  if (places) return emitStencil(places, scope)
  if (emitContraction(k, scope)) return
  const rows = streamed(k, scope)
  if (rows) return emitStreamed(k, rows, scope)
  const tiles = tiled(k, scope)
  emitGroup([tiles], tiles.axes, scope)
}
/** So many iterations around everything are divided themselves. */
const MANY = 8
const emitStreamed = (k: Kernel, { outer, strips, along, rows, steps }: Streamed, scope: Scope): void => {
  const { frame } = scope
  for (const b of strips) frame.setPointer(b, { base: frame.scratch(4 * along.n + 64), offset: 0 })
  const work = (rows * along.n * outer.reduce((n, a) => n * a.n, 1 + workOf(k.value))) / 4
  // Parts are wide: what runs on through each row's memory is read faster.
  const unit = Math.max(64, Math.min(512, 64 * Math.floor(along.n / 256)))
  const [first, ...inner] = outer
  const parts = first && first.n >= MANY && scope.depth === 0 ? frame.share(first.n, 1, work) : undefined
  const part = scope.depth === 0 && !parts ? frame.share(along.n, unit, work) : undefined
  const take = (list: readonly Step[], at: Scope): void => {
    for (const s of list)
      if ("over" in s) loops(s.over, [], [], new Set(), at.inner(), (inner) => take(s.steps, inner))
      else emitGroup([s], s.axes, at.inner(), part)
  }
  if (first && parts) sharedLoop(first, parts, scope, (at) => loops(inner, [], [], new Set(), at, (row) => take(steps, row)))
  else loops(outer, [], [], new Set(), scope, (row) => take(steps, row))
}
/** All rows of the nest, sixteen at a time. */
const emitShortRows = ({ outer, block, whole, full, rest, single, strips }: ShortRows, work: number, scope: Scope): void => {
  const { frame } = scope
  const { f } = frame
  for (const b of strips) frame.setPointer(b, { base: frame.scratch(bytesOfStrip(b)), offset: 0 })
  const run = (kernels: readonly Kernel[], at: Scope): void => {
    const lanes = kernels === full || !single
    for (const k of kernels) emitGroup([k], k.axes, at.inner(), lanes ? [0, k.axes.at(-1)!.n] : undefined)
  }
  const rows = (at: Scope): void => {
    if (rest.length === 0 || whole === 0) return run(rest.length === 0 ? full : rest, at)
    const isFull = f.op("i32.lt_s", f.get(at.position(block) as Local<"i32">), f.i32(whole))
    f.if(
      isFull,
      () => run(full, at),
      () => run(rest, at),
    )
  }
  const [first = block, ...inner] = [...outer, block]
  const part = scope.depth === 0 ? frame.share(first.n, 1, work) : undefined
  if (part) sharedLoop(first, part, scope, (at) => loops(inner, [], [], new Set(), at, rows))
  else loops([first, ...inner], [], [], new Set(), scope, rows)
}
export const emitNest = (nest: Nest, scope: Scope): void => {
  const { frame } = scope
  const work = nest.body.reduce((w, k) => w + kernelsWork([k], [...nest.axes, ...k.axes], frame), 0)
  const short = nest.body.some(hasDoubles) ? undefined : shortRows(nest, frame)
  if (short) return emitShortRows(short, work, scope)
  // Rows of single elements: the rows themselves run through the lanes.
  if (nest.body.every((k) => k.axes.length === 0 && !k.accumulate && !hasDoubles(k) && !prefixOf(k)))
    return emitGroup(nest.body, nest.axes, scope)
  const [first, ...rest] = nest.axes
  const rows = (axes: readonly Axis[], at: Scope): void =>
    loops(axes, [], [], new Set(), at, (row) => {
      for (const k of nest.body) emitKernel(k, row.inner())
    })
  const ordered = nest.body.some((k) => k.accumulate)
  const part = first && scope.depth === 0 && !ordered ? frame.share(first.n, 1, work) : undefined
  if (!part || !first) return rows(nest.axes, scope)
  keepPrivate(nest.body, first, frame)
  sharedLoop(first, part, scope, (at) => rows(rest, at))
}

/** Temporaries that each row overwrites: every thread has its own. `row` may be an axis that others were merged into. */
const keepPrivate = (kernels: readonly Kernel[], row: Axis, frame: Frame): void => {
  for (const { out, at } of kernels)
    if (out.role === "temp" && !frame.freeIx(frame.address({ buf: out, at })).has(row))
      frame.setPointer(out, { base: frame.scratch(bytesOf(out.dtype) * size(out.shape) + 32), offset: 0 })
}

interface Out {
  readonly kernel: Kernel
  readonly pointer: Pointer
  readonly e: Ix
}
const outsOf = (kernels: readonly Kernel[], scope: Scope): Out[] =>
  kernels.map((kernel) => ({
    kernel,
    pointer: scope.frame.pointer(kernel.out),
    e: scope.frame.address({ buf: kernel.out, at: kernel.at }),
  }))

/** Kernels over the same axes, in order for each element. `range`: limits of the last axis, if not all of it. */
export const emitGroup = (
  kernels: readonly Kernel[],
  given: readonly Axis[],
  scope: Scope,
  range?: readonly [Limit, Limit],
): void => {
  const { frame } = scope
  const values = kernels.map((k) => k.value)
  const axes = range
    ? given
    : frame.merge(
        given,
        values,
        kernels.map((k) => frame.address({ buf: k.out, at: k.at })),
      )
  if (range && !lanesPossible(values, given.at(-1)!, frame)) return ranged(kernels, given.at(-1)!, range, scope)
  const v = range ? given.at(-1) : chooseAxis(kernels, axes, frame)
  // What one kernel writes and the next one reads changes with every element: it must not be computed outside the innermost loop.
  const innermost = v ?? axes.at(-1)
  if (innermost && kernels.length > 1) for (const k of kernels) frame.carry(k.out, innermost)
  const outer = axes.filter((a) => a !== v)
  const [first, ...rest] = outer
  const apart = (a: Axis): boolean => kernels.every((k) => !k.accumulate || separate(frame.address({ buf: k.out, at: k.at }), a))
  // Where elements are added to, their order counts: threads take others' columns, if not whole rows of their own.
  const whole = first && apart(first) ? first : v && apart(v) ? v : undefined
  const work = kernelsWork(kernels, axes, frame)
  const unit = whole === first ? 1 : first ? COLUMNS : 64
  const again = first && whole === v ? outer.reduce((n, a) => n * a.n, 2) : 0
  const part = whole && scope.depth === 0 ? frame.share(whole.n, unit, work, again) : undefined
  if (part && whole && kernels.length > 1) keepPrivate(kernels, whole, frame)
  const stores = outsOf(kernels, scope)
  const body: Lanewise["body"] = (at, left) => {
    for (const out of stores) store(out, valueOf(out.kernel.value, at), at, left)
  }
  const lanes = new Set<Atom>(v ? [v] : [])
  const width = widthFor(
    values,
    kernels.some((k) => k.accumulate),
  )
  const row = (at: Scope, limits = range): void => {
    if (v) alongLanes(v, limits?.[0] ?? 0, limits?.[1] ?? v.n, { values, stores, width, body }, at)
    else body(at.inner(1))
  }
  if (!part || whole === v) loops(outer, values, stores, lanes, scope, (at) => row(at, part))
  else if (first) sharedLoop(first, part, scope, (at) => loops(rest, values, stores, lanes, at, row))
}
/** Columns of 64 bytes, so that no two threads write to one line of the cache. */
const COLUMNS = 16
/** Do different values of the axis always lead to different elements? They do where everything else moves by less than one step of the
 *  axis, or by whole rounds of it. */
const separate = (e: Ix, a: Axis): boolean => {
  const step = e.t.find(([, b]) => b === a)?.[0] ?? 0
  const less = e.t.filter(([k, b]) => b !== a && k % (step * a.n) !== 0)
  return step > 0 && less.every(([k]) => k > 0) && range({ c: 0, t: less })[1] < step
}
/** Element by element between limits known at run time. */
const ranged = (kernels: readonly Kernel[], v: Axis, [from, to]: readonly [Limit, Limit], scope: Scope): void => {
  const { f } = scope.frame
  const i = f.local("i32")
  const push = (x: Limit) => (typeof x === "number" ? f.i32(x) : f.get(x))
  f.for(
    i,
    () => push(from),
    () => push(to),
    1,
    () => emitGroup(kernels, [], scope.inner().bind(v, i)),
  ) // prettier-ignore
}

/** Writes a value, or folds it into what is there. */
const store = ({ kernel, pointer, e }: Out, given: Vec, scope: Scope, left?: Local<"i32">): void => {
  const { frame, vector, s } = scope
  const { f } = frame
  const { accumulate } = kernel
  const { dtype } = kernel.out
  const stride = vector ? strideAlong(e, vector.axis, frame) : 0
  if (vector && stride === 0 && !accumulate) {
    scope.keep(keyOfBuf(kernel.out), given)
    return
  }
  const at = vector ? vectorAddress(pointer, e, scope) : { ...addressOf(pointer, e, 4, scope), stride: 0 }
  const contiguous = stride === 1
  let value = given
  if (accumulate) {
    // Lanes past the end are read (buffers have room for that) but not written.
    const old = s.let((u) => (contiguous ? f.load("v128.load", f.get(at.base), at.offset + 16 * u) : lanesFrom(at, u, scope)))
    const before = dtype === "bool" ? s.let(() => s.op1("i32x4.neg", s.get(old))) : old
    value = s.let(() => fold(s, accumulate, dtype, s.get(before), s.get(given)))
  }
  const out = dtype === "bool" ? s.let(() => s.and(s.get(value), s.ki(1))) : value
  out.slice(0, s.width).forEach((x, u) => {
    const lanes = !vector ? 1 : u === s.width - 1 ? vector.lanes : 4
    const offset = at.offset + at.stride * 4 * u
    const lane = (l: number): void => f.store32Lane(f.get(at.base), f.get(x), l, offset + at.stride * l)
    if (!contiguous) {
      // Falling addresses are counted from the lowest.
      const base = at.stride < 0 ? f.let("i32", f.op("i32.add", f.get(at.base), f.i32(offset + at.stride * 3))) : undefined
      for (let l = 0; l < lanes; l++) {
        if (base) f.store32Lane(f.get(base), f.get(x), l, at.stride * (l - 3))
        else lane(l)
      }
    } else if (left) partial(left, x, at, scope)
    else if (lanes === 4) f.store("v128.store", f.get(at.base), f.get(x), offset)
    else {
      if (lanes >= 2) f.store64Lane(f.get(at.base), f.get(x), 0, offset)
      if (lanes !== 2) lane(lanes - 1)
    }
  })
}
const lanesFrom = (at: Pointer & { readonly stride: number }, u: number, scope: Scope): V => {
  const { f } = scope.frame
  const { vector, s } = scope
  const lanes = !vector ? 1 : u === s.width - 1 ? vector.lanes : 4
  const x = f.let("v128", s.k(0))
  for (let l = 0; l < lanes; l++) {
    const offset = at.offset + at.stride * (4 * u + l)
    const base = offset < 0 ? f.let("i32", f.op("i32.add", f.get(at.base), f.i32(offset))) : at.base
    f.set(x, f.load32Lane(f.get(base), f.get(x), l, Math.max(0, offset)))
  }
  return f.get(x)
}
/** One vector of which `left` lanes are written: all, or 1 to 3. */
const partial = (left: Local<"i32">, x: Local<"v128">, at: Pointer, scope: Scope): void => {
  const { f } = scope.frame
  const has = (bit: number) => f.op("i32.and", f.get(left), f.i32(bit))
  f.if(
    f.op("i32.ge_s", f.get(left), f.i32(4)),
    () => f.store("v128.store", f.get(at.base), f.get(x), at.offset),
    () =>
      f.if(
        has(2),
        () => {
          f.store64Lane(f.get(at.base), f.get(x), 0, at.offset)
          f.if(has(1), () => f.store32Lane(f.get(at.base), f.get(x), 2, at.offset + 8))
        },
        () => f.store32Lane(f.get(at.base), f.get(x), 0, at.offset),
      ),
  )
}

/** For each vector of channels, all places of a line. */
const emitStencil = ({ kernel, lanes, line, outer }: Stencil, scope: Scope): void => {
  const { frame } = scope
  const stores = outsOf([kernel], scope)
  const [out] = stores as [Out]
  const values = [kernel.value]
  const places: Lanewise["body"] = (at, left) =>
    loops([line], values, stores, new Set(), at, (place) => store(out, valueOf(kernel.value, place), place, left))
  const row = (at: Scope): void => alongLanes(lanes, 0, lanes.n, { values: [], stores: [], width: 1, body: places }, at)
  const inner = new Set<Atom>([lanes, line])
  const [first, ...rest] = outer
  const part = first && scope.depth === 0 ? frame.share(first.n, 1, kernelsWork([kernel], kernel.axes, frame)) : undefined
  if (first && part) sharedLoop(first, part, scope, (at) => loops(rest, values, stores, inner, at, row))
  else loops(outer, values, stores, inner, scope, row)
}

// ---- prefix reductions ---------------------------------------------------------------------------------------------
interface Prefix {
  readonly reduce: Reduce
  readonly own: Axis
  /** upto = own, or upto = n - 1 - own. */
  readonly flip: boolean
}
const prefixOf = (k: Kernel): Prefix | undefined => {
  if (k.accumulate) return undefined
  const found: Reduce[] = []
  let inside = false
  visit(k.value, (x) => {
    if (x.k !== "reduce" || !x.upto) return
    found.push(x)
    visit(x.body, (y) => void (inside ||= y.k === "reduce" && y.upto !== undefined))
  })
  const [reduce] = found
  if (found.length !== 1 || !reduce || inside) return undefined
  const upto = reduce.upto!
  const [term] = upto.t
  const n = reduce.axes[0]!.n
  if (upto.t.length !== 1 || !term || !k.axes.includes(term[1]) || term[1].n !== n) return undefined
  const flip = term[0] === -1 && upto.c === n - 1
  if (!flip && !(term[0] === 1 && upto.c === 0)) return undefined
  // The sum must run over nothing else of the kernel's own axis.
  let mixed = false
  visit(reduce.body, (x) => {
    if (x.k === "read") for (const e of x.at) mixed ||= e.t.some(([, a]) => a === term[1])
    else if (x.k === "idx") mixed ||= x.e.t.some(([, a]) => a === term[1])
  })
  return mixed ? undefined : { reduce, own: term[1], flip }
}
/** A running sum along the kernel's own axis. */
const emitPrefix = (k: Kernel, { reduce, own, flip }: Prefix, scope: Scope): void => {
  const { frame } = scope
  const { f } = frame
  const others = k.axes.filter((a) => a !== own)
  const [out] = outsOf([k], scope) as [Out]
  const values = [k.value]
  const v = others.find((a) => strideAlong(out.e, a, frame) === 1 && !guardedAlong(values, a, frame))
  const j = reduce.axes[0]!
  const run: Lanewise["body"] = (at, left) => {
    const { s } = at
    const acc = s.let(() => constant(s, unit(reduce.kind, reduce.dtype), reduce.dtype))
    const before = at.inner()
    hoist([reduce.body], [], new Set([own, j]), before)
    f.times(own.n, (i) => {
      const own_ = flip ? f.let("i32", f.op("i32.sub", f.i32(own.n - 1), f.get(i))) : i
      const step = before.inner().bind(j, i).bind(own, own_)
      foldInto(reduce, acc, valueOf(reduce.body, step), step)
      step.keep(reduce, acc)
      store(out, valueOf(k.value, step), step, left)
    })
  }
  const outer = others.filter((a) => a !== v)
  loops(outer, [], [], new Set(), scope, (row) => {
    if (v) alongLanes(v, 0, v.n, { values: [], stores: [], width: widthFor(values), body: run }, row)
    else run(row.inner(1))
  })
}
