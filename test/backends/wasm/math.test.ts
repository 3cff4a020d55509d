import { describe, expect, it } from "vitest"
import { Module } from "../../../src/backends/wasm/module.ts"
import { engine, instantiate } from "../../../src/backends/wasm/engine.ts"
import * as functions from "../../../src/backends/wasm/functions.ts"
import * as math from "../../../src/backends/wasm/math.ts"
import * as math64 from "../../../src/backends/wasm/math64.ts"
import { Strands, type Vec } from "../../../src/backends/wasm/strands.ts"
import { random } from "./random.ts"
import { erf } from "../../../src/scalar/erf.ts"

const SEED = 20261120
type Unary = (s: Strands, x: Vec) => Vec
type Binary = (s: Strands, x: Vec, y: Vec) => Vec
const N = 1 << 16
const memory = new engine!.Memory({ initial: 16 })
const floats = new Float32Array(memory.buffer)

/** z = f(x, y) over arrays of N at 0, 4N and 8N, two vectors per iteration. */
const compile = (f: Unary | Binary): (() => unknown) => {
  const module = new Module({ initial: 1 })
  const code = module.func([], "none", "run")
  const s = new Strands(code, 2)
  const p = code.local("i32")
  code.for(
    p,
    () => code.i32(0),
    () => code.i32(4 * N),
    32,
    () => {
      const load = (base: number): Vec => s.let((u) => code.load("v128.load", code.get(p), base + 16 * u))
      const z = f(s, load(0), load(4 * N))
      for (const u of [0, 1]) code.store("v128.store", code.get(p), code.get(z[u]!), 8 * N + 16 * u)
    },
  )
  return instantiate(module.bytes(), { memory })["run"]!
}
const bits = new DataView(new ArrayBuffer(4))
const ordinal = (x: number): number => {
  bits.setFloat32(0, x)
  const b = bits.getInt32(0)
  return b < 0 ? -(b & 0x7fffffff) : b
}
/** Distance of a float32 from a float64 in units in the last place of the float32 nearest to it. */
const ulps = (got: number, want: number): number => {
  const near = Math.fround(want)
  if (Object.is(got, near)) return 0
  if (Number.isNaN(got) || Number.isNaN(near)) return Number.isNaN(got) && Number.isNaN(near) ? 0 : Infinity
  if (got === 0 && near === 0) return Infinity // the wrong zero
  if (!Number.isFinite(got) || !Number.isFinite(near)) return Math.abs(ordinal(got) - ordinal(near))
  const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(near) || 2 ** -149)) - 23, -149)
  return Math.abs(got - want) / unit
}
const specials = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  3,
  -3,
  1e-45,
  -1e-45,
  1e-39,
  -1e-39,
  1.1754943508222875e-38,
  1e-20,
  -1e-20,
  1e-8,
  -1e-8,
  88.7,
  88.72284,
  89,
  -87.3,
  -87.4,
  -88,
  -100,
  -103.9,
  -104,
  -105,
  128,
  -150,
  1e10,
  16777216,
  16777217,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  Infinity,
  -Infinity,
  Number.NaN,
].map(Math.fround) // prettier-ignore

