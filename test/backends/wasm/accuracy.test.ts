// What is stated about functions of one number holds for whole programs, over all exponents, signs and special values.
import { readFileSync } from "node:fs"
import { afterAll, describe, expect, it } from "vitest"
import type { Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { ULP } from "../../../src/backends/wasm/math.ts"
import { lower } from "../../../src/compiler/index.ts"
import { flatten, type HostArray, trace } from "../../../src/core/index.ts"
import { erf } from "../../../src/scalar/erf.ts"
import { erfInv } from "../../../src/scalar/erfInv.ts"
import * as typed from "../../../src/tensor.ts"
import { withRooms } from "./_rooms.ts"
import { random } from "./random.ts"

const SEED = 20261122
const N = 1 << 17
const device = await withRooms(wasm())
afterAll(() => device.close())
type Any = typed.AnyTensor
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>

const run = (name: string, x: Float32Array): HostArray => {
  const program = trace((t) => flatten(T[name]!(t as unknown as Any)).leaves, flatten([T["zeros"]!([x.length])]).leaves)
  const lowered = lower(program, { limits: device.limits })
  const compiled = device.compile({ program, lowered: () => lowered }) as Compiled
  const arg = device.upload(x, { shape: [x.length], dtype: "f32" }) as DeviceBuffer
  const [out] = compiled.run([arg], [false]) as readonly DeviceBuffer[]
  const y = device.download(out!) as HostArray
  device.free(arg)
  device.free(out!)
  compiled.dispose()
  return y
}
/** Every 65,521st float, floats between -12 and 12, and the specials. */
const inputs = (): Float32Array => {
  const x = new Float32Array(N)
  const bits = new Uint32Array(x.buffer)
  const next = random(SEED)
  for (let i = 0; i < N; i++) {
    if (i % 2) x[i] = (2 * next() - 1) * [12, 1, 1.2, 90][(i >> 1) % 4]!
    else bits[i] = (i >> 1) * 65521 + Math.floor(next() * 65521)
  }
  const ends = [0, 1, 2 ** -149, 2 ** -126, 2 ** 20, 2 ** 31, 2 ** 24 + 2, 3.4028234663852886e38, Infinity]
  ;[...ends, ...ends.map((v) => -v), Number.NaN, 88.72284, -103.97, -87.33655, 1 - 2 ** -24].forEach((v, i) => (x[i] = v))
  return x
}
/** Distance from the exact result in units in the last place of the nearest float32. */
const ulps = (got: number, want: number): number => {
  const near = Math.fround(want)
  if (Object.is(got, near)) return 0
  if (!Number.isFinite(near) || near === 0) return Number.isFinite(got) && Math.abs(got) < 2 ** -148 && near === 0 ? 1 : Infinity
  return Math.abs(got - want) / 2 ** Math.max(Math.floor(Math.log2(Math.abs(near))) - 23, -149)
}
const exact: Readonly<Record<string, (x: number) => number>> = {
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  erf: (x) => erf.eval("f64", x),
  erfInv: (x) => erfInv.eval("f64", x),
  sin: Math.sin,
  cos: Math.cos,
}
describe(`accuracy of programs (seed ${SEED})`, () => {
  for (const [name, f] of Object.entries(exact))
    it(`${name}: at most ${ULP[name]} ulp`, () => {
      const x = inputs()
      const y = run(name, x)
      let worst = 0
      let at = 0
      y.forEach((v, i) => {
        const e = ulps(v, f(x[i]!))
        if (!(e <= worst)) [worst, at] = [e, i]
      })
      expect(worst, `${name}(${x[at]}) = ${y[at]}, not ${f(x[at]!)}`).toBeLessThanOrEqual(ULP[name]!)
    })
  it("gelu, silu, elu: 2e-7 absolute, and relative beyond 1; infinities and NaN as their limits", () => {
    const x = inputs().map((v) => (Math.abs(v) > 1e30 ? Math.sign(v) * 1e30 : v))
    const composites: Readonly<Record<string, (x: number) => number>> = {
      gelu: (v) => (v < -30 ? 0 : v * 0.5 * (1 + erf.eval("f64", v * Math.SQRT1_2))),
      silu: (v) => (v < -750 ? 0 : v / (1 + Math.exp(-v))),
      elu: (v) => (v > 0 ? v : Math.expm1(v)),
    }
    for (const [name, f] of Object.entries(composites)) {
      const y = run(name, x)
      y.forEach((v, i) => {
        const want = f(x[i]!)
        if (Number.isNaN(want)) expect(v).toBeNaN()
        else if (!(Math.abs(v - want) <= 2e-7 * Math.max(1, Math.abs(want)))) expect(v, `${name}(${x[i]})`).toBe(want)
      })
    }
  })
  it("the table of the documentation is this one", () => {
    const page = readFileSync(new URL("../../../docs/backends.md", import.meta.url), "utf8")
    for (const [name, limit] of Object.entries(ULP)) expect(page).toContain(`| \`${name}\` | ${limit} |`)
  })
})
