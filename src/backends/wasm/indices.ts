// Indices of the loop IR: as one number, or as a number in each lane.
import type { Atom, Ix } from "../../core/ir/index.ts"
import type { Local, Value } from "./asm.ts"
import type { Scope } from "./frame.ts"
import type { Vec } from "./strands.ts"
import { valueOf } from "./values.ts"

type I32 = Local<"i32">
/** k * x in a local; x itself for k = 1. */
export const scaled = (x: I32, k: number, scope: Scope): Value<"i32"> => {
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
export const atomScalar = (a: Atom, scope: Scope): I32 | number => {
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
export const indexVector = (e: Ix, scope: Scope): Vec => {
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
