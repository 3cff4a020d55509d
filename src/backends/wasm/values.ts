// Expressions of the loop IR to vector code. The same code serves lanes along an axis and single values: those are vectors whose
// lanes are all equal.
import {
  type Atom,
  type Buf,
  type Cond,
  type Expr,
  type Fn,
  type Guard,
  type Ix,
  type Read,
  type Reduce,
  unit,
} from "../../core/ir/index.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import type { Local, Value } from "./asm.ts"
import type { Frame, Pointer, Scope } from "./frame.ts"
import { constant, fold, spelled, withConstant } from "./lanes.ts"
import { reduceValue } from "./reduce.ts"
import type { Vec } from "./strands.ts"

type I32 = Local<"i32">
/** A buffer whose one element is held in registers, not in memory. */
export const keyOfBuf = (b: Buf): string => `buffer ${b.id}`

/** The value of x: one vector per strand, or one for all if it is the same in all lanes. */
export const valueOf = (x: Expr, scope: Scope): Vec => {
  const hit = scope.find(x)
  if (hit) return widen(hit as Vec, scope)
  const at = scope.varies(scope.frame.free(x)) ? scope : scope.narrow
  return widen(at.keep(x, compute(x, at)), scope)
}
const widen = (v: Vec, scope: Scope): Vec => (v.length >= scope.s.width ? v : scope.s.same(v[0]!))

const compute = (x: Expr, scope: Scope): Vec => {
  const { s } = scope
  switch (x.k) {
    case "num":
      return s.same(constantLocal(x.v, x.dtype, scope))
    case "idx": {
      const v = indexVector(x.e, scope)
      return x.dtype === "f32"
        ? s.let(() => s.op1("f32x4.convert_i32x4_s", s.get(v)))
        : x.dtype === "bool"
          ? s.let(() => s.op("i32x4.ne", s.get(v), s.ki(0)))
          : v
    }
    case "read": {
      const held = scope.find(keyOfBuf(x.buf))
      if (held) return held as Vec
      const v = load(x, scope)
      return x.dtype === "bool" ? s.let(() => s.op1("i32x4.neg", s.get(v))) : v
    }
    case "fn":
      return apply(x, scope)
    case "guard":
      return guarded(x, scope)
    case "reduce":
      return reduceValue(x, scope)
  }
}
const constantLocal = (v: number, t: Expr["dtype"], scope: Scope): Local<"v128"> =>
  t === "f32" ? scope.frame.f.constantLocal("f32", v) : scope.frame.f.constantLocal("i32", t === "bool" ? (v ? -1 : 0) : v | 0)

const apply = (x: Fn, scope: Scope): Vec => {
  const { s } = scope
  const from = x.args.at(-1)!.dtype
  const [first, second] = x.args
  if (x.args.length === 2 && first && second?.k === "num") {
    const short = withConstant(s, x.f.name, valueOf(first, scope), second.v, from)
    if (short) return short
  }
  const spell = spelled[x.f.name]
  if (spell)
    return spell(
      s,
      x.args.map((a) => valueOf(a, scope)),
      from,
      x.dtype,
    )
  if (x.f.define) return valueOf(x.f.define(...x.args), scope)
  return hosted(x, scope)
}
/** A scalar function that is given as JavaScript only: called lane by lane, in float64. */
const hosted = (x: Fn, scope: Scope): Vec => {
  const { s, frame } = scope
  const { f } = frame
  const host = frame.host.get(x.f.name)
  if (!host || x.args.some((a) => a.dtype !== "f32") || x.dtype !== "f32")
    throw new UnsupportedOnDevice({
      device: "wasm",
      construct: `the scalar function ${x.f.name} on ${x.args.map((a) => a.dtype).join(", ")}`,
      instead: "give it a definition over primitives, or use the reference device",
    })
  const args = x.args.map((a) => valueOf(a, scope))
  const out = s.let(() => s.k(0))
  for (let lane = 0; lane < 4; lane++)
    s.each(out, (u) => {
      const result = f.let(
        "f64",
        f.call(host, ...args.map((a) => f.op("f64.promote_f32", f.extractF32(s.get(a), lane)))) as Value<"f64">,
      )
      return f.replaceF32(f.get(out[u]!), lane, f.op("f32.demote_f64", f.get(result)))
    })
  return out
}

