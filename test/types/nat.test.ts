// Arithmetic in types against BigInt, compiled once. The other compilers of the matrix: matrix.test.ts.
import { expect, it } from "vitest"
import { counts, right, seed, wrong } from "./natCases.ts"
import { compileSource } from "./scratch.ts"

it("has cases of every operation", () => {
  expect([...counts.values()].reduce((a, b) => a + b)).toBeGreaterThanOrEqual(2_200)
  for (const name of ["Add", "Sub", "Mul", "FloorDiv", "CeilDiv", "Mod", "Compare", "Min", "Max"])
    expect(counts.get(name), name).toBeGreaterThanOrEqual(100)
})
it("agrees with BigInt", () => {
  const report = compileSource(right)
  const failing = [...report.matchAll(/source.ts.(\d+),/g)].map((m) => right.split("\n")[Number(m[1]) - 1])
  expect(failing, `seed ${seed}`).toEqual([])
  expect(report).toBe("")
  // The check can fail: the same file with one wrong value does.
  expect(compileSource(wrong)).toContain("Type 'true' is not assignable to type 'false'")
})
