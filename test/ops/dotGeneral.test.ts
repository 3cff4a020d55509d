// dotGeneral against a plain loop: its pairs of axes written as labels.
import { describe, expect, it } from "vitest"
import { type RawTensor, shapeClasses, upto } from "../../src/core/index.ts"
import { calls, type DotGeneralOptions, dotGeneral } from "../../src/ops/dotGeneral.ts"
import { tensordot } from "../../src/ops/tensordot.ts"
import { gen } from "../../src/testing/gen.ts"
import { plain } from "./_einsum.ts"
import { errorOf, tensorOf, valuesOf } from "./_helpers.ts"

type Pairs = readonly [readonly number[], readonly number[]]
const labels = ([a, b]: readonly [RawTensor, RawTensor], batch: Pairs, contract: Pairs): string => {
  const left = upto(a.shape.length).map((k) => "abcd"[k]!)
  const right = upto(b.shape.length).map((k) => "wxyz"[k]!)
  for (const [p, q] of [batch, contract]) p.forEach((k, j) => right.splice(q[j]!, 1, left.at(k)!))
  // splice counts negative places from the end, as axes are counted
  const shared = batch[0].map((k) => left.at(k)!)
  const free = [...left, ...right].filter((c) => left.includes(c) !== right.includes(c))
  return `${left.join("")},${right.join("")}->${[...shared, ...free].join("")}`
}

describe("dotGeneral", () => {
  it("is a plain loop over pairs of axes", () => {
    let paired = 0
    for (let seed = 1; seed <= 150; seed++) {
      const [a, b, o] = calls().examples(gen(seed, shapeClasses[seed % shapeClasses.length]!)) as [
        RawTensor,
        RawTensor,
        DotGeneralOptions,
      ]
      const { batch = [[], []], contract = [[], []] } = o
      const wanted = plain(labels([a, b], batch, contract), [a, b])
      const got = dotGeneral(a, b, o)
      expect(got.shape, `seed ${seed}`).toEqual(wanted.shape)
      expect(errorOf(valuesOf(got), wanted.values), `seed ${seed}`).toBeLessThanOrEqual(1e-12)
      paired += batch[0].length * contract[0].length
    }
    expect(paired).toBeGreaterThan(50)
  })
  it("refuses what only plain JavaScript can pass", () => {
    const [f, g] = [dotGeneral, tensordot] as unknown as ((...args: readonly unknown[]) => unknown)[]
    const [a, b] = [tensorOf([1, 2]), tensorOf([3, 4])]
    expect(() => f!(a, b, { contract: [0, 0] })).toThrow(/^dotGeneral: contract is \[0, 0\]; give two lists of axes/)
    expect(() => f!(a, b, { batch: 0 })).toThrow(/^dotGeneral: batch is 0; give two lists of axes/)
    expect(() => g!(a, b, "0")).toThrow(/^tensordot: axes is "0"; give two lists of axes/)
  })
  it("without pairs is the outer product", () => {
    expect(valuesOf(dotGeneral(tensorOf([1, 2]), tensorOf([3, 4, 5]), {}))).toEqual([3, 4, 5, 6, 8, 10])
  })
})
