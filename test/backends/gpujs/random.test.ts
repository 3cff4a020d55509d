// Random kernels: nested reads at affine, divided and computed indices, guards, reductions, every dtype; the float64 interpreter judges.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import {
  type Axis,
  axis,
  type Buf,
  call,
  div,
  dyn,
  type Expr,
  guard,
  idx,
  inside,
  type Ix,
  ix,
  mod,
  num,
  plus,
  range,
  read,
  reduceOver,
  type Stmt,
  times,
} from "../../../src/core/ir/index.ts"
import { castTo } from "../../../src/scalar/cast.ts"
import * as S from "./_scalars.ts"
import { devices } from "./_devices.ts"
import { arg, both, lowered, out, prng, size, worst } from "./_run.ts"

const SEED = Number(process.env.ADJOINT_SEED ?? 20261120)
const CASES = 60

interface Inputs {
  readonly x: Buf
  readonly y: Buf
  readonly ids: Buf
  readonly words: Buf
}
/** Smooth functions on values of order 1: errors do not grow from depth to depth. */
const builder = (r: () => number, { x, y, ids, words }: Inputs) => {
  const upTo = (n: number): number => Math.floor(r() * n)
  const one = <T>(...of: readonly T[]): T => of[upTo(of.length)]!
  /** An index in [0, n): any index, brought into range by a remainder, a quotient or a clamp. */
  const index = (axes: readonly Axis[], n: number): Ix => {
    const a = axes.length > 0 ? one(...axes) : undefined
    const b = axes.length > 0 ? one(...axes) : undefined
    if (!a || !b) return ix(upTo(n))
    const e = plus(times(a, 1 + upTo(4)), times(b, one(-2, -1, 1, 3)), upTo(5) - 2)
    const kind = upTo(4)
    if (kind === 0 && a.n <= n) return ix(a)
    if (kind === 1) return dyn(read(ids, [mod(e, ids.shape[0]!)]), n)
    if (kind === 2) {
      const q = div(e, 1 + upTo(6))
      const [lo, hi] = range(q)
      if (lo >= 0 && hi < n) return q
    }
    return mod(e, n)
  }
  const at = (axes: readonly Axis[], b: Buf): Ix[] => b.shape.map((n) => index(axes, n))
  const word = (axes: readonly Axis[], depth: number): Expr => {
    const kind = depth <= 0 ? upTo(2) : upTo(7)
    if (kind === 0) return read(words, at(axes, words))
    if (kind === 1) return axes.length > 0 ? idx(plus(one(...axes), upTo(70000)), "u32") : num(upTo(4294967295), "u32")
    if (kind === 2) return call(one(S.shl, S.shr), [word(axes, depth - 1), num(upTo(32), "u32")])
    if (kind === 3) return castTo(call(S.mul, [read(x, at(axes, x)), num(2 ** 20, "f32")]), "u32") // exact
    if (kind === 4) return call(S.where, [truth(axes, depth - 1), word(axes, depth - 1), word(axes, depth - 1)])
    return call(one(S.add, S.sub, S.mul, S.and, S.or, S.xor, S.max, S.min), [word(axes, depth - 1), word(axes, depth - 1)])
  }
  // Comparisons only of exact values: a rounding error must not decide.
  const truth = (axes: readonly Axis[], depth: number): Expr => {
    const exact = (): Expr => (upTo(2) ? read(x, at(axes, x)) : read(y, at(axes, y)))
    if (depth > 0 && upTo(3) === 0) return call(one(S.and, S.or, S.xor, S.eq), [truth(axes, depth - 1), truth(axes, depth - 1)])
    return upTo(3) === 0 ? call(S.not, [truth(axes, 0)]) : call(one(S.lt, S.le, S.eq), [exact(), exact()])
  }
  const value = (axes: readonly Axis[], depth: number): Expr => {
    const kind = depth <= 0 ? upTo(3) : upTo(11)
    const deeper = (): Expr => value(axes, depth - 1)
    switch (kind) {
      case 0:
        return read(x, at(axes, x))
      case 1:
        return read(y, at(axes, y))
      case 2:
        return axes.length > 0
          ? call(S.mul, [idx(plus(one(...axes), upTo(9) - 4), "f32"), num(0.0625, "f32")])
          : num(0.375, "f32")
      case 3:
        return call(one(S.tanh, S.sigmoid, S.sin, S.cos, S.relu, S.abs, S.neg), [deeper()])
      case 4:
        return call(S.where, [truth(axes, depth - 1), deeper(), deeper()])
      case 5: {
        const e = plus(axes.length > 0 ? times(one(...axes), one(1, 2, -1)) : 0, upTo(7) - 4)
        return guard([upTo(2) ? inside(e, 1 + upTo(5)) : { e, by: 2 + upTo(3) }], deeper(), one(0, 1, -0.5))
      }
      case 6:
      case 7: {
        const mine = Array.from({ length: 1 + upTo(2) }, () => axis(1 + upTo(5)))
        const body = value([...axes, ...mine], depth - 1)
        const kind = one("add", "add", "max", "min") as "add" | "max" | "min"
        const all = reduceOver(
          kind,
          mine,
          body,
          mine.length === 1 && mine[0]!.n > 1 && upTo(3) === 0 && axes.length > 0 ? ix(one(...axes)) : undefined,
        )
        // an empty prefix cannot be: upto >= 0. Sums are brought back to order 1.
        return kind === "add" ? call(S.mul, [all, num(0.125, "f32")]) : all
      }
      case 8:
        return call(S.mul, [castTo(call(S.and, [word(axes, depth - 1), num(255, "u32")]), "f32"), num(0.00390625, "f32")])
      default:
        return call(one(S.add, S.sub, S.mul, S.max, S.min), [call(S.tanh, [deeper()]), deeper()])
    }
  }
  return { value, word }
}

for (const d of devices)
  describe(`random kernels on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    test(`${CASES} kernels, seed ${SEED}`, async () => {
      for (let c = 0; c < CASES; c++) {
        const r = prng(SEED + c)
        const upTo = (n: number): number => Math.floor(r() * n)
        const inputs: Inputs = { x: arg([3, 5]), y: arg([7]), ids: arg([6], "i32"), words: arg([9], "u32") }
        const shape = Array.from({ length: upTo(4) }, () => 1 + upTo(9))
        const axes = shape.map(axis)
        const { value, word } = builder(r, inputs)
        const floats = out(shape)
        const integers = out(shape, "u32")
        const stmts: Stmt[] = [
          { k: "kernel", out: floats, axes, at: axes.map(ix), value: value(axes, 4) },
          { k: "kernel", out: integers, axes, at: axes.map(ix), value: word(axes, 3) },
        ]
        const args = [inputs.x, inputs.y, inputs.ids, inputs.words]
        const given = [
          Array.from({ length: size(inputs.x) }, () => Math.fround(2 * r() - 1)),
          Array.from({ length: 7 }, () => Math.fround(2 * r() - 1)),
          Array.from({ length: 6 }, () => upTo(12) - 3),
          Array.from({ length: 9 }, () => upTo(4294967296)),
        ]
        const { got, want, listing } = await both(b, lowered(stmts, args, [floats, integers]), given)
        expect(
          worst(got[0]!, want[0]!),
          `case ${c}, seed ${SEED + c}: ${got[0]!.slice(0, 6)} not ${want[0]!.slice(0, 6)}\n${listing}`,
        ).toBeLessThan(1e-5)
        expect(got[1], `case ${c}, seed ${SEED + c}\n${listing}`).toEqual(want[1])
      }
    })
  })
