// Kernels that touch float64: in pairs where memory allows (pairs.ts), else one element at a time, in scalar instructions; most
// transcendental functions are the host's. float64 is here for checking. In scalar code, float32 values are held in float64 and rounded
// after each operation, which is exact for + - * / and sqrt (53 >= 2 * 24 + 2 bits); integers and bools are held in int32.
import { type DType, isFloat } from "../../core/dtype.ts"
import { type Expr, type Fn, type Kernel, type Kind, type Reduce, type Scalar, unit, visit } from "../../core/ir/index.ts"
import { UnsupportedOnDevice } from "../errors.ts"
import type { Code, Local, Value } from "./asm.ts"
import type { Scope } from "./frame.ts"
import type { OpName } from "./opcodes.ts"
import { addressOf } from "./address.ts"
import { indexScalar } from "./indices.ts"
import { emitPairs, native, reducePairs, single as inPairs } from "./pairs.ts"
import { kernelsWork, sharedLoop } from "./reduce.ts"
import { conditionOf } from "./values.ts"

type F64 = Local<"f64">
type I32 = Local<"i32">
type Single = F64 | I32

/** An operation on one float64 takes as long as on four float32. */
const DOUBLE = 4

/** Instructions on float64 and on int32 (signed, unsigned). */
const instructions: Readonly<Record<string, readonly [float: OpName | undefined, signed?: OpName, unsigned?: OpName]>> = {
  add: ["f64.add", "i32.add"],
  sub: ["f64.sub", "i32.sub"],
  mul: ["f64.mul", "i32.mul"],
  div: ["f64.div"],
  min: ["f64.min"],
  max: ["f64.max"],
  neg: ["f64.neg"],
  abs: ["f64.abs"],
  floor: ["f64.floor"],
  sqrt: ["f64.sqrt"],
  lt: ["f64.lt", "i32.lt_s", "i32.lt_u"],
  le: ["f64.le", "i32.le_s", "i32.le_u"],
  eq: ["f64.eq", "i32.eq"],
  and: [undefined, "i32.and"],
  or: [undefined, "i32.or"],
  xor: [undefined, "i32.xor"],
  not: [undefined, "i32.eqz"],
  shl: [undefined, "i32.shl"],
  shr: [undefined, "i32.shr_s", "i32.shr_u"],
} // prettier-ignore
const onlyFloat = new Set(["min", "max", "neg", "abs", "floor", "sqrt"])

/** Scalar functions that a kernel needs from the host. */
export const hostedIn = (k: Kernel): Scalar[] => {
  const out = new Set<Scalar>()
  const walk = (x: Expr): void =>
    visit(x, (y) => {
      if (y.k !== "fn" || y.f.name in instructions || y.f.name === "where" || y.f.name === "cast") return
      if (y.dtype === "f64" && y.f.name in native) return
      if (y.f.define) walk(y.f.define(...y.args))
      else out.add(y.f)
    })
  walk(k.value)
  return [...out]
}

