// Kernels that touch float64, two elements at a time. Float64 and bool take a lane of 64 bits each (a bool is a mask), narrower numbers
// the two low lanes of 32 bits, where the code of lanes.ts computes them.
import type { DType } from "../../core/dtype.ts"
import { type Atom, type Axis, type Expr, type Fn, type Kernel, type Reduce, unit, visit } from "../../core/ir/index.ts"
import { addressOf, strideAlong } from "./address.ts"
import type { Local, Value } from "./asm.ts"
import type { Frame, Scope } from "./frame.ts"
import { indexScalar } from "./indices.ts"
import { constant, fold, spelled } from "./lanes.ts"
import * as math64 from "./math64.ts"
import { alongAxis, kernelsWork, loops, sharedLoop, workOf } from "./reduce.ts"
import type { BinaryOp, Strands, UnaryOp, V, Vec } from "./strands.ts"
import { conditionOf } from "./values.ts"

/** The axis through the pairs; strand u holds elements 2u and 2u + 1 from the axis' position on, the last strand `lanes` of them. */
interface Pairs {
  readonly axis: Axis | undefined
  readonly lanes: 1 | 2
}
const wide = (t: DType): boolean => t === "f64" || t === "bool"
const bytesOf = (t: DType): 4 | 8 => (t === "f64" ? 8 : 4)

/** May the values be computed in pairs along v? */
const pairable = (values: readonly Expr[], v: Axis, frame: Frame): boolean => {
  let ok = true
  const regular = (stride: number | "irregular"): boolean => stride !== "irregular" && stride >= 0
  for (const x of values)
    visit(x, (y) => {
      if (y.k === "read") ok &&= regular(strideAlong(frame.readAddress(y), v, frame))
      else if (y.k === "idx") ok &&= regular(strideAlong(y.e, v, frame))
      else if (y.k === "guard") ok &&= !y.when.some((c) => frame.freeCond(c).has(v))
      else if (y.k === "reduce") ok &&= !y.upto
    })
  return ok
}
/** Functions of float64 that have instructions. */
const binary: Readonly<Record<string, BinaryOp>> = {
  add: "f64x2.add",
  sub: "f64x2.sub",
  mul: "f64x2.mul",
  div: "f64x2.div",
  min: "f64x2.min",
  max: "f64x2.max",
  lt: "f64x2.lt",
  le: "f64x2.le",
  eq: "f64x2.eq",
}
const unary: Readonly<Record<string, UnaryOp>> = {
  neg: "f64x2.neg",
  abs: "f64x2.abs",
  floor: "f64x2.floor",
  sqrt: "f64x2.sqrt",
}
/** Functions of float64 that have code. */
export const native: Readonly<Record<string, (s: Strands, x: Vec) => Vec>> = {
  exp: math64.exp,
  log: math64.log,
  tanh: math64.tanh,
}

/** A mask of two lanes of 32 bits as one of two lanes of 64, and back. */
const widened = (s: Strands, v: Vec): Vec => s.let(() => s.f.shuffle(s.get(v), s.get(v), [0, 0, 1, 1]))
const narrowed = (s: Strands, v: Vec): Vec => s.let(() => s.f.shuffle(s.get(v), s.get(v), [0, 2, 0, 2]))

const valueOf = (x: Expr, scope: Scope, pairs: Pairs): Vec => {
  const { s } = scope
  const hit = scope.find(x) as Vec | undefined
  const v = hit ?? scope.keep(x, compute(x, scope, pairs))
  return v.length >= s.width ? v : s.same(v[0]!)
}
const compute = (x: Expr, scope: Scope, pairs: Pairs): Vec => {
  const { s } = scope
  const { f } = s
  switch (x.k) {
    case "num":
      return s.let(() => (x.dtype === "f64" ? s.kd(x.v) : constant(s, x.v, x.dtype)))
    case "idx":
      return iota(x, scope, pairs)
    case "read":
      return load(x, scope, pairs)
    case "fn":
      return apply(x, scope, pairs)
    case "guard": {
      const out = s.let(() => (x.dtype === "f64" ? s.kd(x.other) : constant(s, x.other, x.dtype)))
      const enter = (k: number, at: Scope): void => {
        if (k < x.when.length) return f.if(conditionOf(x.when[k]!, at), () => enter(k + 1, at.inner()))
        const v = valueOf(x.body, at, pairs)
        s.each(out, (u) => f.get(v[u]!))
      }
      enter(0, scope)
      return out
    }
    case "reduce": {
      const acc = neutral(x, s)
      loops(scope.frame.reduceAxes(x), [], [], new Set(), scope, (at) => join(x, acc, valueOf(x.body, at, pairs), s))
      return acc
    }
  }
}
const neutral = (x: Reduce, s: Strands): Vec => {
  const v = unit(x.kind, x.dtype)
  return s.let(() => (x.dtype === "f64" ? s.kd(v) : constant(s, v, x.dtype)))
}
const join = (x: Reduce, acc: Vec, v: Vec, s: Strands): void =>
  s.each(acc.slice(0, s.width), (u) =>
    x.dtype === "f64"
      ? s.op(binary[x.kind]!, s.f.get(acc[u]!), s.f.get(v[u]!))
      : fold(s, x.kind, x.dtype, s.f.get(acc[u]!), s.f.get(v[u]!)),
  )
