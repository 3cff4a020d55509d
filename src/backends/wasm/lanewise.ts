// Which axis of a kernel runs through the lanes, and the loop along it.
import {
  type Atom,
  type Axis,
  type Cond,
  type Expr,
  type Fn,
  type Guard,
  type Ix,
  keyOf,
  type Kernel,
  plus,
  visit,
} from "../../core/ir/index.ts"
import type { Local, Value } from "./asm.ts"
import type { Frame, Scope } from "./frame.ts"
import { alongAxis, workOf } from "./reduce.ts"
import { strideAlong } from "./address.ts"
import { hoist, type Target } from "./hoist.ts"
import { indexScalar } from "./indices.ts"
import { conditionOf, openConditions } from "./values.ts"

/** A limit of a loop: known now, or at run time. */
export type Limit = number | Local<"i32">
/** What is evaluated along an axis: expressions, stores, and the code that does it. `left`: how many elements remain from this vector
 *  on, where that is known only at run time and may be less than four. */
export interface Lanewise {
  readonly values: readonly Expr[]
  readonly stores: readonly Target[]
  readonly width: number
  readonly body: (scope: Scope, left?: Local<"i32">) => void
}

// ---- guards along the axis -----------------------------------------------------------------------------------------
/** Guards outside reductions, in the order in which they are met. */
const guardsOf = (values: readonly Expr[]): Guard[] => {
  const out = new Set<Guard>()
  const seen = new Set<Expr>()
  const walk = (x: Expr): void => {
    if (seen.has(x)) return
    seen.add(x)
    if (x.k === "guard") {
      out.add(x)
      walk(x.body)
    } else if (x.k === "fn") x.args.forEach(walk)
  }
  values.forEach(walk)
  return [...out]
}
/** 0 <= k v + rest < n as an interval of v: closed form if k is 1 or -1, or if the rest is a number. */
interface Interval {
  readonly key: string
  readonly k: number
  readonly rest: Ix
  readonly n: number
}
const intervalOf = (c: Cond, v: Axis): Interval | undefined => {
  if (!("n" in c)) return undefined
  const k = c.e.t.find(([, a]) => a === v)?.[0]
  if (k === undefined || c.e.t.some(([, a]) => a !== v && a.kind !== "axis")) return undefined
  const rest = plus(c.e, { c: 0, t: [[-k, v]] })
  if (Math.abs(k) !== 1 && rest.t.length > 0) return undefined
  return { key: `${keyOf(c.e)}<${c.n}`, k, rest, n: c.n }
}
const MOST_PIECES = 9
/** Can the loop along v be cut so that in each piece every condition is decided? */
const cuttable = (conds: readonly Cond[], v: Axis): boolean => {
  const found = conds.map((c) => intervalOf(c, v))
  if (found.some((i) => !i)) return false
  const keys = new Set(found.map((i) => i!.key))
  return keys.size <= 1 || (found.every((i) => i!.rest.t.length === 0) && 2 * keys.size + 1 <= MOST_PIECES)
}
const along = (guards: readonly Guard[], v: Axis, frame: Frame): Cond[] =>
  guards.flatMap((g) => g.when.filter((c) => frame.freeCond(c).has(v)))

/** May the values be evaluated in lanes along v? */
export const lanesPossible = (values: readonly Expr[], v: Axis, frame: Frame): boolean => {
  const outside = new Set(guardsOf(values))
  let ok = cuttable(along([...outside], v, frame), v)
  for (const x of values)
    visit(x, (y) => {
      if (y.k === "reduce" && y.upto && frame.freeIx(y.upto).has(v)) ok = false
      if (y.k === "guard" && !outside.has(y) && y.when.some((c) => frame.freeCond(c).has(v))) ok = false
    })
  return ok
}

/** Does any guard, or bound of a reduction, depend on v? */
export const guardedAlong = (values: readonly Expr[], v: Axis, frame: Frame): boolean => {
  let any = false
  for (const x of values)
    visit(x, (y) => {
      any ||= y.k === "guard" && y.when.some((c) => frame.freeCond(c).has(v))
      any ||= y.k === "reduce" && y.upto !== undefined && frame.freeIx(y.upto).has(v)
    })
  return any
}