export const emitScalarKernel = (k: Kernel, scope: Scope): void => {
  const { frame } = scope
  const { f } = frame
  const axes = frame.merge(k.axes, [k.value], [frame.address({ buf: k.out, at: k.at })])
  if (emitPairs(k, axes, scope)) return
  const each = (axes: Kernel["axes"], at: Scope): void => {
    const [a, ...rest] = axes
    if (a) return f.times(a.n, (i) => each(rest, at.inner().bind(a, i)))
    const inner = at.inner()
    const v = single(k.value, inner)
    const { base, offset } = addressOf(
      frame.pointer(k.out),
      frame.address({ buf: k.out, at: k.at }),
      k.out.dtype === "f64" ? 8 : 4,
      inner,
    )
    const out = k.accumulate ? join(f, k.accumulate, k.out.dtype, fromMemory(f, k.out.dtype, base, offset), v) : v
    toMemory(f, k.out.dtype, base, offset, out)
  }
  const [first, ...rest] = axes
  const work = DOUBLE * kernelsWork([k], axes, frame)
  const part = first && scope.depth === 0 && !k.accumulate ? frame.share(first.n, work > 64 * first.n ? 1 : 64, work) : undefined
  if (first && part) sharedLoop(first, part, scope.narrow, (at) => each(rest, at))
  else each(axes, scope.narrow)
}
const fromMemory = (f: Code, t: DType, base: I32, offset: number): Single => {
  if (t === "f64") return f.let("f64", f.load("f64.load", f.get(base), offset))
  if (t === "f32") return f.let("f64", f.op("f64.promote_f32", f.load("f32.load", f.get(base), offset)))
  return f.let("i32", f.load("i32.load", f.get(base), offset))
}
const toMemory = (f: Code, t: DType, base: I32, offset: number, v: Single): void => {
  if (t === "f64") f.store("f64.store", f.get(base), f.get(v as F64), offset)
  else if (t === "f32") f.store("f32.store", f.get(base), f.op("f32.demote_f64", f.get(v as F64)), offset)
  else f.store("i32.store", f.get(base), f.get(v as I32), offset)
}
const rounded = (f: Code, t: DType, v: Value<"f64">): F64 =>
  f.let("f64", t === "f32" ? f.op("f64.promote_f32", f.op("f32.demote_f64", v)) : v)
const constantOf = (f: Code, v: number, t: DType): Single =>
  isFloat(t) ? f.let("f64", f.f64(t === "f32" ? Math.fround(v) : v)) : f.let("i32", f.i32(v | 0))

