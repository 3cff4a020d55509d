import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { call, read, type Scalar } from "../../../src/core/ir/index.ts"
import { castTo, castValue } from "../../../src/scalar/cast.ts"
import * as S from "./_scalars.ts"
import { devices } from "./_devices.ts"
import { arg, both, lowered, mapped, out, prng } from "./_run.ts"

/** |got - want| in units of `want`'s last place at f32, or of 1e-7 near 0. */
const ulps = (got: number, want: number): number => {
  if (Object.is(got, want) || (got === 0 && want === 0)) return 0
  if (Number.isNaN(got) && Number.isNaN(want)) return 0
  if (got === Math.fround(want)) return 0
  return Math.abs(got - want) / Math.max(Math.abs(want) * 2 ** -24, 1e-38)
}
const grid = (lo: number, hi: number, n: number): number[] =>
  Array.from({ length: n }, (_, k) => Math.fround(lo + ((hi - lo) * k) / (n - 1)))
interface Case {
  readonly f: Scalar
  readonly on: readonly number[]
  readonly with?: readonly number[]
  /** Bounds in ulps: JavaScript's functions rounded, and ours (or the shader's). `absolute`: error relative to 1. */
  readonly exact: number
  readonly shader: number
  readonly absolute?: boolean
}
const wide = [...grid(-6, 6, 241), ...grid(-60, 60, 81), 0, -0, 1, -1, 0.5, 1e-3, -1e-3, 1e-6, -1e-6]
const positive = [...grid(1e-3, 8, 161), ...grid(10, 1e4, 50), 1e-6, 1e6, 1]
// Values of f32 grids, so no error comes from the input. Bounds as measured, rounded up.
const cases: readonly Case[] = [
  { f: S.abs, on: wide, exact: 0, shader: 0 },
  { f: S.neg, on: wide, exact: 0, shader: 0 },
  { f: S.floor, on: wide, exact: 0, shader: 0 },
  { f: S.sign, on: wide, exact: 0, shader: 0 },
  { f: S.relu, on: wide, exact: 0, shader: 0 },
  { f: S.sqrt, on: positive, exact: 1, shader: 6 },
  { f: S.rsqrt, on: positive, exact: 3, shader: 8 },
  { f: S.exp, on: wide, exact: 1, shader: 64 },
  { f: S.log, on: [...positive, ...grid(0.4, 2.2, 181)], exact: 1, shader: 6 },
  { f: S.log1p, on: [...grid(-0.9, 3, 200), ...grid(-0.01, 0.01, 41), 1e-6, -1e-6, 1e-9], exact: 1, shader: 10 },
  { f: S.tanh, on: [...wide, 100, -100], exact: 1, shader: 8 },
  { f: S.sigmoid, on: wide, exact: 4, shader: 64 },
  { f: S.softplus, on: wide, exact: 4, shader: 64 },
  { f: S.erf, on: wide, exact: 8, shader: 10 },
  { f: S.sin, on: [...wide, ...grid(-300, 300, 301)], exact: 1, shader: 12, absolute: true },
  { f: S.cos, on: [...wide, ...grid(-300, 300, 301)], exact: 1, shader: 12, absolute: true },
  { f: S.add, on: wide, with: [...wide].reverse(), exact: 1, shader: 1 },
  { f: S.sub, on: wide, with: [...wide].reverse(), exact: 1, shader: 1 },
  { f: S.mul, on: wide, with: [...wide].reverse(), exact: 1, shader: 1 },
  { f: S.div, on: wide, with: wide.map((v) => Math.fround(v + 0.3)).reverse(), exact: 1, shader: 5 },
  { f: S.max, on: wide, with: [...wide].reverse(), exact: 0, shader: 0 },
  { f: S.min, on: wide, with: [...wide].reverse(), exact: 0, shader: 0 },
  { f: S.lt, on: wide, with: [...wide].reverse(), exact: 0, shader: 0 },
  { f: S.le, on: wide, with: [...wide].reverse(), exact: 0, shader: 0 },
  { f: S.eq, on: wide, with: wide.map((v, k) => (k % 2 ? v : v + 1)), exact: 0, shader: 0 },
  { f: S.pow, on: positive, with: positive.map((_, k) => Math.fround(((k * 7) % 13) / 4 - 1.5)), exact: 1, shader: 300 },
  { f: S.pow, on: [-2, -2, -2, -3, -1, 0, 0, 2, 5], with: [3, 2, -1, 5, 0, 0, 2, 10, 1], exact: 1, shader: 300 },
]

