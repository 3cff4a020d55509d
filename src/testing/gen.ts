// The generator behind every example of an op: deterministic in its seed, and kind to finite differences.
import { type DType, hostArray, isFloat } from "../core/dtype.ts"
import type { Gen, ShapeClass, Values } from "../core/gen.ts"
import { hostLeaf } from "../core/leaf.ts"
import { size, upto } from "../core/shape.ts"
import type { RawTensor } from "../core/tensor.ts"

/** Uniform in [0, 1): mulberry32 (Tommy Ettinger, 2017), a counter through a 32-bit mixer. */
export const uniform = (seed: number): (() => number) => {
  let s = Math.imul(seed, 0x9e3779b1) | 0
  return () => {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
const shuffle = <T>(v: T[], next: () => number): T[] => {
  for (let k = v.length - 1; k > 0; k--) {
    const j = Math.floor(next() * (k + 1))
    ;[v[k], v[j]] = [v[j]!, v[k]!]
  }
  return v
}
/** [lo, hi] without the neighbourhoods of 0 and, if asked, of the integers: intervals in order. */
const usable = (lo: number, hi: number, offInteger: number): (readonly [number, number])[] => {
  const cuts: (readonly [number, number])[] = []
  const zero = 0.02 * Math.min(hi - lo, 2)
  if (offInteger > 0) for (let k = Math.floor(lo); k <= Math.ceil(hi); k++) cuts.push([k - offInteger, k + offInteger])
  else if (lo <= 0 && hi >= 0) cuts.push([-zero, zero])
  const out: (readonly [number, number])[] = []
  let from = lo
  for (const [a, b] of cuts) {
    if (a > from) out.push([from, Math.min(a, hi)])
    from = Math.max(from, b)
  }
  if (from < hi) out.push([from, hi])
  return out.length > 0 ? out : [[lo, hi]]
}
/** n values spread over the range: one per stratum, in random order. `lattice`: tensors drawn one after another avoid each other too. */
const floats = (n: number, { lo = -1, hi = 1, offInteger = 0 }: Values, lattice: number, next: () => number): number[] => {
  const parts = usable(lo, hi, offInteger)
  const total = parts.reduce((s, [a, b]) => s + b - a, 0)
  const at = (u: number): number => {
    let left = u * total
    for (const [a, b] of parts) {
      if (left <= b - a) return a + left
      left -= b - a
    }
    return parts.at(-1)![1]
  }
  // On a grid of 2^-9 (finer for ranges below 2), offset by a quarter of it from tensor to tensor, values of two tensors never meet
  // either. Strata too narrow for the grid do without: ties are then excluded within the tensor only.
  const grid = 2 ** (Math.min(Math.round(Math.log2((hi - lo) / 2)), 0) - 9)
  const snap = n * grid * 2 < total && lattice < 4
  return shuffle(upto(n), next).map((k) => {
    const v = at((k + 0.25 + 0.5 * next()) / n)
    const s = snap ? (Math.floor(v / grid) + (2 * lattice + 1) / 8) * grid : v
    return s > lo && s < hi ? s : v
  })
}

class Seeded implements Gen {
  readonly shapes: ShapeClass
  private readonly next: () => number
  private tensors = 0
  constructor(seed: number, shapes: ShapeClass) {
    this.shapes = shapes
    this.next = uniform(seed)
  }
  int(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1))
  }
  bool(): boolean {
    return this.next() < 0.5
  }
  pick<const T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!
  }
  shape(lo: number, hi: number, least = 0): number[] {
    const rank = this.shapes === "scalar" ? lo : this.shapes === "cube" ? hi : this.int(lo, hi)
    const some = (a: number, b: number): number => Math.max(least, this.int(a, b))
    const dims = upto(rank)
    switch (this.shapes) {
      case "scalar":
        return dims.map(() => some(1, 2))
      case "empty": {
        const gone = this.int(0, Math.max(rank - 1, 0))
        return dims.map((k) => (k === gone ? Math.max(least, 0) : some(1, 3)))
      }
      case "ones":
        return dims.map(() => Math.max(least, this.bool() ? 1 : this.int(1, 2)))
      case "odd":
        return dims.map(() => Math.max(least, this.pick(rank > 2 ? [1, 3, 5] : [3, 5, 7])))
      case "long":
        return dims.map((k) => (k === rank - 1 ? some(17, 70) : some(1, 2)))
      case "tall":
        return dims.map((k) => (k === 0 ? some(17, 70) : some(1, 2)))
      case "cube": {
        const n = some(2, rank > 3 ? 2 : 4)
        return dims.map(() => n)
      }
      case "large": {
        // about 2,000 elements, whatever the rank
        const n = rank === 0 ? 1 : Math.ceil(2000 ** (1 / rank))
        return dims.map(() => some(Math.max(1, n - 3), n + 3))
      }
      default:
        return dims.map(() => some(1, rank > 3 ? 2 : 3))
    }
  }
  broadcasting(count: number): number[][] {
    const joint = this.shape(this.shapes === "scalar" ? 0 : 1, 3)
    const often = this.shapes === "broadcast" ? 0.4 : 0.15
    const all = upto(count).map(() => {
      const lost = this.next() < often ? this.int(0, joint.length) : 0
      return joint.slice(lost).map((n) => (this.next() < often ? 1 : n))
    })
    // one of them has the joint shape in all classes but "broadcast", where it may come from several
    if (this.shapes !== "broadcast") all[this.int(0, count - 1)] = joint
    return all
  }
  tensor(shape: readonly number[], dtype: DType = "f32", values: Values = {}): RawTensor {
    const n = size(shape)
    const out = hostArray(dtype, n)
    if (isFloat(dtype)) out.set(floats(n, values, this.tensors++, this.next))
    else if (dtype === "bool") for (let k = 0; k < n; k++) out[k] = this.int(0, 1)
    else for (let k = 0; k < n; k++) out[k] = this.int(values.lo ?? 0, values.hi ?? 4)
    return hostLeaf(out, shape, dtype)
  }
}

/**
 * A generator of examples for ops: the same draws for the same seed.
 *
 * Floats are distinct within a tensor (one value per stratum of the range) and between the first four tensors of a draw, and stay
 * 0.04 away from 0 (2 % of a range below 2); integers are uniform in [lo, hi], both included. `shapes` favours one kind of shape.
 * @example gen(7, "odd").tensor([3, 5]) // the same values each time
 */
export const gen = (seed: number, shapes: ShapeClass = "small"): Gen => new Seeded(seed, shapes)
