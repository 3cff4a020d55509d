// How many programs the fixtures hold: refusals that differ in more than sizes and names, and right programs whose result type is exact.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { expectationsOf } from "./check.ts"

const folder = join(import.meta.dirname, "fixtures")
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".fx.ts"))
const sources = files.map((name) => ({ name, source: readFileSync(join(folder, name), "utf8") }))

/** The sentence without the sizes, shapes, names and patterns that it is about: op and reason. The path to a layer is no reason. */
const reasonOf = (sentence: string): string =>
  sentence
    .replace(/^(?:[\w.]+(?:\[\d+\])? > )+/, "")
    .replaceAll(/'[^']*'/g, "''")
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, "[]")
    .replaceAll(/-?\d+(?:\.\d+)?/g, "#")
    .replaceAll(/(?<=: )\S+ is (?=(?:not |# |in |on )|[^\s;]+(?:;|$))/g, "# is ")
    .replaceAll(/(?<= is (?:not )?)[^\s;]+(?=;|$)/g, "#")

it("at least 240 different refusals, and as many right programs", () => {
  const refusals = sources.flatMap(({ name, source }) => expectationsOf(name, source))
  const reasons = new Set(refusals.map((e) => reasonOf(e.sentence)))
  const right = new Set(sources.flatMap(({ source }) => [...source.matchAll(/\bis<[\s\S]*?>\(\)\(.*/g)].map((m) => m[0])))
  console.log(
    `fixtures: ${files.length} files, ${refusals.length} wrong programs with ${reasons.size} different reasons, ${right.size} right ones`,
  )
  expect(reasons.size).toBeGreaterThanOrEqual(240)
  expect(right.size).toBeGreaterThanOrEqual(240)
})
it("sizes and names make no difference", () => {
  const same = (a: string, b: string): void => expect(reasonOf(a)).toBe(reasonOf(b))
  same(
    "matmul: inner dimensions differ: [2, 3] x [4, 5]: 3 is not 4; transpose one of them, or make them equal",
    "matmul: inner dimensions differ: [t, d] x [s, d]: d is not s; transpose one of them, or make them equal",
  )
  same("residual > sequential[1] > dense: needs [..., n], got []", "dense: needs [..., n], got [3]")
  same(
    "sum: axis 3 is outside [2, 3], which has rank 2; count axes from 0, or from the end with -1",
    "sum: axis -3 is outside [2], which has rank 1; count axes from 0, or from the end with -1",
  )
  expect(reasonOf("add: dtypes differ: f32 and i32; cast one of them first")).not.toBe(
    reasonOf("sub: dtypes differ: f32 and i32; cast one of them first"),
  )
})
