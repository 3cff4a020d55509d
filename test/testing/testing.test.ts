// What is exported for tests of one's own.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/backends/reference/index.ts"
import {
  defineOp,
  hostLeaf,
  isTensor,
  make,
  mapOp,
  type OpDef,
  type RawTensor,
  raw,
  shapeClasses,
  size,
  storageOf,
} from "../../src/core/index.ts"
import { add } from "../../src/ops/add.ts"
import { calls as matmulCalls, matmul } from "../../src/ops/matmul.ts"
import { mul } from "../../src/ops/mul.ts"
import { sum } from "../../src/ops/sum.ts"
import { tanh } from "../../src/ops/tanh.ts"
import { exp as expScalar } from "../../src/scalar/exp.ts"
import {
  allClose,
  arbitraryArgs,
  arbitraryShape,
  arbitraryTensor,
  checkGradients,
  gen,
  GradientMismatch,
  ulpDistance,
} from "../../src/testing/index.ts"

const SEED = 20_261_120
const f64 = (v: readonly number[], shape: readonly number[] = [v.length]): RawTensor =>
  hostLeaf(Float64Array.from(v), shape, "f64")
const host = (t: RawTensor): number[] => [...storageOf(t)!.host!]
const times = (a: unknown, b: unknown): RawTensor => raw(mul(a as never, b as never))

describe("gen", () => {
  it("gives the same draws for the same seed, others for another", () => {
    const draw = (seed: number): unknown[] => {
      const g = gen(seed, "odd")
      return [g.int(0, 1000), g.bool(), g.shape(1, 4), host(g.tensor([5])), g.broadcasting(2)]
    }
    expect(draw(3)).toEqual(draw(3))
    expect(draw(3)).not.toEqual(draw(4))
  })
  it("draws distinct floats, away from 0, in range, and exact in f32", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const g = gen(seed)
      const [lo, hi] = g.pick([
        [-1, 1],
        [0.5, 2],
        [-3, 3],
        [0, 1],
        [-100, 100],
      ] as const)
      const [a, b] = [host(g.tensor([40], "f32", { lo, hi })), host(g.tensor([40], "f32", { lo, hi }))]
      const all = [...a, ...b].sort((x, y) => x - y)
      for (const v of all) {
        expect(v).toBeGreaterThanOrEqual(lo)
        expect(v).toBeLessThanOrEqual(hi)
        expect(Math.abs(v)).toBeGreaterThan(0.01 * Math.min(1, hi - lo))
        expect(Math.fround(v)).toBe(v)
      }
      // two tensors of one draw share no value either: steps of 4e-4 of finite differences cross nothing
      const gaps = all.slice(1).map((v, k) => v - all[k]!)
      expect(Math.min(...gaps)).toBeGreaterThan(4e-4 * Math.min(1, (hi - lo) / 2))
    }
  })
  it("keeps off the integers when asked", () => {
    for (let seed = 1; seed <= 100; seed++)
      for (const v of host(gen(seed).tensor([30], "f32", { lo: -5, hi: 5, offInteger: 0.1 })))
        expect(Math.abs(v - Math.round(v))).toBeGreaterThan(0.09)
  })
  it("draws integers from both ends of the range, bools from both values", () => {
    const g = gen(5)
    expect([...new Set(host(g.tensor([200], "i32", { lo: -2, hi: 3 })))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3])
    expect([...new Set(host(g.tensor([200], "i32")))].sort()).toEqual([0, 1, 2, 3, 4])
    expect([...new Set(host(g.tensor([50], "bool")))].sort()).toEqual([0, 1])
  })
  it("respects ranks and least dims in every class, and has the class's character", () => {
    for (const shapes of shapeClasses)
      for (let seed = 1; seed <= 50; seed++) {
        const s = gen(seed, shapes).shape(1, 3, 2)
        expect(s.length >= 1 && s.length <= 3 && s.every((n) => n >= 2)).toBe(true)
      }
    expect(gen(1, "scalar").shape(0, 3)).toEqual([])
    expect(gen(1, "empty").shape(2, 2)).toContain(0)
    expect(Math.max(...gen(1, "long").shape(2, 2))).toBeGreaterThan(16)
    expect(size(gen(1, "large").shape(2, 2))).toBeGreaterThan(1000)
    expect(new Set(gen(1, "cube").shape(3, 3)).size).toBe(1)
  })
  it("draws shapes that broadcast together", () => {
    for (const shapes of shapeClasses)
      for (let seed = 1; seed <= 50; seed++) {
        const g = gen(seed, shapes)
        const [a, b, c] = g.broadcasting(3) as [number[], number[], number[]]
        expect(() => add(add(g.tensor(a) as never, g.tensor(b) as never) as never, g.tensor(c) as never)).not.toThrow()
      }
  })
})

