// The type level and the run time say the same: every drawn call, valid or not, is spelled as source and given to the compiler, once
// for all ops. A valid call must have exactly the type that its result has at run time; a refused call exactly one diagnostic, with
// exactly the sentence that it throws.
import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { isTensor, ShapeError, shapeClasses } from "../../src/core/index.ts"
import { gen } from "../../src/testing/gen.ts"
import { compile, type Diagnostic, diagnosticsOf } from "../types/check.ts"
import { spell, type Subject, subjects } from "./_harness.ts"

const root = resolve(import.meta.dirname, "../..")
const folder = join(root, "out/twins")
const VALID = 2 // draws of each class of shapes
const REFUSED = 4 // draws of each kind of refusal

/** A value as source; undefined if its type would not be literal. */
const source = (v: unknown): string | undefined => {
  if (isTensor(v)) return `t<[${v.shape.join(", ")}], "${v.dtype}">()`
  if (typeof v === "number") return Number.isFinite(v) && !Object.is(v, -0) && !String(v).includes("e") ? String(v) : undefined
  if (typeof v === "string") return JSON.stringify(v)
  if (typeof v === "boolean" || v === undefined || v === null) return String(v)
  if (Array.isArray(v)) return all(v.map(source), (s) => `[${s.join(", ")}]`)
  if (typeof v !== "object") return undefined
  const keys = Object.keys(v)
  return all(
    keys.map((k) => source((v as Record<string, unknown>)[k])),
    (s) => (keys.length > 0 ? `{ ${keys.map((k, j) => `${k}: ${s[j]}`).join(", ")} }` : "{}"),
  )
}
const all = (parts: readonly (string | undefined)[], f: (s: readonly string[]) => string): string | undefined =>
  parts.every((p) => p !== undefined) ? f(parts as string[]) : undefined
/** The type of a result, as source. */
const typeOf = (v: unknown): string => {
  if (isTensor(v)) return `Tensor<[${v.shape.join(", ")}], "${v.dtype}">`
  if (Array.isArray(v)) return `[${v.map(typeOf).join(", ")}]`
  return `{ ${Object.entries(v as object)
    .map(([k, w]) => `${k}: ${typeOf(w)}`)
    .join("; ")} }`
}
const callOf = (s: Subject, args: readonly unknown[]): string | undefined =>
  all(args.map(source), (a) => `${s.name}_.${s.name}(${a.join(", ")})`)

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
  for (const shapes of shapeClasses)
    for (let seed = 1; seed <= VALID; seed++) {
      const args = s.op.examples?.(gen(seed, shapes))
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
const head = [
  `import type { DType } from "../../src/core/dtype.ts"`,
  `import type { Tensor } from "../../src/core/tensor.ts"`,
  `import type { Shape } from "../../typelevel/shape.ts"`,
  `import { is } from "../../test/types/fixtures/is.ts"`,
  ...subjects.map((s) => `import * as ${s.name}_ from "../../src/ops/${s.name}.ts"`),
  `declare const t: <S extends Shape, D extends DType>() => Tensor<S, D>`,
]
const file = join(folder, "twins.ts")
const diagnostics = (): Map<number, Diagnostic[]> => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: { rootDir: "../.." }, include: ["*.ts"], exclude: [] }),
  )
  writeFileSync(file, `${[...head, ...lines.map((l) => l.source)].join("\n")}\n`)
  const byLine = new Map<number, Diagnostic[]>()
  for (const d of diagnosticsOf(compile(["-p", folder], root), root)) {
    const at = d.file === file ? d.line - 1 - head.length : -1
    byLine.set(at, [...(byLine.get(at) ?? []), d])
  }
  return byLine
}

describe("types and run time say the same", () => {
  const found = diagnostics()
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