/** The value of x as a number. Shared nodes are computed once per region. */
const single = (x: Expr, scope: Scope): Single => {
  const memo = singles(scope)
  for (let s: Scope | undefined = scope; s; s = s.parent) {
    const hit = singles(s).get(x)
    if (hit) return hit
  }
  const v = compute(x, scope)
  memo.set(x, v)
  return v
}
const kept = new WeakMap<Scope, Map<Expr, Single>>()
const singles = (s: Scope): Map<Expr, Single> => {
  let m = kept.get(s)
  if (!m) kept.set(s, (m = new Map()))
  return m
}
const compute = (x: Expr, scope: Scope): Single => {
  const { frame } = scope
  const { f } = frame
  switch (x.k) {
    case "num":
      return constantOf(f, x.v, x.dtype)
    case "idx": {
      const i = indexScalar(x.e, scope)
      return isFloat(x.dtype) ? rounded(f, x.dtype, f.op("f64.convert_i32_s", f.get(i))) : i
    }
    case "read": {
      const { base, offset } = addressOf(frame.pointer(x.buf), frame.readAddress(x), x.dtype === "f64" ? 8 : 4, scope)
      return fromMemory(f, x.dtype, base, offset)
    }
    case "fn":
      return apply(x, scope)
    case "guard": {
      const out = constantOf(f, x.other, x.dtype)
      const enter = (k: number, at: Scope): void => {
        if (k < x.when.length) return f.if(conditionOf(x.when[k]!, at), () => enter(k + 1, at.inner()))
        const v = single(x.body, at)
        f.set(out, f.get(v) as Value<never>)
      }
      enter(0, scope)
      return out
    }
    case "reduce":
      return reduced(x, scope)
  }
}
const reduced = (x: Reduce, scope: Scope): Single => {
  const { f } = scope.frame
  const pairs = reducePairs(x, scope)
  if (pairs) return pairs
  const acc = constantOf(f, unit(x.kind, x.dtype), x.dtype)
  const step = (at: Scope): void => {
    const v = single(x.body, at)
    const next = join(f, x.kind, x.dtype, acc, v)
    f.set(acc, f.get(next) as Value<never>)
  }
  const each = (axes: Reduce["axes"], at: Scope): void => {
    const [a, ...rest] = axes
    if (a) f.times(a.n, (i) => each(rest, at.inner().bind(a, i)))
    else if (x.upto)
      f.if(f.op("i32.le_s", f.get(at.position(x.axes[0]!) as I32), f.get(indexScalar(x.upto, at))), () => step(at.inner()))
    else step(at.inner())
  }
  each(x.upto ? x.axes : scope.frame.reduceAxes(x), scope)
  return acc
}
/** a (kind) b. */
const join = (f: Code, kind: Kind, t: DType, a: Single, b: Single): Single => {
  if (isFloat(t)) {
    const op = ({ add: "f64.add", mul: "f64.mul", max: "f64.max", min: "f64.min" } as const)[kind]
    return rounded(f, t, f.op(op, f.get(a as F64), f.get(b as F64)))
  }
  const [x, y] = [a as I32, b as I32]
  if (kind === "add") return f.let("i32", f.op(t === "bool" ? "i32.or" : "i32.add", f.get(x), f.get(y)))
  if (kind === "mul") return f.let("i32", f.op("i32.mul", f.get(x), f.get(y)))
  const less = f.op(t === "u32" ? "i32.lt_u" : "i32.lt_s", f.get(x), f.get(y))
  const smaller = f.let("i32", less)
  return f.let(
    "i32",
    kind === "min" ? f.select(f.get(x), f.get(y), f.get(smaller)) : f.select(f.get(y), f.get(x), f.get(smaller)),
  )
}
const apply = (x: Fn, scope: Scope): Single => {
  const { f, host } = scope.frame
  const { name } = x.f
  const from = x.args.at(-1)!.dtype
  const known = instructions[name]
  const op = known && (isFloat(from) ? known[0] : from === "u32" ? (known[2] ?? known[1]) : known[1])
  if (!op && !(known && onlyFloat.has(name)) && name !== "where" && name !== "cast" && x.f.define)
    return single(x.f.define(...x.args), scope)
  const args = x.args.map((a) => single(a, scope))
  const [a, b, c] = args as [Single, Single, Single]
  if (op) {
    for (const v of args) f.get(v)
    const v = f.op(op, ...([] as never)) as Value<never>
    return isFloat(x.dtype) ? rounded(f, x.dtype, v) : f.let("i32", v)
  }
  if (name === "where") {
    const y = f.select(f.get(b) as Value<never>, f.get(c) as Value<never>, f.get(a as I32))
    return isFloat(x.dtype) ? f.let("f64", y) : f.let("i32", y)
  }
  if (name === "cast") return cast(f, a, from, x.dtype)
  if (!isFloat(from) && (name === "min" || name === "max")) return join(f, name, from, a, b)
  if (!isFloat(from) && name === "floor") return a
  if (!isFloat(from) && (name === "neg" || name === "abs")) {
    const negative = f.let("i32", f.op("i32.sub", f.i32(0), f.get(a as I32)))
    if (name === "neg") return negative
    return from === "u32"
      ? a
      : f.let("i32", f.select(f.get(negative), f.get(a as I32), f.op("i32.lt_s", f.get(a as I32), f.i32(0))))
  }
  const own = x.dtype === "f64" && from === "f64" ? inPairs(name, a as F64, scope) : undefined
  if (own) return own
  const call = host.get(name)
  if (!call || !isFloat(from) || !isFloat(x.dtype))
    throw new UnsupportedOnDevice({
      device: "wasm",
      construct: `the scalar function ${name} on ${from}`,
      instead: "give it a definition over primitives, or use the reference device",
    })
  for (const v of args) f.get(v)
  return rounded(f, x.dtype, f.call(call) as Value<"f64">)
}
const cast = (f: Code, v: Single, from: DType, to: DType): Single => {
  if (isFloat(from)) {
    const x = v as F64
    if (isFloat(to)) return to === "f32" ? rounded(f, "f32", f.get(x)) : x
    if (to === "bool") return f.let("i32", f.op("f64.ne", f.get(x), f.f64(0)))
    return f.let("i32", f.op(to === "u32" ? "i32.trunc_sat_f64_u" : "i32.trunc_sat_f64_s", f.get(x)))
  }
  const i = v as I32
  if (isFloat(to)) return rounded(f, to, f.op(from === "u32" ? "f64.convert_i32_u" : "f64.convert_i32_s", f.get(i)))
  return to === "bool" ? f.let("i32", f.op("i32.ne", f.get(i), f.i32(0))) : i
}