// ---- choosing ------------------------------------------------------------------------------------------------------
/** Cost of one element, in operations on a vector of four: lanes along v, or none. */
const costAlong = (kernels: readonly Kernel[], v: Axis | undefined, frame: Frame): number => {
  let cost = 0
  const read = (e: Ix, times: number, lanes: Axis | undefined): void => {
    const stride = lanes ? strideAlong(e, lanes, frame) : 0
    const gather = stride === "irregular" ? 2 : Math.abs(stride) > 1 || stride === -1 ? 1 : 0.25
    cost += times * (lanes ? gather : 1)
  }
  const walk = (x: Expr, times: number, lanes: Axis | undefined, seen: Set<Expr>): void => {
    if (seen.has(x)) return
    seen.add(x)
    if (x.k === "read") read(frame.readAddress(x), times, lanes)
    else if (x.k === "fn") {
      cost += times * x.f.cost * (lanes ? 0.25 : 1)
      for (const a of x.args) walk(a, times, lanes, seen)
    } else if (x.k === "guard") walk(x.body, times, lanes, seen)
    else if (x.k === "reduce") {
      const own = v ? lanes : alongAxis(x, frame)
      if (!v) cost += 8 // folding lanes
      walk(x.body, times * frame.reduceAxes(x).reduce((p, a) => p * a.n, 1), own, new Set(seen))
    }
  }
  for (const k of kernels) {
    read(frame.address({ buf: k.out, at: k.at }), 1, v)
    walk(k.value, 1, v, new Set())
  }
  return v ? cost * ((4 * Math.ceil(v.n / 4)) / v.n) : cost
}
/** The axis along which the kernels, all over the same axes, are best evaluated in lanes; undefined: element by element. */
export const chooseAxis = (kernels: readonly Kernel[], axes: readonly Axis[], frame: Frame): Axis | undefined => {
  const values = kernels.map((k) => k.value)
  let best: Axis | undefined
  let least = costAlong(kernels, undefined, frame)
  for (const v of axes) {
    if (v.n === 1) continue
    const storable = kernels.every((k) => {
      const stride = strideAlong(frame.address({ buf: k.out, at: k.at }), v, frame)
      if (stride === "irregular") return false
      // accumulation must keep its order, and lanes must not meet in one element
      return k.accumulate ? stride !== 0 && v === axes.at(-1) : stride !== 0 || k.out.role === "temp"
    })
    if (!storable || !lanesPossible(values, v, frame)) continue
    const cost = costAlong(kernels, v, frame)
    if (cost < least || (cost === least && best)) [best, least] = [v, cost]
  }
  return best
}
/** Vectors per iteration: where rows are summed up that are added to others (reshape.ts), V8 loads all of them before the first addition.
 *  For a function that takes long, measured: enough to overlap latencies, few enough for sixteen registers. */
const STRANDS: Readonly<Record<string, number>> = { exp: 6, tanh: 6, softplus: 6, log: 3, log1p: 3, erf: 3 }
/** For several of these, which hold few values at a time: 4 for two, 3 for more; for others 2. */
const THRIFTY = new Set(["exp", "expm1", "tanh", "sigmoid"])
const LONG = 20
export const widthFor = (values: readonly Expr[], accumulates = false): number => {
  const work = values.reduce((w, x) => w + workOf(x), 0)
  const long = new Set<Fn>()
  let sums = false
  for (const x of values)
    visit(x, (y) => {
      sums ||= y.k === "reduce"
      if (y.k === "fn" && y.f.cost >= LONG) long.add(y)
    })
  if (sums && work <= 8) return accumulates ? 3 : 8
  if (sums && accumulates && long.size > 0) return 2
  const names = new Set([...long].map((x) => x.f.name))
  const [first] = names
  if (first !== undefined && long.size > 1)
    return [...names].some((n) => !THRIFTY.has(n)) ? 2 : names.size > 1 && long.size === 2 ? 4 : 3
  if (first !== undefined) return STRANDS[first] ?? 4
  return work <= 30 ? 4 : 6
}

