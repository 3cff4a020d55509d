// Random programs of all ops, their derivatives and batches, on one thread and on two, against the reference.
//   ADJOINT_STRESS=10000        so many of them (10000: all)
//   ADJOINT_FROM=4000           from another one on
//   ADJOINT_RECIPE='{...}'      one program, as a failure prints it
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Backend } from "../../src/backends/backend.ts"
import { wasm, wasmThreads } from "../../src/backends/wasm/index.ts"
import { subjects } from "../laws/_harness.ts"
import { withRooms } from "../backends/wasm/_rooms.ts"
import { check, shrunk } from "./_check.ts"
import { build, type Recipe, recipeOf } from "./_random.ts"

const SEED = 20_261_121
const COUNT = Number(process.env["ADJOINT_STRESS"] ?? 2000)
const FROM = Number(process.env["ADJOINT_FROM"] ?? 0)
const given = process.env["ADJOINT_RECIPE"]
/** A program that touches a discontinuity: rounding decides about it. More of them would say that the comparison says nothing. */
const TOUCHY = 0.01

describe(`random programs (${COUNT} from ${SEED + FROM})`, () => {
  let one: Backend
  let two: Backend
  beforeAll(async () => {
    one = await withRooms(wasm())
    two = await withRooms(wasmThreads(2, { least: 0, always: true }))
  })
  afterAll(async () => {
    await one.close()
    await two.close()
  })
  const report = (r: Recipe): string => {
    const fails = (x: Recipe): boolean => (check(x, one, two)?.said ?? "") !== ""
    const s = shrunk(r, fails)
    const lines = build(s)?.lines.map((l) => `  ${l}`) ?? []
    const about = `${s.variant}${s.wide ? " in f64" : ""} of`
    return `${about}\n${lines.join("\n")}\n${check(s, one, two)?.said}\nrepeat with: ADJOINT_RECIPE='${JSON.stringify(s)}' npx vitest run test/stress`
  }
  it("are what the reference says, with the same bits on two threads", async () => {
    if (given) {
      const r = JSON.parse(given) as Recipe
      expect(check(r, one, two)?.said, report(r)).toBe("")
      return
    }
    const seen = new Set<string>()
    const failed: Recipe[] = []
    let [ran, touchy] = [0, 0]
    for (let k = FROM; k < FROM + COUNT; k++) {
      const r = recipeOf(SEED + k)
      const c = check(r, one, two)
      if (!c) continue
      ran++
      for (const op of c.ops) seen.add(op)
      if (c.touchy) touchy++
      if (c.said) failed.push(r)
      if (failed.length >= 10) break
      // workers get their programs between two of ours
      if (k % 10 === 0) await new Promise((done) => setTimeout(done, 0))
    }
    expect(failed.map(report).join("\n\n"), `${failed.length} of ${ran} programs differ`).toBe("")
    if (COUNT < 2 * subjects.length) return
    expect(subjects.filter((s) => s.examples && !seen.has(s.name)).map((s) => s.name)).toEqual([])
    expect(ran).toBeGreaterThan(0.9 * COUNT)
    expect(touchy).toBeLessThanOrEqual(Math.ceil(TOUCHY * ran))
    expect(one.live()).toEqual({ buffers: 0, bytes: 0 })
    expect(two.live()).toEqual({ buffers: 0, bytes: 0 })
  }, 3_600_000)
})