for (const d of devices)
  describe(`scalar functions on gpujs-${d.name}`, () => {
    let b: Backend
    beforeAll(async () => {
      b = await d.open()
    })
    afterAll(() => b.close())
    for (const c of cases)
      test(`${c.f.name}(${c.with ? "x, y" : "x"})`, async () => {
        const n = c.on.length
        const x = arg([n])
        const y = arg([n])
        const o = out([n], c.f.result ?? "f32")
        const p = lowered(
          [mapped(o, (i) => call(c.f, c.with ? [read(x, i), read(y, i)] : [read(x, i)]))],
          c.with ? [x, y] : [x],
          [o],
        )
        const { got } = await both(b, p, c.with ? [c.on, c.with] : [c.on])
        const want = c.on.map((v, k) => c.f.eval("f32", Math.fround(v), Math.fround(c.with?.[k] ?? 0)))
        const errors = got[0]!.map((g, k) =>
          c.absolute ? (Math.abs(g - want[k]!) / Math.max(1, Math.abs(want[k]!))) * 2 ** 24 : ulps(g, want[k]!),
        )
        const at = errors.reduce((m, e, k) => (e > errors[m]! || Number.isNaN(e) ? k : m), 0)
        const bound = d.exact ? c.exact : c.shader
        expect(errors[at], `x = ${c.on[at]}, y = ${c.with?.[at]}: got ${got[0]![at]}, want ${want[at]}`).toBeLessThanOrEqual(
          bound,
        )
      })
    test("log, log1p and sqrt at and below their edge; exp beyond f32; division by zero", async () => {
      const x = arg([4])
      const on = [0, -1, 1, 0.25]
      const outs = [out([4]), out([4]), out([4])]
      const p = lowered(
        [
          mapped(outs[0]!, (i) => call(S.log, [read(x, i)])),
          mapped(outs[1]!, (i) => call(S.log1p, [read(x, i)])),
          mapped(outs[2]!, (i) => call(S.sqrt, [read(x, i)])),
        ],
        [x],
        outs,
      )
      const { got } = await both(b, p, [on])
      expect(got[0]!.slice(0, 3)).toEqual([-Infinity, NaN, 0])
      expect(got[1]!.slice(0, 2)).toEqual([0, -Infinity])
      expect(got[2]!.slice(1)).toEqual([NaN, 1, 0.5])
    })
    test("casts between f32, i32, u32 and bool are those of the scalar function", async () => {
      const floats = [0, -0, 0.5, -0.5, 1.9, -1.9, 65535, 65536, 1e6, 16777216, -3e9, 3e9, 5e9, NaN]
      const x = arg([floats.length])
      const to = ["i32", "u32", "bool"] as const
      const outs = to.map((t) => out([floats.length], t))
      const p = lowered(
        outs.map((o) => mapped(o, (i) => castTo(read(x, i), o.dtype))),
        [x],
        outs,
      )
      const { got } = await both(b, p, [floats])
      to.forEach((t, k) => {
        const want = floats.map((v) => castValue(Math.fround(v), "f32", t) + 0) // no -0 among integers
        // NaN needs a comparison that the shader compiler may fold; it is tested where comparisons are exact.
        const n = d.exact ? floats.length : floats.length - 1
        expect(got[k]!.slice(0, n)).toEqual(want.slice(0, n))
      })
    })
    test("u32 to f32, i32 and bool; i32 to u32", async () => {
      const words = [0, 1, 65535, 65536, 16777215, 2147418112, 2 ** 31, 4294967295, 4294967294]
      const u = arg([words.length], "u32")
      const i = arg([3], "i32")
      const outs = [out([words.length]), out([words.length], "bool"), out([3], "u32"), out([words.length], "i32")]
      const p = lowered(
        [
          mapped(outs[0]!, (k) => castTo(read(u, k), "f32")),
          mapped(outs[1]!, (k) => castTo(read(u, k), "bool")),
          mapped(outs[2]!, (k) => castTo(read(i, k), "u32")),
          mapped(outs[3]!, (k) => castTo(read(u, k), "i32")),
        ],
        [u, i],
        outs,
      )
      const { got } = await both(b, p, [words, [-1, 5, -16777216]])
      expect(got[0]).toEqual(words.map(Math.fround))
      expect(got[1]).toEqual(words.map((w) => (w ? 1 : 0)))
      expect(got[2]).toEqual([4294967295, 5, 4278190080])
      expect(got[3]).toEqual(words.map((w) => w | 0)) // all of them exact in f32
    })
    test("every u32 function equals 32-bit arithmetic bit for bit", async () => {
      const r = prng(11)
      const special = [0, 1, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 4294967295, 0xdeadbeef]
      const a = [...special, ...special, ...Array.from({ length: 400 }, () => Math.floor(r() * 4294967296))]
      const c = a.map((_, k) => (k < 10 ? special[k]! : k < 20 ? special[19 - k]! : Math.floor(r() * 4294967296)))
      const shifts = a.map((_, k) => k % 32)
      const binary = [S.add, S.sub, S.mul, S.and, S.or, S.xor, S.max, S.min, S.eq, S.lt, S.le]
      const [x, y, s] = [arg([a.length], "u32"), arg([a.length], "u32"), arg([a.length], "u32")]
      const outs = [...binary.map((f) => out([a.length], f.result ?? "u32")), out([a.length], "u32"), out([a.length], "u32")]
      const fs = [...binary, S.shl, S.shr]
      const p = lowered(
        outs.map((o, k) => mapped(o, (i) => call(fs[k]!, [read(x, i), read(k < binary.length ? y : s, i)]))),
        [x, y, s],
        outs,
      )
      const { got } = await both(b, p, [a, c, shifts])
      fs.forEach((f, k) => {
        const want = a.map((v, j) => {
          const w = f.eval("u32", v, k < binary.length ? c[j]! : shifts[j]!)
          return f.result === "bool" ? w : w >>> 0
        })
        expect(got[k], f.name).toEqual(want)
      })
    })
  })
