// Each shared sentence is written twice, as a type and as a function of the same name: both give the same text.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import * as messages from "../../src/core/messages.ts"
import { random } from "./random.ts"
import { compileSource } from "./scratch.ts"

const seed = 7_319
const source = readFileSync(join(import.meta.dirname, "../../typelevel/messages.ts"), "utf8")

/** The sentences and the kinds of their parameters, read from the types themselves. */
const sentences = [...source.matchAll(/export type (\w+)<([^>]*(?:<[^>]*>)?[^>]*)>\s*=/g)].map((m) => ({
  name: m[1]!,
  kinds: m[2]!.split(",").map((p) => p.slice(p.indexOf(" extends ") + 9).trim()),
}))

const r = random(seed)
const dim = (): number | string => (r.upto(4) === 0 ? ["batch", "h", "time"][r.upto(3)]! : r.between(0, 9_999))
const draw = (kind: string): unknown => {
  if (kind === "Shape" || kind === "readonly Dim[]") return Array.from({ length: r.upto(5) }, dim)
  if (kind === "number") return r.between(-9, 9)
  if (kind === "Dim" || kind === "Text") return dim()
  if (kind === "string") return ["matmul", "conv2d", "f32", "i32"][r.upto(4)]
  throw new Error(`no generator for a parameter of kind ${kind}`)
}

it("finds every sentence", () => {
  expect(sentences.map((s) => s.name).sort()).toEqual(Object.keys(messages).sort())
  expect(sentences.length).toBe(source.split("export type").length - 1)
})

it("gives the same text in types and at run time", () => {
  const twins: Readonly<Record<string, (...args: never[]) => string>> = messages
  const cases = sentences.flatMap(({ name, kinds }) =>
    Array.from({ length: 25 }, () => {
      const args = kinds.map(draw)
      const text = twins[name]!(...(args as never[]))
      return `Same<M.${name}<${args.map((a) => JSON.stringify(a)).join(", ")}>, ${JSON.stringify(text)}>`
    }),
  )
  const text = `import type * as M from "../../../typelevel/messages.ts"
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
${cases.map((c, k) => `export const t${k}: ${c} = true`).join("\n")}`
  const failing = [...compileSource(text).matchAll(/source.ts.(\d+),/g)].map((m) => text.split("\n")[Number(m[1]) - 1])
  expect(failing, `seed ${seed}`).toEqual([])
})