const iota = (x: Extract<Expr, { k: "idx" }>, scope: Scope, { axis }: Pairs): Vec => {
  const { s, frame } = scope
  const { f } = s
  const k = axis ? (strideAlong(x.e, axis, frame) as number) : 0
  const first = indexScalar(x.e, scope)
  const whole = s.let((u) =>
    s.iadd(f.op("i32x4.splat", f.get(first)), f.get(f.constantLanes([2 * u * k, (2 * u + 1) * k, 0, 0]))),
  )
  if (x.dtype === "f64") return s.let(() => s.op1("f64x2.convert_low_i32x4_s", s.get(whole)))
  if (x.dtype === "f32") return s.let(() => s.op1("f32x4.convert_i32x4_s", s.get(whole)))
  return x.dtype === "bool"
    ? widened(
        s,
        s.let(() => s.op("i32x4.ne", s.get(whole), s.ki(0))),
      )
    : whole
}
const load = (x: Extract<Expr, { k: "read" }>, scope: Scope, { axis, lanes }: Pairs): Vec => {
  const { s, frame } = scope
  const { f } = s
  const e = frame.readAddress(x)
  const k = axis ? (strideAlong(e, axis, frame) as number) : 0
  const bytes = bytesOf(x.dtype)
  const { base, offset } = addressOf(frame.pointer(x.buf), e, bytes, scope)
  const [splat, one] =
    bytes === 8 ? (["v128.load64_splat", "v128.load64_zero"] as const) : (["v128.load32_splat", "v128.load32_zero"] as const)
  const v = s.let((u) => {
    if (k === 0) return f.load(splat, f.get(base), offset)
    const at = offset + bytes * k * 2 * u
    if (k === 1) return f.load(bytes === 8 ? "v128.load" : "v128.load64_zero", f.get(base), at)
    if (u === s.width - 1 && lanes === 1) return f.load(one, f.get(base), at)
    return f.shuffle(
      f.load(one, f.get(base), at),
      f.load(one, f.get(base), at + bytes * k),
      bytes === 8 ? [0, 1, 4, 5] : [0, 4, 0, 4],
    )
  })
  if (x.dtype !== "bool") return v
  return widened(
    s,
    s.let(() => s.op1("i32x4.neg", s.get(v))),
  )
}
const apply = (x: Fn, scope: Scope, pairs: Pairs): Vec => {
  const { s } = scope
  const { name } = x.f
  const from = x.args.at(-1)!.dtype
  const args = (): Vec[] => x.args.map((a) => valueOf(a, scope, pairs))
  if (name === "cast") return cast(args()[0]!, from, x.dtype, s)
  if (name === "where") {
    const [c, a, b] = args() as [Vec, Vec, Vec]
    const mask = wide(x.dtype) ? c : narrowed(s, c)
    return s.let(() => s.choose(s.get(a), s.get(b), s.get(mask)))
  }
  if (from === "f64") {
    const [two, one, own] = [binary[name], unary[name], native[name]]
    if (two) return (([a, b]) => s.let(() => s.op(two, s.get(a!), s.get(b!))))(args())
    if (one) return (([a]) => s.let(() => s.op1(one, s.get(a!))))(args())
    if (own) return own(s, args()[0]!)
    return x.f.define ? valueOf(x.f.define(...x.args), scope, pairs) : hosted(x, args(), scope)
  }
  const spell = spelled[name] ?? scope.frame.rooms.functions?.spelled[name]
  if (!spell) return x.f.define ? valueOf(x.f.define(...x.args), scope, pairs) : hosted(x, args(), scope)
  const v = spell(s, args(), from, x.dtype)
  return x.dtype === "bool" && from !== "bool" ? widened(s, v) : v
}
const cast = (a: Vec, from: DType, to: DType, s: Strands): Vec => {
  if (from === to) return a
  const one = (op: UnaryOp): Vec => s.let(() => s.op1(op, s.get(a)))
  if (from === "f64") {
    if (to === "bool") return s.let(() => s.op("f64x2.ne", s.get(a), s.kd(0)))
    return one(
      to === "f32" ? "f32x4.demote_f64x2_zero" : to === "u32" ? "i32x4.trunc_sat_f64x2_u_zero" : "i32x4.trunc_sat_f64x2_s_zero",
    )
  }
  if (to === "f64") {
    if (from === "bool") return s.let(() => s.and(s.get(a), s.kd(1)))
    return one(
      from === "f32" ? "f64x2.promote_low_f32x4" : from === "u32" ? "f64x2.convert_low_i32x4_u" : "f64x2.convert_low_i32x4_s",
    )
  }
  const v = spelled["cast"]!(s, [from === "bool" ? narrowed(s, a) : a], from, to)
  return to === "bool" ? widened(s, v) : v
}
/** The host's function, element by element. */
const hosted = (x: Fn, args: readonly Vec[], scope: Scope): Vec => {
  const { s, frame } = scope
  const { f } = s
  const host = frame.host.get(x.f.name)
  if (!host) throw new Error(`wasm: no function ${x.f.name}`)
  const single = x.dtype === "f32"
  const call = (lane: 0 | 1): V =>
    f.op(
      "f64x2.splat",
      f.call(
        host,
        ...args.map((a) => (single ? f.op("f64.promote_f32", f.extractF32(s.get(a), lane)) : f.extractF64(s.get(a), lane))),
      ) as Value<"f64">,
    )
  const both = s.let(() => f.shuffle(call(0), call(1), [0, 1, 4, 5]))
  return single ? s.let(() => s.op1("f32x4.demote_f64x2_zero", s.get(both))) : both
}