// ---- guards --------------------------------------------------------------------------------------------------------
/** A condition that is the same in all lanes. */
export const conditionOf = (c: Cond, scope: Scope): Value<"i32"> => {
  const { f } = scope.frame
  const e = f.get(indexScalar(c.e, scope))
  // one unsigned comparison: negative numbers are large
  return "n" in c ? f.op("i32.lt_u", e, f.i32(c.n)) : f.op("i32.eqz", f.op("i32.rem_s", e, f.i32(c.by)))
}
/** The conditions that are not known here; undefined if one is known to fail. */
export const openConditions = (x: Guard, scope: Scope): readonly Cond[] | undefined => {
  const facts = x.when.map((c) => scope.fact(c))
  return facts.includes(false) || scope.fact(x) === false ? undefined : x.when.filter((_, k) => facts[k] === undefined)
}
const guarded = (x: Guard, scope: Scope): Vec => {
  const { s, frame } = scope
  const open = openConditions(x, scope)
  if (!open) return s.same(constantLocal(x.other, x.dtype, scope))
  if (open.length === 0) return valueOf(x.body, scope)
  const out = s.let(() => constant(s, x.other, x.dtype))
  const enter = (k: number, at: Scope): void => {
    if (k < open.length) frame.f.if(conditionOf(open[k]!, at), () => enter(k + 1, at.inner().assume(open[k]!, true)))
    else {
      const v = valueOf(x.body, at)
      s.each(out, (u) => frame.f.get(v[u]!))
    }
  }
  enter(0, scope)
  return out
}

// ---- indices -------------------------------------------------------------------------------------------------------
/** k * x in a local; x itself for k = 1. */
const scaled = (x: I32, k: number, scope: Scope): Value<"i32"> => {
  const { f } = scope.frame
  if (k === 1) return f.get(x)
  const key = `${k}*${x.index}`
  const hit = scope.find(key) as I32 | undefined
  if (hit) return f.get(hit)
  const shift = Math.log2(Math.abs(k))
  const product = k > 0 && Number.isInteger(shift) ? f.op("i32.shl", f.get(x), f.i32(shift)) : f.op("i32.mul", f.get(x), f.i32(k))
  return f.get(scope.keep(key, f.let("i32", product)))
}
/** The value of an atom that is the same in all lanes. */
const atomScalar = (a: Atom, scope: Scope): I32 | number => {
  const at = scope.position(a)
  if (at !== undefined) return at
  const hit = scope.find(a)
  if (hit) return hit as I32
  const { f } = scope.frame
  if (a.kind === "axis") throw new Error(`wasm: axis ${a.id} has no value`)
  if (a.kind === "dyn") {
    const v = valueOf(a.x!, scope.narrow)
    return scope.keep(a, f.let("i32", f.extractI32(f.get(clamped(a, v, scope.narrow)[0]!), 0)))
  }
  const e = f.get(indexScalar(a.e!, scope))
  return scope.keep(a, f.let("i32", f.op(a.kind === "div" ? "i32.div_u" : "i32.rem_u", e, f.i32(a.d!))))
}
/** An index from memory, as int32 within [0, n). */
const clamped = (a: Atom, v: Vec, scope: Scope): Vec => {
  const { s } = scope
  const t = a.x!.dtype
  const whole =
    t === "f32"
      ? s.let(() => s.op1("i32x4.trunc_sat_f32x4_s", s.get(v)))
      : t === "bool"
        ? s.let(() => s.op1("i32x4.neg", s.get(v)))
        : v
  const below =
    t === "u32"
      ? s.let(() => s.op("i32x4.min_u", s.get(whole), s.ki(a.n - 1)))
      : s.let(() => s.op("i32x4.min_s", s.get(whole), s.ki(a.n - 1)))
  return t === "u32" ? below : s.let(() => s.op("i32x4.max_s", s.get(below), s.ki(0)))
}
/** The value of an index that is the same in all lanes. */
export const indexScalar = (e: Ix, scope: Scope): I32 => {
  const { f } = scope.frame
  let c = e.c
  const terms: [number, I32][] = []
  for (const [k, a] of e.t) {
    const x = atomScalar(a, scope)
    if (typeof x === "number") c += k * x
    else terms.push([k, x])
  }
  const sum = f.local("i32")
  f.set(sum, f.i32(c))
  if (terms.length === 1 && c === 0) f.set(sum, scaled(terms[0]![1], terms[0]![0], scope))
  else for (const [k, x] of terms) f.set(sum, f.op("i32.add", f.get(sum), scaled(x, k, scope)))
  return sum
}

