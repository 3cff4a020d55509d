// The normal form of expressions over names: what the compiler computes is what the run-time twin computes, letter by letter, and both sides
// have the same value whatever the names stand for. Equality does not depend on how an expression is written.
import { describe, expect, it } from "vitest"
import * as dims from "../../src/core/dims.ts"
import { unbound, unify } from "../../src/core/unify.ts"
import type { Dim } from "../../typelevel/dim.ts"
import { random } from "./random.ts"
import { compileSource } from "./scratch.ts"

const seed = 4_417
const CASES = 400
const r = random(seed)
const pick = <T>(from: readonly T[]): T => from[r.upto(from.length)]!
const declared = dims.times("h", "(d/h)")
const twelfth = dims.times(12, "(e/12)")
const atoms: readonly Dim[] = ["a", "b", "t", "time", "h", "t-1", "time-h", declared, twelfth, 1, 2, 3, 12]

type Names = Record<string, number>
/** Sizes for the names: d is a multiple of h, e of 12. */
const sizes = (): Names => {
  const h = r.between(1, 9)
  return {
    a: r.between(20, 99),
    b: r.between(20, 99),
    t: r.between(20, 99),
    time: r.between(20, 99),
    h,
    d: h * r.between(1, 9),
    e: 12 * r.between(1, 9),
  }
}
const valueOf = (d: Dim, names: Names): number | undefined => {
  const v = typeof d === "number" ? d : dims.evaluate(d, names)
  return typeof v === "number" ? v : undefined
}
/** A dimension of a few atoms, none of them negative. */
const draw = (): Dim => {
  let d = pick(atoms)
  for (let k = r.upto(3); k > 0; k--) d = r.upto(3) === 0 ? dims.times(d, pick(atoms)) : dims.plus(d, pick(atoms))
  return d
}
interface Case {
  readonly type: string
  readonly result: Dim | undefined
}
const text = (d: Dim): string => JSON.stringify(d)
const OPS = {
  Plus: [dims.plus, (x: number, y: number) => x + y],
  Times: [dims.times, (x: number, y: number) => x * y],
  Minus: [dims.minus, (x: number, y: number) => x - y],
  Over: [dims.over, (x: number, y: number) => x / y],
} as const

describe("arithmetic", () => {
  const cases: Case[] = []
  it(`has the value of its operands, whatever the names are (seed ${seed})`, () => {
    for (let k = 0; k < CASES; k++) {
      const name = pick(["Plus", "Times", "Minus", "Over"] as const)
      const b = draw()
      // half of the quotients and differences are whole, by construction
      const whole = r.upto(2) === 0
      const a = name === "Over" && whole ? dims.times(draw(), b) : name === "Minus" && whole ? dims.plus(draw(), b) : draw()
      const result = OPS[name][0](a, b)
      const type = `${name}<${text(a)}, ${text(b)}>`
      cases.push({ type, result })
      if (result === undefined) expect(name, type).toBe("Over") // not known to be a multiple
      for (let j = 0; j < 5 && result !== undefined; j++) {
        const names = sizes()
        const wanted = OPS[name][1](valueOf(a, names)!, valueOf(b, names)!)
        if (wanted >= 0) expect(valueOf(result, names), `${type} for ${JSON.stringify(names)}`).toBe(wanted)
      }
    }
  })
  it("is the same in types", () => {
    const never = (c: Case): boolean => c.result === undefined || (typeof c.result === "number" && c.result < 0)
    const lines = cases.map((c, k) => `export const t${k}: Same<${c.type}, ${never(c) ? "never" : text(c.result!)}> = true`)
    const source = `import type { Minus, Over, Plus, Times } from "../../../typelevel/symbolic.ts"
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
${lines.join("\n")}`
    const wrong = [...compileSource(source).matchAll(/source\.ts.(\d+),/g)].map((m) => source.split("\n")[Number(m[1]) - 1])
    expect(wrong).toEqual([])
    expect(cases.filter((c) => !never(c)).length, "most have a result").toBeGreaterThan(CASES / 2)
  })
})

describe("equality", () => {
  /** The terms, and their factors, in another order. */
  const rewritten = (d: Dim): string => {
    const terms = String(d).match(/[+-]?[^+-]+/g)!
    const shuffled = terms
      .map((t) => (/^[+-]/.test(t) ? t : `+${t}`))
      .map((t) => `${t[0]}${t.slice(1).split("*").reverse().join(" * ")}`)
      .reverse()
      .join("")
    return shuffled.startsWith("+") ? shuffled.slice(1) : shuffled
  }
  const pairs = Array.from({ length: 100 }, () => draw())
    .filter(dims.isExpression)
    .map((d) => [d, rewritten(d)] as const)
  it("does not depend on the order of writing, and only equals are equal", () => {
    const lines: string[] = []
    for (const [d, e] of pairs) {
      expect(dims.alike(d, e), `${d} and ${e}`).toBe(true)
      expect(dims.alike(dims.plus(d, 1), e), `${d} + 1 and ${e}`).toBe(false)
      lines.push(`Same<Alike<${text(d)}, ${text(e)}>, true>`, `Same<Alike<${text(dims.plus(d, 1))}, ${text(e)}>, false>`)
    }
    const source = `import type { Alike } from "../../../typelevel/symbolic.ts"
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
${lines.map((l, k) => `export const t${k}: ${l} = true`).join("\n")}`
    const wrong = [...compileSource(source).matchAll(/source\.ts.(\d+),/g)].map((m) => source.split("\n")[Number(m[1]) - 1])
    expect(wrong).toEqual([])
    expect(pairs.length).toBeGreaterThan(40)
  })
})

describe("what a shape tells", () => {
  const pattern = (p: readonly Dim[], s: readonly number[]): unknown => {
    try {
      return unify("f", p, s, unbound).names
    } catch (e) {
      return (e as Error).message
    }
  }
  it("solves for the one name that is open", () => {
    expect(pattern(["2*n", "n"], [8, 4])).toEqual({ n: 4 })
    expect(pattern(["t+1"], [8])).toEqual({ t: 7 })
    expect(pattern(["10-t"], [4])).toEqual({ t: 6 })
    expect(pattern(["s+t", "s", "t"], [7, 3, 4])).toEqual({ s: 3, t: 4 })
    expect(pattern([declared, "h"], [12, 4])).toEqual({ d: 12, h: 4 })
  })
  it("refuses what cannot be, and says why", () => {
    expect(pattern(["2*n"], [7])).toBe("f: [7] does not fit [2*n]: no size of n makes 2*n 7; change one of them")
    expect(pattern(["t+1"], [0])).toBe("f: [0] does not fit [t+1]: no size of t makes t+1 0; change one of them")
    expect(pattern(["n", "2*n"], [3, 7])).toBe("f: [3, 7] does not fit [n, 2*n]: 2*n is 6 and 7 here; change one of them")
    expect(pattern(["s+t", "s", "t"], [7, 3, 5])).toBe(
      "f: [7, 3, 5] does not fit [s+t, s, t]: s+t is 8 and 7 here; change one of them",
    )
    expect(pattern([declared, "h"], [12, 5])).toBe(
      "f: [12, 5] does not fit [h*(d/h), h]: d is 12, which is not a multiple of h, 5; change one of them",
    )
    expect(pattern([twelfth], [13])).toBe(
      "f: [13] does not fit [12*(e/12)]: e is 13, which is not a multiple of 12; change one of them",
    )
  })
})
