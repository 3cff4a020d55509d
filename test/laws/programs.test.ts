// Laws about whole programs.
import { describe, expect, it } from "vitest"
import "../../src/transform/linear.ts"
import { evaluate, evaluator, interpretLowered } from "../../src/backends/reference/index.ts"
import { lower, noLimits } from "../../src/compiler/index.ts"
import { type AnyTensor, hostLeaf, type RawTensor, raw, trace } from "../../src/core/index.ts"
import { add } from "../../src/ops/add.ts"
import { exp } from "../../src/ops/exp.ts"
import { full } from "../../src/ops/full.ts"
import { mul } from "../../src/ops/mul.ts"
import { sum } from "../../src/ops/sum.ts"
import { batchOf, jvpOf, vjpOf } from "../../src/testing/programs.ts"
import { valueAndGradOf } from "../../src/transform/reverse.ts"

const plus = (a: AnyTensor, b: AnyTensor): RawTensor => raw(add(a as never, b as never))
const by = (a: AnyTensor, b: AnyTensor): RawTensor => raw(mul(a as never, b as never))
const e = (a: AnyTensor): RawTensor => raw(exp(a as never))
const total = (a: AnyTensor): RawTensor => raw(sum(a as never))
const grad = (f: (x: RawTensor) => AnyTensor, x: RawTensor): RawTensor =>
  valueAndGradOf("grad", f as never, {})(x)[1] as RawTensor
const vec = (...v: number[]): RawTensor => hostLeaf(Float32Array.from(v), [v.length])
const values = (t: AnyTensor): number[] => [...evaluate([t])[0]!]

describe("no perturbation confusion", () => {
  it("the argument is not the captured tensor that happens to equal it", () => {
    const z = hostLeaf(Float32Array.of(0.5), [])
    // d/dx x e^z at x = e^z is e^z, not 2 e^z
    expect(values(grad((x) => by(x, e(z)), e(z)))).toEqual(values(e(z)))
  })
  it("a captured constant is not the argument", () => {
    const ones = raw(full([3], 1))
    expect(values(grad((w) => total(by(w, raw(full([3], 1)))), ones))).toEqual([1, 1, 1])
  })
  it("the inner derivative does not see the outer variable", () => {
    const x = hostLeaf(Float32Array.of(3), [])
    // d/dx (x * d/dy (x + y)) = d/dx x = 1; confusing the two variables gives 2
    expect(
      values(
        grad(
          (a) =>
            by(
              a,
              grad((b) => plus(a, b), a),
            ),
          x,
        ),
      ),
    ).toEqual([1])
  })
})

describe("size", () => {
  const N = 100_000
  it("a chain of 100,000 nodes is built, run, differentiated both ways and batched", () => {
    const one = { shape: [2], dtype: "f32" } as const
    const p = trace(
      (x) => {
        let y = x
        for (let k = 0; k < N; k++) y = by(y, raw(full([2], k % 2 === 0 ? 2 : 0.5)))
        return [y]
      },
      [one],
    )
    const x = Float64Array.of(3, -4)
    expect([...evaluator(p)([x])[0]!]).toEqual([3, -4])
    expect([...evaluator(jvpOf(p))([x, Float64Array.of(1, 2)])[1]!]).toEqual([1, 2])
    expect([...evaluator(vjpOf(p))([x, Float64Array.of(5, 7)])[0]!]).toEqual([5, 7])
    expect([...evaluator(batchOf(p, [true], 2))([Float64Array.of(1, 2, 3, 4)])[0]!]).toEqual([1, 2, 3, 4])
  })
  it("2^60 paths through 60 nodes cost 60 steps, forward, backward and lowered", () => {
    const p = trace(
      (x) => {
        let y = x
        for (let k = 0; k < 60; k++) y = by(plus(y, y), raw(full([1], 0.5)))
        return [y]
      },
      [{ shape: [1], dtype: "f32" }],
    )
    const x = [Float64Array.of(0.75)]
    expect([...evaluator(p)(x)[0]!]).toEqual([0.75])
    expect([...evaluator(vjpOf(p))([...x, Float64Array.of(1)])[0]!]).toEqual([1])
    expect([...interpretLowered(lower(p, { limits: noLimits }), x)[0]!]).toEqual([0.75])
  })
  it("code written twice is computed once", () => {
    const p = trace((x) => [plus(by(e(x), e(x)), e(x))], [{ shape: [1], dtype: "f32" }])
    const nodes = new Set<unknown>()
    const walk = (t: RawTensor): void => {
      nodes.add(t.node)
      t.node.ins.forEach(walk)
    }
    p.outs.forEach(walk)
    expect(nodes.size).toBe(4)
    expect(values(plus(e(vec(0)), e(vec(0))))).toEqual([2])
  })
})