/** An index in each lane. */
const indexVector = (e: Ix, scope: Scope): Vec => {
  const { s } = scope
  const same: [number, Atom][] = []
  const own: [number, Vec][] = []
  for (const [k, a] of e.t) {
    if (scope.varies(scope.frame.freeAtom(a))) own.push([k, atomVector(a, scope)])
    else same.push([k, a])
  }
  const base = indexScalar({ c: e.c, t: same }, scope)
  let sum = s.let(() => s.f.op("i32x4.splat", s.f.get(base)))
  for (const [k, v] of own) {
    const before = sum
    sum = s.let(() => s.iadd(s.get(before), k === 1 ? s.get(v) : s.op("i32x4.mul", s.get(v), s.ki(k))))
  }
  return sum
}
const atomVector = (a: Atom, scope: Scope): Vec => {
  const hit = scope.find(a)
  if (hit) return hit as Vec
  const { s, vector, frame } = scope
  const { f } = frame
  if (a.kind === "axis") {
    const { index } = vector!
    const steps = f.constantLanes([0, 1, 2, 3])
    return scope.keep(
      a,
      s.let((u) =>
        s.iadd(
          f.op("i32x4.splat", typeof index === "number" ? f.i32(index + 4 * u) : f.op("i32.add", f.get(index), f.i32(4 * u))),
          f.get(steps),
        ),
      ),
    )
  }
  if (a.kind === "dyn") return scope.keep(a, clamped(a, valueOf(a.x!, scope), scope))
  const dividend = indexVector(a.e!, scope)
  const op = a.kind === "div" ? "i32.div_u" : "i32.rem_u"
  const out = s.let(() => s.get(dividend))
  for (let lane = 0; lane < 4; lane++)
    s.each(out, (u) => {
      const q = f.let("i32", f.op(op, f.extractI32(s.get(dividend), lane), f.i32(a.d!)))
      return f.replaceI32(f.get(out[u]!), lane, f.get(q))
    })
  return scope.keep(a, out)
}