describe("checkGradients", () => {
  const g = gen(11)
  it("accepts right derivatives, through trees of arguments and results", () => {
    checkGradients((x: RawTensor, w: RawTensor) => tanh(matmul(x, w) as never), [g.tensor([2, 3]), g.tensor([3, 2])])
    checkGradients(
      (p: { a: RawTensor; b: RawTensor[] }) => [times(p.a, p.b[0]), { s: sum(p.a as never) }],
      [{ a: g.tensor([3]), b: [g.tensor([3])] }],
    )
  })
  it("names argument and element of a wrong one", () => {
    // exp whose rule says that its derivative is 2 exp
    const wrong: OpDef<null> = mapOp(expScalar, {
      name: "wrongExp",
      jvp: ({ tans: [t], out }) => (t ? times(times(t, out), 2) : null),
    })
    const f = (x: { w: RawTensor }): RawTensor => make(wrong, [x.w], null)
    let error: unknown
    try {
      checkGradients(f, [{ w: f64([0.5, 1], [1, 2]) }])
    } catch (e) {
      error = e
    }
    expect(error).toBeInstanceOf(GradientMismatch)
    expect(error).toMatchObject({ _tag: "GradientMismatch", rule: "jvp", argument: "0/w", element: [0, 0] })
    expect((error as GradientMismatch).expected).toBeCloseTo(Math.exp(0.5), 8)
    expect((error as GradientMismatch).got).toBeCloseTo(2 * Math.exp(0.5), 8)
  })
  it("finds a transpose that contradicts its op", () => {
    const id: OpDef<null> = defineOp<null>({
      name: "lopsided",
      shape: ([x]) => x!,
      body: ([x], { i }) => x!(i),
      jvp: ({ tans: [t] }) => (t ? make(id, [t], null) : null),
      transpose: ({ ct }) => [times(ct, 3)],
      batch: ({ ins }) => make(id, ins, null),
    })
    expect(() => checkGradients((x: RawTensor) => make(id, [x], null), [f64([1, 2])])).toThrow(
      /argument 0, element \[0\]: vjp gives/,
    )
  })
  it("refuses to check nothing", () => {
    expect(() => checkGradients((x: RawTensor) => x, [hostLeaf(Int32Array.of(1), [1])])).toThrow(
      "checkGradients: no floating-point argument",
    )
  })
  it("agrees with its own step: halving it changes nothing", () => {
    for (const step of [1e-3, 1e-4, 1e-5])
      checkGradients((x: RawTensor) => tanh(x as never), [g.tensor([4])], { step, tolerance: 1e-7 })
  })
})

describe("comparisons", () => {
  it("allClose", () => {
    expect(allClose([1, NaN, Infinity], [1 + 1e-9, NaN, Infinity])).toBe(true)
    expect(allClose([1], [1.1])).toBe(false)
    expect(allClose([1], [1, 2])).toBe(false)
    expect(allClose([Infinity], [-Infinity])).toBe(false)
    expect(allClose([Infinity], [1])).toBe(false)
    expect(allClose([NaN], [0])).toBe(false)
    expect(allClose(add(f64([1]) as never, f64([2]) as never), [3])).toBe(true)
  })
  it("ulpDistance counts representable numbers, through zero", () => {
    expect(ulpDistance(1, 1 + 2 ** -23)).toBe(1)
    expect(ulpDistance(1, 1 - 2 ** -24)).toBe(1)
    expect(ulpDistance(0, -0)).toBe(0)
    expect(ulpDistance(2 ** -149, -(2 ** -149))).toBe(2)
    expect(ulpDistance(1, 2)).toBe(2 ** 23)
    expect(ulpDistance(1, 1 + 2 ** -52, "f64")).toBe(1)
    expect(ulpDistance(-1, 1, "f64")).toBe(ulpDistance(0, 1, "f64") * 2)
    expect(ulpDistance(NaN, NaN)).toBe(0)
    expect(ulpDistance(NaN, 1)).toBe(Infinity)
  })
})

describe("arbitraries", () => {
  it("of shapes stay in their limits and shrink to []", () => {
    fc.assert(
      fc.property(
        arbitraryShape({ minRank: 1, maxRank: 3, minDim: 1, maxDim: 4 }),
        (s) => s.length >= 1 && s.length <= 3 && s.every((n) => n >= 1 && n <= 4),
      ),
      { seed: SEED },
    )
    const found = fc.check(
      fc.property(arbitraryShape(), (s) => s.length < 2),
      { seed: SEED, numRuns: 200 },
    )
    expect(found.counterexample).toEqual([[0, 0]])
  })
  it("of tensors make sums exact: addition is associative to the last bit", () => {
    const t = arbitraryTensor([2, 3])
    fc.assert(
      fc.property(t, t, t, (a, b, c) => {
        const [l, r] = evaluate([
          add(add(a as never, b as never) as never, c as never),
          add(a as never, add(b as never, c as never) as never),
        ])
        return allClose(l!, r!, { rtol: 0, atol: 0 })
      }),
      { seed: SEED },
    )
  })
  it("of an op's arguments are valid", () => {
    fc.assert(
      fc.property(arbitraryArgs(matmulCalls()), ([a, b]) => isTensor(matmul(a as never, b as never))),
      { seed: SEED },
    )
  })
})