/** Computes here what does not depend on the given axes; bodies of guards are left alone. */
const hoist = (x: Expr, inner: ReadonlySet<Atom>, scope: Scope): void => {
  const seen = new Set<Expr>()
  const walk = (y: Expr, axes: ReadonlySet<Atom>): void => {
    if (y.k === "num" || seen.has(y)) return
    seen.add(y)
    const free = scope.frame.free(y)
    if (![...axes].some((a) => free.has(a))) return void valueOf(y, scope, { axis: undefined, lanes: 2 })
    if (y.k === "fn") for (const a of y.args) walk(a, axes)
    else if (y.k === "reduce") walk(y.body, new Set([...axes, ...scope.frame.reduceAxes(y)]))
  }
  walk(x, inner)
}

/** out = value in pairs along the last of its (merged) axes. False where that cannot be. */
export const emitPairs = (k: Kernel, axes: readonly Axis[], scope: Scope): boolean => {
  const { frame } = scope
  const { f } = frame
  if (k.accumulate) return false
  const v = axes.at(-1)
  const e = frame.address({ buf: k.out, at: k.at })
  if (!v || v.n < 2 || strideAlong(e, v, frame) !== 1 || !pairable([k.value], v, frame)) return false
  if (sumsAcross(k.value, v, frame)) return false
  const width = workOf(k.value) > 30 ? 2 : 4
  const bytes = bytesOf(k.out.dtype)
  const pointer = frame.pointer(k.out)
  const at = (row: Scope, index: Local<"i32">, strands: number, lanes: 1 | 2): void => {
    const here = row.inner(strands).bind(v, index)
    const { s } = here
    const value = valueOf(k.value, here, { axis: v, lanes })
    const out = k.out.dtype === "bool" ? ((m) => s.let(() => s.and(s.get(m), s.ki(1))))(narrowed(s, value)) : value
    const { base, offset } = addressOf(pointer, e, bytes, here)
    for (let u = 0; u < strands; u++) {
      const to = offset + 2 * bytes * u
      if (u === strands - 1 && lanes === 1) {
        if (bytes === 8) f.store64Lane(f.get(base), f.get(out[u]!), 0, to)
        else f.store32Lane(f.get(base), f.get(out[u]!), 0, to)
      } else if (bytes === 8) f.store("v128.store", f.get(base), f.get(out[u]!), to)
      else f.store64Lane(f.get(base), f.get(out[u]!), 0, to)
    }
  }
  const step = 2 * width
  const rest = v.n % step
  const row = (outer: Scope, part?: Limits): void => {
    const before = outer.inner(1)
    hoist(k.value, new Set([v]), before)
    const index = f.let("i32", part ? f.get(part[0]) : f.i32(0))
    const end = part ? part[1] : f.let("i32", f.i32(v.n))
    const left = (): Value<"i32"> => f.op("i32.sub", f.get(end), f.get(index))
    if (v.n >= step)
      f.block((exit) =>
        f.loop((again) => {
          f.brIf(exit, f.op("i32.lt_s", left(), f.i32(step)))
          at(before, index, width, 2)
          f.bump(index, step)
          f.br(again)
        }),
      )
    // Only the last part does not end with a whole step.
    if (rest > 0) f.if(f.op("i32.gt_s", left(), f.i32(0)), () => at(before, index, Math.ceil(rest / 2), rest % 2 === 1 ? 1 : 2))
  }
  const [first, ...inner] = axes.slice(0, -1)
  const whole = first ?? v
  const work = 2 * kernelsWork([k], axes, frame)
  const part = scope.depth === 0 ? frame.share(whole.n, first ? 1 : UNIT, work) : undefined
  if (!part) loops(axes.slice(0, -1), [], [], new Set(), scope.narrow, (outer) => row(outer))
  else if (first) sharedLoop(first, part, scope.narrow, (outer) => loops(inner, [], [], new Set(), outer, (last) => row(last)))
  else row(scope.narrow, part)
  return true
}
type Limits = readonly [Local<"i32">, Local<"i32">]
/** Elements in which threads divide a row: whole steps. */
const UNIT = 64
/** Does a reduction of x run through memory where v does not? */
const sumsAcross = (x: Expr, v: Axis, frame: Frame): boolean => {
  let any = false
  visit(x, (y) => {
    if (y.k !== "reduce" || !alongAxis(y, frame)) return
    let through = false
    visit(y.body, (z) => void (through ||= z.k === "read" && strideAlong(frame.readAddress(z), v, frame) === 1))
    any ||= !through
  })
  return any
}