// ---- memory --------------------------------------------------------------------------------------------------------
/** How an address moves with the vector axis: by so many elements per lane, or in no fixed way. */
export const strideAlong = (e: Ix, axis: Atom, frame: Frame): number | "irregular" => {
  let stride = 0
  for (const [k, a] of e.t) {
    if (a === axis) stride = k
    else if (frame.freeAtom(a).has(axis)) return "irregular"
  }
  return stride
}
/** Address of an element, up to the given atoms: a local and constant bytes. Sums that outer regions can compute are looked for there. */
export const addressOf = (pointer: Pointer, e: Ix, width: 4 | 8, scope: Scope, without?: ReadonlySet<Atom>): Pointer => {
  const { f } = scope.frame
  let bytes = width * e.c + pointer.offset
  const terms: (readonly [number, Atom])[] = []
  let rising = true
  for (const [k, a] of e.t) {
    const at = scope.position(a)
    if (typeof at === "number") bytes += width * k * at
    else {
      if (k < 0) rising = false
      terms.push([k, a])
    }
  }
  // An offset is added without wrapping: it must not start from an address that is still below the buffer.
  const folded = rising && bytes >= 0 ? 0 : bytes
  const sum = (left: readonly (readonly [number, Atom])[]): I32 => {
    if (left.length === 0 && folded === 0) return pointer.base
    const key = `${pointer.base.index}:${folded}:${left.map(([k, a]) => `${k}*${a.id}`)}`
    const hit = scope.find(key) as I32 | undefined
    if (hit) return hit
    if (left.length === 0) return scope.keep(key, f.let("i32", f.op("i32.add", f.get(pointer.base), f.i32(folded))))
    // the innermost term last
    const depths = left.map(([, a]) => Math.max(0, ...[...scope.frame.freeAtom(a)].map((b) => scope.depthOf(b))))
    const last = depths.indexOf(Math.max(...depths))
    const outer = sum(left.filter((_, k) => k !== last))
    const [k, a] = left[last]!
    const x = atomScalar(a, scope)
    const total = typeof x === "number" ? f.op("i32.add", f.get(outer), f.i32(width * k * x)) : sumOf(outer, x, width * k, scope)
    return scope.keep(key, f.let("i32", total))
  }
  const base = sum(without ? terms.filter(([, a]) => ![...scope.frame.freeAtom(a)].some((b) => without.has(b))) : terms)
  return { base, offset: folded === 0 ? bytes : 0 }
}
const sumOf = (outer: I32, x: I32, k: number, scope: Scope): Value<"i32"> => {
  const { f } = scope.frame
  return f.op("i32.add", f.get(outer), scaled(x, k, scope))
}
/** Address of lane 0 of strand 0, and bytes per lane; with the parts of an irregular address that vary taken out. */
export const vectorAddress = (pointer: Pointer, e: Ix, scope: Scope): Pointer & { readonly stride: number } => {
  const { vector, frame } = scope
  const { f } = frame
  if (!vector) return { ...addressOf(pointer, e, 4, scope), stride: 0 }
  const k = e.t.find(([, a]) => a === vector.axis)?.[0] ?? 0
  const fixed = addressOf(pointer, { c: e.c, t: e.t.filter(([, a]) => !frame.freeAtom(a).has(vector.axis)) }, 4, scope)
  if (k === 0) return { ...fixed, stride: 0 }
  if (typeof vector.index === "number") {
    const at = { base: fixed.base, offset: fixed.offset + 4 * k * vector.index }
    if (at.offset >= 0) return { ...at, stride: 4 * k }
    return { base: f.let("i32", f.op("i32.add", f.get(fixed.base), f.i32(at.offset))), offset: 0, stride: 4 * k }
  }
  const key = `${fixed.base.index}+${k}*${vector.axis.id}${k < 0 ? `+${fixed.offset}` : ""}`
  const base =
    (scope.find(key) as I32 | undefined) ??
    scope.keep(
      key,
      f.let(
        "i32",
        sumOf(
          k < 0 && fixed.offset ? f.let("i32", f.op("i32.add", f.get(fixed.base), f.i32(fixed.offset))) : fixed.base,
          vector.index,
          4 * k,
          scope,
        ),
      ),
    )
  return { base, offset: k < 0 ? 0 : fixed.offset, stride: 4 * k }
}

