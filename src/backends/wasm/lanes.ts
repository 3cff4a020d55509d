// Scalar functions of the loop IR on vectors of four 32-bit lanes. In registers a bool is a mask: all ones or zero.
import type { DType } from "../../core/dtype.ts"
import type { Kind } from "../../core/ir/index.ts"
import * as math from "./math.ts"
import type { BinaryOp, Strands, UnaryOp, V, Vec } from "./strands.ts"

/** Applies a scalar function; `from` is the dtype of the last operand, `to` that of the result. */
export type Spell = (s: Strands, args: readonly Vec[], from: DType, to: DType) => Vec

const isInteger = (t: DType): boolean => t === "i32" || t === "u32"
/** A constant in all lanes, as held in registers. */
export const constant = (s: Strands, v: number, t: DType): V =>
  t === "bool" ? s.ki(v ? -1 : 0) : isInteger(t) ? s.ki(v | 0) : s.k(v)

const binary =
  (float: BinaryOp, integer?: BinaryOp, unsigned = integer, bool?: BinaryOp): Spell =>
  (s, [a, b], from) => {
    const op = from === "bool" ? (bool ?? integer) : from === "u32" ? unsigned : from === "i32" ? integer : float
    if (!op) throw new Error(`wasm: no instruction for ${float} on ${from}`)
    return s.let(() => s.op(op, s.get(a!), s.get(b!)))
  }
const bitwise =
  (op: BinaryOp): Spell =>
  (s, [a, b]) =>
    s.let(() => s.op(op, s.get(a!), s.get(b!)))
const unary =
  (float: UnaryOp, integer?: UnaryOp): Spell =>
  (s, [a], from) => {
    const op = isInteger(from) || from === "bool" ? integer : float
    return op ? s.let(() => s.op1(op, s.get(a!))) : a! // rounding an integer
  }
const float =
  (f: (s: Strands, x: Vec) => Vec): Spell =>
  (s, [a]) =>
    f(s, a!)
/** Lanes have one shift distance in WebAssembly: shifts by a vector go lane by lane. */
const shift =
  (op: "i32.shl" | "i32.shr_s" | "i32.shr_u"): Spell =>
  (s, [a, b]) => {
    const out = s.let(() => s.get(a!))
    for (let lane = 0; lane < 4; lane++)
      s.each(out, (u) => {
        const moved = s.f.let("i32", s.f.op(op, s.f.extractI32(s.get(a!), lane), s.f.extractI32(s.get(b!), lane)))
        return s.f.replaceI32(s.f.get(out[u]!), lane, s.f.get(moved))
      })
    return out
  }
const castTo: Spell = (s, [a], from, to) => {
  if (from === to || (isInteger(from) && isInteger(to))) return a!
  if (to === "bool")
    return from === "f32" ? s.let(() => s.op("f32x4.ne", s.get(a!), s.k(0))) : s.let(() => s.op("i32x4.ne", s.get(a!), s.ki(0)))
  if (from === "bool") return s.let(() => s.and(s.get(a!), to === "f32" ? s.k(1) : s.ki(1)))
  if (to === "f32") return s.let(() => s.op1(from === "u32" ? "f32x4.convert_i32x4_u" : "f32x4.convert_i32x4_s", s.get(a!)))
  return s.let(() => s.op1(to === "u32" ? "i32x4.trunc_sat_f32x4_u" : "i32x4.trunc_sat_f32x4_s", s.get(a!)))
}

