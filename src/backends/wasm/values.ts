// Expressions of the loop IR to vector code. The same code serves lanes along an axis and single values: those are vectors whose
// lanes are all equal.
import { type Buf, type Cond, type Expr, type Fn, type Guard, type Reduce, unit } from "../../core/ir/index.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import type { Local, Value } from "./asm.ts"
import { load } from "./address.ts"
import type { Scope } from "./frame.ts"
import { indexScalar, indexVector } from "./indices.ts"
import { constant, fold, spelled, withConstant } from "./lanes.ts"
import { reduceValue } from "./reduce.ts"
import type { Vec } from "./strands.ts"

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
  const spell = spelled[x.f.name] ?? scope.frame.rooms.functions?.spelled[x.f.name]
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

/** acc = acc (kind) v, in all strands. */
export const foldInto = (x: Reduce, acc: Vec, v: Vec, scope: Scope): void => {
  const { s } = scope
  s.each(acc.slice(0, s.width), () => fold(s, x.kind, x.dtype, s.get(acc), s.get(v)))
}
export const neutral = (x: Reduce, scope: Scope): Vec => scope.s.let(() => constant(scope.s, unit(x.kind, x.dtype), x.dtype))