/** 32-bit lanes from memory. */
const load = (x: Read, scope: Scope): Vec => {
  const { s, frame, vector } = scope
  const { f } = frame
  const pointer = frame.pointer(x.buf)
  const e = frame.readAddress(x)
  if (!vector || !scope.varies(frame.freeIx(e))) {
    const { base, offset } = addressOf(pointer, e, 4, scope)
    return s.let(() => f.load("v128.load32_splat", f.get(base), offset))
  }
  const kind = strideAlong(e, vector.axis, frame)
  const at = vectorAddress(pointer, e, scope)
  if (kind === 1) return s.let((u) => f.load("v128.load", f.get(at.base), at.offset + 16 * u))
  const valid = (u: number): number => (u === s.width - 1 ? vector.lanes : 4)
  const out = s.let(() => s.k(0))
  if (kind === "irregular") {
    const moving = indexVector({ c: 0, t: e.t.filter(([, a]) => a !== vector.axis && frame.freeAtom(a).has(vector.axis)) }, scope)
    const bytes = s.let(() => s.shl(s.get(moving), 2))
    for (let lane = 0; lane < 4; lane++)
      s.each(out, (u) =>
        lane < valid(u)
          ? f.load32Lane(
              f.op("i32.add", f.get(at.base), f.extractI32(s.get(bytes), lane)),
              f.get(out[u]!),
              lane,
              at.offset + at.stride * (4 * u + lane),
            )
          : f.get(out[u]!),
      )
    return out
  }
  // Falling addresses: lane 3 of the last strand is lowest.
  const low = kind < 0 ? f.let("i32", f.op("i32.add", f.get(at.base), f.i32(at.stride * (4 * s.width - 1)))) : at.base
  const shift = kind < 0 ? -at.stride * (4 * s.width - 1) : 0
  for (let lane = 0; lane < 4; lane++)
    s.each(out, (u) =>
      lane < valid(u)
        ? f.load32Lane(f.get(low), f.get(out[u]!), lane, at.offset + shift + at.stride * (4 * u + lane))
        : f.get(out[u]!),
    )
  return out
}

// ---- hoisting ------------------------------------------------------------------------------------------------------
/** Computes in this scope what the expressions, evaluated inside loops over `inner`, would compute again each time: values that do
 *  not depend on those loops, and the fixed parts of addresses. Bodies of undecided guards are left alone: they may not be readable. */
export const hoist = (
  roots: readonly Expr[],
  stores: readonly { readonly pointer: Pointer; readonly e: Ix }[],
  inner: ReadonlySet<Atom>,
  scope: Scope,
): void => {
  const { frame } = scope
  const seen = new Set<Expr>()
  const meets = (free: ReadonlySet<Atom>, axes: ReadonlySet<Atom>): boolean => {
    for (const a of axes) if (free.has(a)) return true
    return false
  }
  const index = (e: Ix, axes: ReadonlySet<Atom>): void => {
    for (const [, a] of e.t) {
      if (a.e) index(a.e, axes)
      if (a.x) walk(a.x, axes)
    }
  }
  /** Parts of addresses that vary along the lanes are added where they are used. */
  const scalars = (axes: ReadonlySet<Atom>): ReadonlySet<Atom> => (scope.vector ? new Set([...axes, scope.vector.axis]) : axes)
  const walk = (x: Expr, axes: ReadonlySet<Atom>): void => {
    if (x.k === "num" || seen.has(x)) return
    seen.add(x)
    if (x.k === "read" && scope.find(keyOfBuf(x.buf))) return
    if (!meets(frame.free(x), axes)) return void valueOf(x, scope)
    switch (x.k) {
      case "idx":
        return index(x.e, axes)
      case "read": {
        const e = frame.readAddress(x)
        index(e, axes)
        addressOf(frame.pointer(x.buf), e, 4, scope, scalars(axes))
        return
      }
      case "fn":
        for (const a of x.args) walk(a, axes)
        return
      case "guard":
        if (openConditions(x, scope)?.length === 0) walk(x.body, axes)
        return
      case "reduce":
        walk(x.body, new Set([...axes, ...frame.reduceAxes(x)]))
    }
  }
  for (const x of roots) walk(x, inner)
  for (const { pointer, e } of stores) addressOf(pointer, e, 4, scope, scalars(inner))
}

/** acc = acc (kind) v, in all strands. */
export const foldInto = (x: Reduce, acc: Vec, v: Vec, scope: Scope): void => {
  const { s } = scope
  s.each(acc.slice(0, s.width), () => fold(s, x.kind, x.dtype, s.get(acc), s.get(v)))
}
export const neutral = (x: Reduce, scope: Scope): Vec => scope.s.let(() => constant(scope.s, unit(x.kind, x.dtype), x.dtype))