// ---- the loop ------------------------------------------------------------------------------------------------------
/** Runs the code along v in [from, to): guards that are fixed along v are decided outside the loop, the others cut it in pieces. */
export const alongLanes = (v: Axis, from: Limit, to: Limit, work: Lanewise, scope: Scope): void => {
  const { frame } = scope
  const { f } = frame
  const guards = guardsOf(work.values).filter((g) => (openConditions(g, scope)?.length ?? 0) > 0)
  const fixed = guards.filter((g) => openConditions(g, scope)!.every((c) => !frame.freeCond(c).has(v)))
  const [first] = fixed
  if (first && fixed.length <= 2) {
    const open = openConditions(first, scope)!
    const holds = (): Value<"i32"> => open.map((c) => conditionOf(c, scope)).reduce((a, b) => f.op("i32.and", a, b))
    const yes = scope.inner()
    for (const c of open) yes.assume(c, true)
    return f.if(
      holds(),
      () => alongLanes(v, from, to, work, yes),
      () => alongLanes(v, from, to, work, scope.inner().assume(first, false)),
    )
  }
  const conds = along(guards, v, frame).filter((c) => scope.fact(c) === undefined)
  if (conds.length === 0) return strands(v, from, to, work, scope)
  const keys = new Map(conds.map((c) => [intervalOf(c, v)!.key, intervalOf(c, v)!]))
  const piece = (start: Limit, end: Limit, holds: (i: Interval) => boolean): void => {
    const inner = scope.inner()
    for (const c of conds) inner.assume(c, holds(intervalOf(c, v)!))
    strands(v, start, end, work, inner)
  }
  if ([...keys.values()].every((i) => i.rest.t.length === 0)) {
    const ends = (i: Interval): readonly [number, number] => {
      const [a, b] =
        i.k > 0
          ? [Math.ceil(-i.rest.c / i.k), Math.ceil((i.n - i.rest.c) / i.k)]
          : [Math.floor((i.rest.c - i.n) / -i.k) + 1, Math.floor(i.rest.c / -i.k) + 1]
      return [a, b]
    }
    const cuts = [...new Set([0, v.n, ...[...keys.values()].flatMap(ends)])]
      .filter((c) => c >= 0 && c <= v.n)
      .sort((p, q) => p - q)
    for (let i = 0; i + 1 < cuts.length; i++) {
      const [a, b] = [cuts[i]!, cuts[i + 1]!]
      const inside = (x: Interval): boolean => ends(x)[0] <= a && b <= ends(x)[1]
      if (typeof from === "number" && typeof to === "number") piece(Math.max(from, a), Math.min(to, b), inside)
      else piece(clip(from, a, f.local("i32"), scope, "max"), clip(to, b, f.local("i32"), scope, "min"), inside)
    }
    return
  }
  const [only] = keys.values() as Iterable<Interval> as [Interval]
  const rest = indexScalar(only.rest, scope)
  // k = 1: [-rest, n - rest); k = -1: [rest - n + 1, rest + 1)
  const bound = (extra: number): Local<"i32"> =>
    f.let("i32", only.k === 1 ? f.op("i32.sub", f.i32(extra), f.get(rest)) : f.op("i32.add", f.get(rest), f.i32(extra)))
  const [low, high] = only.k === 1 ? [bound(0), bound(only.n)] : [bound(1 - only.n), bound(1)]
  const start = within(low, from, to, scope)
  const end = within(high, start, to, scope)
  piece(from, start, () => false)
  piece(start, end, () => true)
  piece(end, to, () => false)
}
const push = (x: Limit, scope: Scope): Value<"i32"> => (typeof x === "number" ? scope.frame.f.i32(x) : scope.frame.f.get(x))
const clip = (x: Limit, bound: Limit, into: Local<"i32">, scope: Scope, how: "max" | "min"): Local<"i32"> => {
  const { f } = scope.frame
  f.set(
    into,
    f.select(
      push(x, scope),
      push(bound, scope),
      f.op(how === "max" ? "i32.gt_s" : "i32.lt_s", push(x, scope), push(bound, scope)),
    ),
  )
  return into
}
const within = (x: Local<"i32">, low: Limit, high: Limit, scope: Scope): Local<"i32"> => {
  clip(x, low, x, scope, "max")
  return clip(x, high, x, scope, "min")
}

const strands = (v: Axis, from: Limit, to: Limit, work: Lanewise, scope: Scope): void => {
  const { f } = scope.frame
  const before = scope.inner()
  if (typeof from === "number" && typeof to === "number") {
    const n = to - from
    if (n <= 0) return
    hoist(work.values, work.stores, new Set<Atom>([v]), before)
    const width = Math.min(work.width, Math.ceil(n / 4))
    const step = 4 * width
    const full = Math.floor(n / step)
    if (full === 1) work.body(before.inner(width, { axis: v, index: from, lanes: 4 }))
    else if (full > 1) {
      const index = f.let("i32", f.i32(from))
      f.loop((again) => {
        work.body(before.inner(width, { axis: v, index, lanes: 4 }))
        f.bump(index, step)
        f.brIf(again, f.op("i32.lt_s", f.get(index), f.i32(from + full * step)))
      })
    }
    const rest = n - full * step
    const last = Math.ceil(rest / 4)
    if (rest > 0) work.body(before.inner(last, { axis: v, index: from + full * step, lanes: rest - 4 * (last - 1) }))
    return
  }
  // Limits known at run time: whole steps, then vectors of which the last may be cut short.
  const index = f.let("i32", push(from, scope))
  const left = f.local("i32")
  f.if(f.op("i32.lt_s", f.get(index), push(to, scope)), () => {
    hoist(work.values, work.stores, new Set<Atom>([v]), before)
    const remain = (): Value<"i32"> => f.op("i32.sub", push(to, scope), f.get(index))
    f.block((exit) =>
      f.loop((again) => {
        f.brIf(exit, f.op("i32.lt_s", remain(), f.i32(4 * work.width)))
        work.body(before.inner(work.width, { axis: v, index, lanes: 4 }))
        f.bump(index, 4 * work.width)
        f.br(again)
      }),
    )
    f.block((exit) =>
      f.loop((again) => {
        f.brIf(exit, f.op("i32.le_s", f.tee(left, remain()), f.i32(0)))
        // Lanes past the end: only where they can be read without leaving memory.
        const contiguous = [...work.stores.map((x) => x.e), ...readsAlong(work.values, scope)].every((e) =>
          [0, 1].includes(strideAlong(e, v, scope.frame) as number),
        )
        if (contiguous) work.body(before.inner(1, { axis: v, index, lanes: 4 }), left)
        else work.body(before.inner(1, { axis: v, index, lanes: 1 }), f.let("i32", f.i32(1)))
        f.bump(index, contiguous ? 4 : 1)
        f.br(again)
      }),
    )
  })
}
const readsAlong = (values: readonly Expr[], scope: Scope): Ix[] => {
  const out: Ix[] = []
  for (const x of values) visit(x, (y) => void (y.k === "read" && out.push(scope.frame.readAddress(y))))
  return out
}
