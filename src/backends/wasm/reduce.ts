// Reductions: along the lanes where memory runs along the reduced axis, lane by lane where lanes are elements of the result.
import { type Atom, type Axis, type Expr, type Ix, type Kernel, type Reduce, unit, visit } from "../../core/ir/index.ts"
import type { Local } from "./asm.ts"
import { cascade, inRuns } from "./cascade.ts"
import type { Frame, Scope } from "./frame.ts"
import { constant, fold } from "./lanes.ts"
import type { Vec } from "./strands.ts"
import { strideAlong } from "./address.ts"
import { hoist, type Target } from "./hoist.ts"
import { indexScalar } from "./indices.ts"
import { foldInto, neutral, valueOf } from "./values.ts"

/** Loops of at most so many iterations, of bodies of at most so many operations in all, are written out. */
const UNROLL = 16
const UNROLL_WORK = 160
/** From so many elements on, lanes along the reduced axis are better than writing it out. */
const FULL = 6

/** Operations of an expression, roughly: its scalar costs and reads. */
export const workOf = (x: Expr): number => {
  let work = 0
  visit(x, (y) => {
    if (y.k === "fn") work += y.f.cost
    else if (y.k === "read") work += 1
  })
  return work
}
/** Vector operations of kernels over axes, roughly. */
export const kernelsWork = (kernels: readonly Kernel[], axes: readonly Axis[], frame: Frame): number => {
  let work = 0
  for (const k of kernels) {
    let inside = 1
    visit(k.value, (x) => {
      if (x.k === "reduce")
        inside = Math.max(
          inside,
          frame.reduceAxes(x).reduce((p, a) => p * a.n, 1),
        )
    })
    work += inside * (1 + workOf(k.value))
  }
  return (work * axes.reduce((p, a) => p * a.n, 1)) / 4
}

const size = (axes: readonly Axis[]): number => axes.reduce((p, a) => p * a.n, 1)

export const reduceValue = (x: Reduce, scope: Scope): Vec => {
  const { frame } = scope
  const axes = frame.reduceAxes(x)
  if (x.upto) return bounded(x, x.upto, axes[0]!, scope)
  const n = size(axes)
  const along = scope.vector ? undefined : alongAxis(x, frame)
  if (n <= UNROLL && n * workOf(x.body) <= UNROLL_WORK && !(along && n >= FULL)) return unrolled(x, axes, scope)
  return along
    ? acrossLanes(
        x,
        along,
        axes.filter((a) => a !== along),
        scope,
      )
    : perLane(x, axes, scope)
}

/** The reduced axis along which most reads run through memory, if lanes along it are of use. */
export const alongAxis = (x: Reduce, frame: Frame): Axis | undefined => {
  let best: Axis | undefined
  let most = 0
  for (const a of frame.reduceAxes(x)) {
    if (a.n < 4) continue
    let score = 0
    visit(x.body, (y) => {
      if (y.k === "read") {
        const stride = strideAlong(frame.readAddress(y), a, frame)
        score += stride === 1 ? 2 : stride === 0 ? 0 : stride === "irregular" ? -3 : -1
      } else if (y.k === "guard" && y.when.some((c) => frame.freeCond(c).has(a))) score = Number.NEGATIVE_INFINITY
      else if (y.k === "reduce" && y.upto && frame.freeIx(y.upto).has(a)) score = Number.NEGATIVE_INFINITY
    })
    if (score > most) [best, most] = [a, score]
  }
  return best
}

/** Loops over axes, outermost first; what the body does not need anew in each iteration is computed before the loop. */
export const loops = (
  axes: readonly Axis[],
  values: readonly Expr[],
  stores: readonly Target[],
  inner: ReadonlySet<Atom>,
  scope: Scope,
  body: (scope: Scope) => void,
): void => {
  const [a, ...rest] = axes
  if (!a) return body(scope)
  const before = scope.inner()
  hoist(values, stores, new Set([...axes, ...inner]), before)
  scope.frame.f.times(a.n, (i) => loops(rest, values, stores, inner, before.inner().bind(a, i), body))
}

/** One thread's part of a loop over an axis. */
export const sharedLoop = (
  a: Axis,
  [from, to]: readonly [Local<"i32">, Local<"i32">],
  scope: Scope,
  body: (scope: Scope) => void,
): void => {
  const { f } = scope.frame
  const i = f.local("i32")
  f.for(
    i,
    () => f.get(from),
    () => f.get(to),
    1,
    () => body(scope.inner().bind(a, i)),
  ) // prettier-ignore
}

/** Partial results, one vector per strand. For floating max and min a cheap instruction keeps the larger, and NaN is kept on the side:
 *  f32x4.max, which knows NaN, is eight instructions on x86 (row maxima of [1024, 1024]: 0.30 ms, so 0.08). Sums are taken in levels. */
