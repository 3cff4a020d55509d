// Pools in types against pools at run time, over sizes that are numbers, names and expressions: one generated file, compiled once.
import { expect, it } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { poolShape } from "../../src/ops/_pool.ts"
import { type Random, random } from "./random.ts"
import { compileSource } from "./scratch.ts"

const seed = 4_112
const pick = <T>(r: Random, from: readonly T[]): T => from[r.upto(from.length)]!
const size = (r: Random): number | string => {
  if (r.upto(2) === 0) return r.between(0, 40)
  const times = r.between(1, 4)
  const more = pick(r, [0, 0, 1, 2])
  return `${times === 1 ? "" : `${times}*`}b${more === 0 ? "" : `+${more}`}`
}
/** The type that the rule gives, by the run time: a size that is not known is `number`, a refusal is its sentence. */
const byRunTime = (n: number | string, k: number, options: object): string => {
  try {
    const [out] = poolShape("maxPool1d", 1, [n, 1], k, options)
    return out === "?" ? "[number, 1]" : `[${JSON.stringify(out)}, 1]`
  } catch (e) {
    if (e instanceof ShapeError) return JSON.stringify(e.message)
    throw e
  }
}

it("give the same size, name, expression or sentence", () => {
  const r = random(seed)
  const kinds = { sizes: 0, expressions: 0, sentences: 0 }
  const cases = Array.from({ length: 300 }, () => {
    const [n, k] = [size(r), pick(r, [1, 2, 2, 3, 3, 4, 5, 0])]
    const options = {
      stride: pick(r, [1, 1, 2, 2, 3, 4, 5, 0]),
      padding: pick(r, ["valid", "same", 1, 2, [0, 1], [1, 0], 0.5] as const),
      ceilMode: r.upto(2) === 0,
    }
    const want = byRunTime(n, k, options)
    kinds[want.startsWith("[") ? (/\d+\*b|b[+-]|"b"/.test(want) ? "expressions" : "sizes") : "sentences"]++
    return `Same<Pool<"maxPool1d", 1, [${JSON.stringify(n)}, 1], ${k}, ${JSON.stringify(options)}>, ${want}>`
  })
  const source = `import type { Pool } from "../../../typelevel/pool.ts"
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
${cases.map((c, k) => `export const t${k}: ${c} = true`).join("\n")}`
  const failing = [...compileSource(source).matchAll(/source.ts.(\d+),/g)].map((m) => source.split("\n")[Number(m[1]) - 1])
  expect(failing, `seed ${seed}`).toEqual([])
  expect(Math.min(...Object.values(kinds)), JSON.stringify(kinds)).toBeGreaterThan(30)
})
