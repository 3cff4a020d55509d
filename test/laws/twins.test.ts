// The type level and the run time say the same: every drawn call, valid or not, is spelled as source and given to the compiler, once
// for all ops. A valid call must have exactly the type that its result has at run time; a refused call exactly one diagnostic, with
// exactly the sentence that it throws.
import { describe, expect, it } from "vitest"
import { ShapeError, shapeClasses } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { spell, type Subject, subjects } from "./_harness.ts"
import { callOf, diagnose, typeOf } from "./_spelling.ts"

const VALID = 2 // draws of each class of shapes
const REFUSED = 4 // draws of each kind of refusal

interface Line {
  readonly op: string
  readonly source: string
  /** The sentence of a refusal; undefined where the call is valid. */
  readonly sentence: string | undefined
}
const lines: Line[] = []
const skipped = new Map<string, string>()
const seen = new Set<string>()
const add = (s: Subject, args: readonly unknown[], line: (call: string) => string, sentence: string | undefined): void => {
  const call = callOf(s, args)
  if (call === undefined) skipped.set(s.name, spell(args))
  else if (!seen.has(call)) {
    seen.add(call)
    lines.push({ op: s.name, source: line(call), sentence })
  }
}
for (const s of subjects) {
  for (const [k, shapes] of shapeClasses.entries())
    for (let j = 1; j <= VALID; j++) {
      const args = s.op.examples?.(gen(VALID * k + j, shapes))
      if (args) add(s, args, (call) => `is<${typeOf(s.f(...args))}>()(${call})`, undefined)
    }
  for (const draw of s.op.refused ?? [])
    for (let seed = 1; seed <= REFUSED; seed++) {
      const args = draw(gen(seed))
      let sentence = ""
      try {
        s.f(...args)
      } catch (e) {
        if (e instanceof ShapeError) sentence = e.message
      }
      add(s, args, (call) => call, sentence)
    }
}
describe("types and run time say the same", () => {
  const found = diagnose(
    "twins",
    subjects,
    lines.map((l) => l.source),
  )
  const problem = (l: Line, k: number): string | undefined => {
    const here = found.get(k) ?? []
    const got = here.map((d) => d.text).join(" / ")
    if (l.sentence === undefined) return here.length === 0 ? undefined : `valid, but the compiler says: ${got}`
    if (l.sentence === "") return "meant to be refused, but accepted at run time"
    if (here.length !== 1) return `one diagnostic wanted with "${l.sentence}", got ${here.length}: ${got}`
    return got.includes(JSON.stringify(l.sentence)) ? undefined : `the run time says "${l.sentence}", the compiler: ${got}`
  }
  it("outside the calls there is nothing to complain about", () => {
    expect((found.get(-1) ?? []).map((d) => `${d.file}:${d.line}: ${d.text}`)).toEqual([])
  })
  for (const s of subjects.filter((x) => x.op.examples || x.op.refused))
    it(s.name, () => {
      const own = lines.flatMap((l, k) => (l.op === s.name ? [{ l, k }] : []))
      const wrong = own.flatMap(({ l, k }) => {
        const p = problem(l, k)
        return p ? [`${l.source}: ${p}`] : []
      })
      if (wrong.length > 0) throw new Error(`${wrong.length} of ${own.length} calls differ:\n${wrong.slice(0, 8).join("\n")}`)
      if (own.length === 0 && !skipped.has(s.name)) throw new Error("no call was drawn")
    })
  it("most calls could be spelled", () => {
    if (skipped.size > 0)
      console.log(`calls that are not literal were left out: ${[...skipped].map(([op, a]) => `${op}${a}`).join(", ")}`)
    const valid = lines.filter((l) => l.sentence === undefined).length
    console.log(`twins: ${valid} valid calls, ${lines.length - valid} refused ones`)
    if (!process.env["ADJOINT_OP"]) expect(valid).toBeGreaterThan(subjects.length)
  })
})
