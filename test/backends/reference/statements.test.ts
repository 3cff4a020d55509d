// The interpreter of statements: what the lowering means, and that a wrong plan is noticed.
import { describe, expect, it } from "vitest"
import { evaluator, interpretLowered } from "../../../src/backends/reference/index.ts"
import { lower, noLimits } from "../../../src/compiler/index.ts"
import type { Lowered } from "../../../src/compiler/lowered.ts"
import { type Aval, type Program, type RawTensor, trace } from "../../../src/core/index.ts"
import { add, exp, loop, mul, padBy, scatter, sumRows } from "./ops.ts"

const v = (n: number, shape: readonly number[] = [n]): Aval => ({ shape, dtype: "f64" })
const programs: Record<string, readonly [Program, readonly Float64Array[]]> = {
  rows: [
    trace(
      (x) => {
        const s = sumRows(exp(x))
        return [mul(s, s), sumRows(mul(exp(x), x))]
      },
      [v(6, [2, 3])],
    ),
    [Float64Array.of(1, 2, 3, 4, 5, 6)],
  ],
  scatter: [
    trace((j, u) => [mul(scatter(j, u, 4), scatter(j, u, 4))], [{ shape: [3], dtype: "i32" }, v(3)]),
    [Float64Array.of(1, 3, 1), Float64Array.of(1, 2, 3)],
  ],
  loop: [
    trace(
      (c, xs) => loop((a: RawTensor, x: RawTensor) => [add(mul(a, x), x), exp(mul(a, a))], exp(c), padded(xs), true),
      [v(2), v(8, [4, 2])],
    ),
    [Float64Array.of(0.5, -1), Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8).map((x) => x / 8)],
  ],
}
function padded(x: RawTensor): RawTensor {
  return mul(x, x)
}

describe.each(Object.keys(programs))("%s", (name) => {
  const [p, ins] = programs[name]!
  const want = evaluator(p)(ins)
  it.each([
    ["separate", "forward"],
    ["separate", "backward"],
    ["planned", "forward"],
    ["planned", "backward"],
  ] as const)("statements = graph (%s memory, %s)", (memory, order) => {
    for (const fuse of [true, false]) {
      const got = interpretLowered(lower(p, { limits: noLimits, fuse }), ins, { memory, order })
      want.forEach((w, k) => {
        expect([...got[k]!].map((x) => x.toPrecision(14))).toEqual([...w].map((x) => x.toPrecision(14)))
      })
    }
  })
})

describe("wrong plans are errors", () => {
  const p = trace(
    (x) => {
      const y = exp(x)
      const s = sumRows(y)
      return [add(s, s), mul(padBy(s, 0), sumRows(mul(y, y)))]
    },
    [v(6, [2, 3])],
  )
  const ins = [Float64Array.of(1, 2, 3, 4, 5, 6)]
  const plain = (): Lowered => lower(p, { limits: noLimits, roots: () => true, fuse: false })
  it("two live temporaries in one place", () => {
    const good = plain()
    expect(good.temps.length).toBeGreaterThan(1)
    const bad = { ...good, temps: good.temps.map((t) => ({ ...t, offset: 0 })) }
    interpretLowered(bad, ins)
    expect(() => interpretLowered(bad, ins, { memory: "planned" })).toThrow(/has overwritten it/)
  })
  it("a temporary beyond the arena", () => {
    const good = plain()
    expect(() => interpretLowered({ ...good, arena: 8 }, ins)).toThrow(/leaves the arena of 8 bytes/)
  })
  it("a read before the write", () => {
    const good = plain()
    expect(() => interpretLowered({ ...good, stmts: [...good.stmts].reverse() }, ins)).toThrow(/nothing was written there/)
  })
  it("an output that overwrites a donated argument too early", () => {
    const q = trace(
      (x) => {
        const y = mul(x, x)
        return [y, add(y, x)]
      },
      [v(2)],
    )
    const good = lower(q, { limits: noLimits, donated: [true], fuse: false })
    const x = [Float64Array.of(3, 4)]
    expect(interpretLowered(good, x, { memory: "planned" }).map((r) => [...r])).toEqual([
      [9, 16],
      [12, 20],
    ])
    const first = good.stmts.findIndex((s) => s.k === "kernel" && s.out === good.outs[0])
    const stmts = [good.stmts[first]!, ...good.stmts.filter((_, k) => k !== first)]
    expect(() => interpretLowered({ ...good, stmts, alias: [0, undefined] }, x, { memory: "planned" })).toThrow(
      /has overwritten it/,
    )
  })
})