interface Case {
  readonly name: string
  readonly f: Unary
  readonly reference: (x: number) => number
  /** Random arguments: uniform in each interval, and 10^u with both signs. */
  readonly ranges: readonly (readonly [number, number])[]
  readonly decades?: readonly [number, number]
  /** Results below this magnitude may be flushed to 0. */
  readonly flush?: number
  /** Specials that do not apply. */
  readonly skip?: (x: number) => boolean
}
const cases: readonly Case[] = [
  {
    name: "exp",
    f: math.exp,
    reference: Math.exp,
    ranges: [
      [-104, 89],
      [-1, 1],
    ],
    decades: [-30, 2],
  },
  {
    name: "expm1",
    f: math.expm1,
    reference: Math.expm1,
    ranges: [
      [-20, 89],
      [-1, 1],
      [-0.4, 0.4],
    ],
    decades: [-45, 2],
  },
  {
    name: "log",
    f: math.log,
    reference: Math.log,
    ranges: [
      [0.5, 2],
      [0, 100],
    ],
    decades: [-45, 38],
  },
  {
    name: "log1p",
    f: math.log1p,
    reference: Math.log1p,
    ranges: [
      [-1, 1],
      [-0.1, 0.1],
      [0, 100],
    ],
    decades: [-44, 38],
  },
  {
    name: "sigmoid",
    f: math.sigmoid,
    reference: (x) => 1 / (1 + Math.exp(-x)),
    ranges: [
      [-105, 20],
      [-2, 2],
    ],
    decades: [-30, 2],
  },
  {
    name: "tanh",
    f: math.tanh,
    reference: Math.tanh,
    ranges: [
      [-10, 10],
      [-1, 1],
    ],
    decades: [-44, 3],
  },
  {
    name: "softplus",
    f: math.softplus,
    reference: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    ranges: [
      [-100, 100],
      [-3, 3],
    ],
    decades: [-30, 2],
  },
  {
    name: "erf",
    f: functions.erf,
    reference: (x) => erf.eval("f64", x),
    ranges: [
      [-4.5, 4.5],
      [-1, 1],
    ],
    decades: [-30, 2],
  },
  {
    name: "sin",
    f: functions.sin,
    reference: Math.sin,
    ranges: [
      [-7, 7],
      [-1e5, 1e5],
      [-4e6, 4e6],
      [-4e9, 4e9],
    ],
    decades: [-44, 38.5],
  },
  {
    name: "cos",
    f: functions.cos,
    reference: Math.cos,
    ranges: [
      [-7, 7],
      [-1e5, 1e5],
      [-4e6, 4e6],
      [-4e9, 4e9],
    ],
    decades: [-44, 38.5],
  },
  { name: "sign", f: math.sign, reference: Math.sign, ranges: [[-2, 2]], decades: [-45, 38] },
]
describe(`vector functions (seed ${SEED})`, () => {
  for (const c of cases)
    it(`${c.name}: at most ${math.ULP[c.name] ?? 0} ulp`, () => {
      const next = random(SEED)
      const xs = floats.subarray(0, N)
      for (let i = 0; i < N; i++) {
        const [lo, hi] = c.ranges[i % c.ranges.length]!
        xs[i] =
          c.decades && i % 5 === 0
            ? (next() < 0.5 ? -1 : 1) * 10 ** (c.decades[0] + next() * (c.decades[1] - c.decades[0]))
            : lo + next() * (hi - lo)
      }
      specials.filter((x) => !c.skip?.(x) || !Number.isFinite(x)).forEach((x, i) => (xs[i] = x))
      const inputs = xs.slice()
      compile(c.f)()
      let worst = 0
      let at = 0
      for (let i = 0; i < N; i++) {
        const want = c.reference(inputs[i]!)
        const got = floats[2 * N + i]!
        if (c.flush !== undefined && Math.abs(want) < c.flush && Math.abs(got) < c.flush) continue
        const e = ulps(got, want)
        if (!(e <= worst)) [worst, at] = [e, i]
      }
      console.log(`${c.name}: ${worst.toFixed(3)} ulp at ${inputs[at]}: ${floats[2 * N + at]}, not ${c.reference(inputs[at]!)}`)
      expect(worst).toBeLessThanOrEqual(math.ULP[c.name] ?? 0)
    })

  it("float64: exp and log within 1 ulp of the host's, tanh within 3, special cases as ECMAScript", () => {
    const doubles = new Float64Array(memory.buffer)
    const words = new DataView(new ArrayBuffer(8))
    const next = random(SEED + 3)
    const specials = [
      0,
      -0,
      1,
      -1,
      5e-324,
      -5e-324,
      2.2e-308,
      709.7,
      709.8,
      -708,
      -745.1,
      -746,
      -1000,
      1e300,
      Infinity,
      -Infinity,
      NaN,
    ]
    for (const [name, f, reference, reach, limit] of [
      ["exp", math64.exp, Math.exp, 745, 1],
      ["log", math64.log, Math.log, 1e3, 1],
      ["tanh", math64.tanh, Math.tanh, 20, 3],
    ] as const) {
      for (let i = 0; i < N / 2; i++)
        doubles[i] =
          i % 3 === 0
            ? (next() * 2 - 1) * reach
            : (next() < 0.5 ? -1 : 1) * 10 ** (i % 3 === 1 ? next() * 20 - 17 : next() * 600 - 300)
      specials.forEach((x, i) => (doubles[i] = x))
      const xs = doubles.slice(0, N / 2)
      compile(f)()
      let worst = 0
      let at = 0
      for (let i = 0; i < N / 2; i++) {
        const [got, want] = [doubles[N + i]!, reference(xs[i]!)]
        if (Object.is(got, want)) continue
        words.setFloat64(0, Math.abs(want))
        const unit = 2 ** Math.max((words.getUint16(0) >> 4) - 1075, -1074)
        const e = Math.abs(got - want) / unit
        if (!(e <= worst)) [worst, at] = [e, i]
      }
      console.log(`float64 ${name}: ${worst.toFixed(2)} ulp at ${xs[at]}: ${doubles[N + at]}, not ${reference(xs[at]!)}`)
      expect(worst).toBeLessThanOrEqual(limit)
    }
  })

  it("pow: at most 0.51 ulp, special cases as IEEE 754", () => {
    const next = random(SEED + 2)
    const xs = new Float32Array(N)
    const ys = new Float32Array(N)
    for (let i = 0; i < N; i++) {
      xs[i] = (next() < 0.3 ? -1 : 1) * 10 ** (next() * (i % 3 ? 4 : 76) - (i % 3 ? 2 : 38))
      ys[i] = xs[i]! < 0 ? Math.round(next() * 20 - 10) : (next() * 2 - 1) * 10 ** (next() * (i % 3 ? 2 : 4) - (i % 3 ? 1 : 3))
    }
    let i = 0
    for (const x of specials) for (const y of specials) [xs[i], ys[i++]] = [x, y]
    floats.set(xs)
    floats.set(ys, N)
    compile(functions.pow)()
    const reference = (x: number, y: number): number => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y)
    let worst = 0
    for (i = 0; i < N; i++) {
      const e = ulps(floats[2 * N + i]!, reference(xs[i]!, ys[i]!))
      if (e > 0.51) console.log(`pow(${xs[i]}, ${ys[i]}) = ${floats[2 * N + i]}, not ${reference(xs[i]!, ys[i]!)}`)
      worst = Math.max(worst, e)
    }
    console.log(`pow: ${worst.toFixed(3)} ulp`)
    expect(worst).toBeLessThanOrEqual(0.51)
  })
})