interface Accumulator {
  readonly add: (v: Vec, at: Scope) => void
  /** After every so many additions, where that matters. */
  readonly ran: ((n: number) => void) | undefined
  readonly parts: () => Vec
}
const extreme = (x: Reduce): boolean => x.dtype === "f32" && (x.kind === "max" || x.kind === "min")
/** `terms`: how many each register takes. */
const accumulator = (x: Reduce, terms: number, scope: Scope): Accumulator => {
  const { s } = scope
  const acc = neutral(x, scope)
  if (!extreme(x)) {
    const levels = x.dtype === "f32" && x.kind === "add" ? cascade(acc, terms, scope) : undefined
    return { add: (v, at) => foldInto(x, acc, v, at), ran: levels?.ran, parts: levels?.parts ?? (() => acc) }
  }
  const odd = s.let(() => s.ki(0))
  const op = x.kind === "max" ? "f32x4.pmax" : "f32x4.pmin"
  return {
    add: (v, { s }) => {
      s.each(acc.slice(0, s.width), (u) => s.op(op, s.f.get(acc[u]!), s.get(v)))
      s.each(odd.slice(0, s.width), (u) => s.or(s.f.get(odd[u]!), s.op("f32x4.ne", s.get(v), s.get(v))))
    },
    ran: undefined,
    parts: () => s.let(() => s.or(s.get(acc), s.get(odd))),
  }
}
const perLane = (x: Reduce, axes: readonly Axis[], scope: Scope): Vec => {
  const acc = accumulator(x, size(axes), scope)
  const last = axes.at(-1)!
  loops(axes.slice(0, -1), [x.body], [], new Set([last]), scope, (row) => {
    const before = row.inner()
    hoist([x.body], [], new Set([last]), before)
    inRuns(scope.frame, last.n, 1, acc.ran, (i) => {
      const at = before.inner().bind(last, i)
      acc.add(valueOf(x.body, at), at)
    })
  })
  return acc.parts()
}
const unrolled = (x: Reduce, axes: readonly Axis[], scope: Scope): Vec => {
  const before = scope.inner()
  hoist([x.body], [], new Set(axes), before)
  const many = extreme(x) && size(axes) > 2 ? accumulator(x, size(axes), scope) : undefined
  let acc: Vec | undefined
  for (let k = 0; k < size(axes); k++) {
    const at = before.inner()
    let rest = k
    for (const a of [...axes].reverse()) {
      at.bind(a, rest % a.n)
      rest = Math.floor(rest / a.n)
    }
    const v = valueOf(x.body, at)
    if (many) many.add(v, at)
    else if (acc) foldInto(x, acc, v, at)
    else acc = scope.s.let((u) => scope.frame.f.get(v[u]!))
  }
  return many?.parts() ?? acc ?? neutral(x, scope)
}
/** Over the indices up to a bound only. */
const bounded = (x: Reduce, upto: Ix, a: Axis, scope: Scope): Vec => {
  const { f } = scope.frame
  const acc = neutral(x, scope)
  const before = scope.inner()
  hoist([x.body], [], new Set([a]), before)
  const end = f.let("i32", f.op("i32.add", f.get(indexScalar(upto, before)), f.i32(1)))
  f.set(end, f.select(f.get(end), f.i32(a.n), f.op("i32.lt_s", f.get(end), f.i32(a.n))))
  const i = f.local("i32")
  f.for(
    i,
    () => f.i32(0),
    () => f.get(end),
    1,
    () => {
      const at = before.inner().bind(a, i)
      foldInto(x, acc, valueOf(x.body, at), at)
    },
  ) // prettier-ignore
  return acc
}

/** Four vectors of partial results along `along`, folded at the end in a fixed order. */
const acrossLanes = (x: Reduce, along: Axis, others: readonly Axis[], scope: Scope): Vec => {
  const { f } = scope.frame
  const width = Math.min(workOf(x.body) > 40 ? 2 : 4, Math.ceil(along.n / 4))
  const step = 4 * width
  const full = Math.floor(along.n / step)
  const rest = along.n - full * step
  const acc = accumulator(x, size(others) * (full + Math.sign(rest)), scope.inner(width))
  loops(others, [x.body], [], new Set([along]), scope, (row) => {
    const before = row.inner()
    hoist([x.body], [], new Set([along]), before)
    if (full > 0)
      inRuns(scope.frame, full * step, step, acc.ran, (index) => {
        const at = before.inner(width, { axis: along, index, lanes: 4 })
        acc.add(valueOf(x.body, at), at)
      })
    if (rest > 0) {
      const strands = Math.ceil(rest / 4)
      const lanes = rest - 4 * (strands - 1)
      const at = before.inner(strands, { axis: along, index: full * step, lanes })
      const v = valueOf(x.body, at)
      const { s } = at
      const counts = s.let((u) => {
        if (u < strands - 1 || lanes === 4) return s.get(v)
        return s.choose(
          s.get(v),
          constant(s, unit(x.kind, x.dtype), x.dtype),
          f.get(f.constantLanes([-1, lanes > 1 ? -1 : 0, lanes > 2 ? -1 : 0, 0])),
        )
      })
      acc.add(counts, at)
      acc.ran?.(1)
    }
  })
  return [total(x, acc.parts(), scope)]
}
const total = (x: Reduce, acc: Vec, scope: Scope): Local<"v128"> => {
  const { f } = scope.frame
  const { s } = scope.narrow
  const join = (a: Local<"v128">, b: Local<"v128">): Local<"v128"> => f.let("v128", fold(s, x.kind, x.dtype, f.get(a), f.get(b)))
  let parts = [...acc]
  while (parts.length > 1) {
    const next: Local<"v128">[] = []
    for (let i = 0; i < parts.length; i += 2) next.push(i + 1 < parts.length ? join(parts[i]!, parts[i + 1]!) : parts[i]!)
    parts = next
  }
  let [sum] = parts as [Local<"v128">]
  for (const lanes of [
    [2, 3, 0, 1],
    [1, 0, 3, 2],
  ] as const)
    sum = join(sum, f.let("v128", f.shuffle(f.get(sum), f.get(sum), lanes)))
  return sum
}