/** By name of the scalar function. What is missing here and in functions.ts is computed from its definition. */
export const spelled: Readonly<Record<string, Spell>> = {
  add: binary("f32x4.add", "i32x4.add", "i32x4.add", "v128.or"),
  sub: binary("f32x4.sub", "i32x4.sub"),
  mul: binary("f32x4.mul", "i32x4.mul", "i32x4.mul", "v128.and"),
  div: binary("f32x4.div"),
  max: binary("f32x4.max", "i32x4.max_s", "i32x4.max_u", "v128.or"),
  min: binary("f32x4.min", "i32x4.min_s", "i32x4.min_u", "v128.and"),
  lt: (s, args, from) =>
    from === "bool"
      ? s.let(() => s.op("v128.andnot", s.get(args[1]!), s.get(args[0]!)))
      : binary("f32x4.lt", "i32x4.lt_s", "i32x4.lt_u")(s, args, from, "bool"),
  le: (s, args, from) =>
    from === "bool"
      ? s.let(() => s.or(s.get(args[1]!), s.op1("v128.not", s.get(args[0]!))))
      : binary("f32x4.le", "i32x4.le_s", "i32x4.le_u")(s, args, from, "bool"),
  eq: binary("f32x4.eq", "i32x4.eq"),
  and: bitwise("v128.and"),
  or: bitwise("v128.or"),
  xor: bitwise("v128.xor"),
  not: (s, [a]) => s.let(() => s.op1("v128.not", s.get(a!))),
  shl: shift("i32.shl"),
  shr: (s, args, from, to) => shift(from === "u32" ? "i32.shr_u" : "i32.shr_s")(s, args, from, to),
  where: (s, [c, a, b]) => s.let(() => s.choose(s.get(a!), s.get(b!), s.get(c!))),
  neg: unary("f32x4.neg", "i32x4.neg"),
  abs: (s, args, from, to) => (from === "u32" ? args[0]! : unary("f32x4.abs", "i32x4.abs")(s, args, from, to)),
  floor: unary("f32x4.floor"),
  sqrt: unary("f32x4.sqrt"),
  sign: (s, args, from) => {
    const [a] = args
    if (from === "f32") return math.sign(s, a!)
    const positive = s.let(() => s.op(from === "u32" ? "i32x4.gt_u" : "i32x4.gt_s", s.get(a!), s.ki(0)))
    return from === "u32"
      ? s.let(() => s.op1("i32x4.neg", s.get(positive)))
      : s.let(() => s.isub(s.op("i32x4.lt_s", s.get(a!), s.ki(0)), s.get(positive)))
  },
  cast: castTo,
  exp: float(math.exp),
  expm1: float(math.expm1),
  log: float(math.log),
  log1p: float(math.log1p),
  tanh: float(math.tanh),
  sigmoid: float(math.sigmoid),
  softplus: float(math.softplus),
  relu: (s, [a], from) =>
    withConstant(s, "max", a!, 0, from) ?? s.let(() => s.op(from === "u32" ? "i32x4.max_u" : "i32x4.max_s", s.get(a!), s.ki(0))),
}

/** Shifts by one constant, and max and min with a constant, have shorter code. */
export const withConstant = (s: Strands, name: string, a: Vec, v: number, from: DType): Vec | undefined => {
  if (name === "shl" || name === "shr") {
    const op = name === "shl" ? "i32x4.shl" : from === "u32" ? "i32x4.shr_u" : "i32x4.shr_s"
    return s.let(() => s.f.op(op, s.get(a), s.f.i32(v)))
  }
  if (from !== "f32" || Number.isNaN(v) || Object.is(v, -0)) return undefined
  // max(-0, 0) is 0, where pmax says -0
  if (name === "max" && v === 0) return s.let(() => s.add(s.atLeast(s.get(a), s.k(0)), s.k(0)))
  if (name === "max") return s.let(() => s.atLeast(s.get(a), s.k(v)))
  if (name === "min") return s.let(() => s.atMost(s.get(a), s.k(v)))
  return undefined
}

/** One step of a reduction or accumulation. */
export const fold = (s: Strands, kind: Kind, t: DType, a: V, b: V): V => {
  const ops: Record<Kind, readonly [float: BinaryOp, signed: BinaryOp, unsigned: BinaryOp, bool: BinaryOp]> = {
    add: ["f32x4.add", "i32x4.add", "i32x4.add", "v128.or"],
    mul: ["f32x4.mul", "i32x4.mul", "i32x4.mul", "v128.and"],
    max: ["f32x4.max", "i32x4.max_s", "i32x4.max_u", "v128.or"],
    min: ["f32x4.min", "i32x4.min_s", "i32x4.min_u", "v128.and"],
  }
  return s.op(ops[kind][t === "bool" ? 3 : t === "u32" ? 2 : t === "i32" ? 1 : 0], a, b)
}
