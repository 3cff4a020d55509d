// The type level and the run time say the same: every drawn call, valid or not, is spelled as source and given to the compiler, once
// for all ops. A valid call must have exactly the type that its result has at run time; a refused call exactly one diagnostic, with
// exactly the sentence that it throws.
import { describe, expect, it } from "vitest"
import { ShapeError, shapeClasses } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { spell, type Subject, subjects } from "./_harness.ts"
import { callOf, diagnose, typeOf } from "./_spelling.ts"

const VALID = 2 // draws of each class of shapes
const LEAST = 8 // valid calls of each op
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
/** Valid calls whose arguments are functions, which no generator can spell. */
const byHand: Readonly<Record<string, readonly string[]>> = {
  scan: [
    `is<[Tensor<[3]>, Tensor<[5, 3]>]>()(scan_.scan((h, x) => [h, x], t<[3], "f32">(), t<[5, 3], "f32">()))`,
    `is<[Tensor<[]>, Tensor<[4, 2, 3]>]>()(scan_.scan((h, x) => [h, x], t<[], "f32">(), t<[4, 2, 3], "f32">()))`,
    `is<[Tensor<[2], "i32">, Tensor<[9, 2], "i32">]>()(scan_.scan((h) => [h, h], t<[2], "i32">(), null, { length: 9 }))`,
    `is<[{ readonly a: Tensor<[2]> }, Tensor<[0]>]>()(scan_.scan((c, x) => [c, x], { a: t<[2], "f32">() }, t<[0], "f32">()))`,
  ],
  customJvp: [
    `is<Tensor<[3]>>()(customJvp_.customJvp((x: Tensor<[3]>) => x, ({ tans: [d] }) => d)(t<[3], "f32">()))`,
    `is<[Tensor<[2]>, Tensor<[7], "i32">]>()(customJvp_.customJvp((x: Tensor<[2]>, y: Tensor<[7], "i32">): [Tensor<[2]>, Tensor<[7], "i32">] => [x, y], ({ tans }) => tans)(t<[2], "f32">(), t<[7], "i32">()))`,
  ],
  customVjp: [`is<Tensor<[3]>>()(customVjp_.customVjp((x: Tensor<[3]>) => x, (x) => [x, []], (_, c) => [c])(t<[3], "f32">()))`],
}
for (const s of subjects) {
  for (const source of byHand[s.name] ?? []) lines.push({ op: s.name, source, sentence: undefined })
  for (const [k, shapes] of shapeClasses.entries())
    for (let j = 1; j <= VALID; j++) {
      const args = s.examples?.(gen(VALID * k + j, shapes))
      if (args) add(s, args, (call) => `is<${typeOf(s.f(...args))}>()(${call})`, undefined)
    }
  for (const draw of s.refused ?? [])
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
  for (const s of subjects.filter((x) => x.examples || x.refused))
    it(s.name, () => {
      const own = lines.flatMap((l, k) => (l.op === s.name ? [{ l, k }] : []))
      const wrong = own.flatMap(({ l, k }) => {
        const p = problem(l, k)
        return p ? [`${l.source}: ${p}`] : []
      })
      if (wrong.length > 0) throw new Error(`${wrong.length} of ${own.length} calls differ:\n${wrong.slice(0, 8).join("\n")}`)
      if (own.length === 0 && !skipped.has(s.name)) throw new Error("no call was drawn")
    })
  // Types are compared exactly, and those that are wanted hold literals alone: no op loses a size to `number`.
  it("every op has valid calls of all kinds of shapes, and no type with an unknown size", () => {
    const valid = lines.filter((l) => l.sentence === undefined)
    const few = subjects.filter((s) => valid.filter((l) => l.op === s.name).length < (byHand[s.name]?.length ?? LEAST))
    expect(few.map((s) => s.name)).toEqual([])
    expect(valid.filter((l) => /Tensor<(?!\[[\d, ]*\])|Shape|DType|: number/.test(l.source)).map((l) => l.source)).toEqual([])
  })
  it("most calls could be spelled", () => {
    if (skipped.size > 0)
      console.log(`calls that are not literal were left out: ${[...skipped].map(([op, a]) => `${op}${a}`).join(", ")}`)
    const valid = lines.filter((l) => l.sentence === undefined).length
    console.log(`twins: ${valid} valid calls, ${lines.length - valid} refused ones`)
    if (!process.env["ADJOINT_OP"]) expect(valid).toBeGreaterThan(subjects.length)
  })
})
