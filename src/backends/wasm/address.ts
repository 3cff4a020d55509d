// Addresses, and reading lanes from memory.
import type { Atom, Ix, Read } from "../../core/ir/index.ts"
import type { Local, Value } from "./asm.ts"
import type { Frame, Pointer, Scope } from "./frame.ts"
import { atomScalar, indexVector, scaled } from "./indices.ts"
import type { Vec } from "./strands.ts"

type I32 = Local<"i32">
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
    const key = `${width}:${pointer.base.index}:${folded}:${left.map(([k, a]) => `${k}*${a.id}`)}`
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
export const load = (x: Read, scope: Scope): Vec => {
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