/** A reduction to one float64 in pairs along the reduced axis that runs through memory. Undefined where that cannot be. */
export const reducePairs = (x: Reduce, scope: Scope): Local<"f64"> | undefined => {
  const { frame } = scope
  const { f } = frame
  const along = x.dtype === "f64" && !x.upto ? alongAxis(x, frame) : undefined
  if (!along || !pairable([x.body], along, frame)) return undefined
  const width = Math.min(workOf(x.body) > 30 ? 2 : 4, Math.ceil(along.n / 2))
  const outer = scope.narrow.inner(width)
  const acc = neutral(x, outer.s)
  const step = 2 * width
  const full = Math.floor(along.n / step) * step
  const rest = along.n - full
  loops(
    frame.reduceAxes(x).filter((a) => a !== along),
    [],
    [],
    new Set(),
    scope.narrow,
    (row) => {
      const before = row.inner(1)
      hoist(x.body, new Set([along]), before)
      const index = f.let("i32", f.i32(0))
      if (full > 0)
        f.loop((again) => {
          const here = before.inner(width).bind(along, index)
          join(x, acc, valueOf(x.body, here, { axis: along, lanes: 2 }), here.s)
          f.bump(index, step)
          f.brIf(again, f.op("i32.lt_s", f.get(index), f.i32(full)))
        })
      if (rest === 0) return
      const here = before.inner(Math.ceil(rest / 2)).bind(along, index)
      const { s } = here
      const v = valueOf(x.body, here, { axis: along, lanes: rest % 2 === 1 ? 1 : 2 })
      const counted = s.let((u) =>
        rest % 2 === 1 && u === s.width - 1
          ? s.choose(s.get(v), s.kd(unit(x.kind, "f64")), f.get(f.constantLanes([-1, -1, 0, 0])))
          : s.get(v),
      )
      join(x, acc, counted, s)
    },
  )
  const { s } = scope.narrow
  let sum = acc[0]!
  for (const part of acc.slice(1)) sum = f.let("v128", s.op(binary[x.kind]!, f.get(sum), f.get(part)))
  const scalar = ({ add: "f64.add", mul: "f64.mul", max: "f64.max", min: "f64.min" } as const)[x.kind]
  return f.let("f64", f.op(scalar, f.extractF64(f.get(sum), 0), f.extractF64(f.get(sum), 1)))
}
/** A function of one float64 that has code for pairs. */
export const single = (name: string, x: Local<"f64">, scope: Scope): Local<"f64"> | undefined => {
  const own = native[name]
  if (!own) return undefined
  const { s } = scope.narrow
  const { f } = s
  const v = own(s, [f.let("v128", f.op("f64x2.splat", f.get(x)))])
  return f.let("f64", f.extractF64(f.get(v[0]!), 0))
}
