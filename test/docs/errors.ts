// The pages of docs/errors that are made from the library itself: what each op refuses (its generator of refused calls, which the laws judge in
// both worlds), what layers and transformations refuse (the fixtures), and the sentences that several share. `npm run docs` writes them.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Data from "../../src/data/index.ts"
import type { Args, Calls } from "../../src/core/op.ts"
import { ShapeError } from "../../src/core/errors.ts"
import * as Loss from "../../src/nn/losses.ts"
import * as Net from "../../src/nn/net.ts"
import { catalog } from "../../src/ops/catalog.ts"
import * as Optim from "../../src/optim/index.ts"
import * as Random from "../../src/random/index.ts"
import * as Runtime from "../../src/runtime/index.ts"
import { gen } from "../../src/testing/gen.ts"
import * as Transform from "../../src/transform/index.ts"
import { source, type SpellTensor } from "../laws/_spelling.ts"
import { expectationsOf } from "../types/check.ts"
import { advice } from "./advice.ts"

const root = join(import.meta.dirname, "../..")
const at = (...path: string[]): string => join(root, ...path)
const fixtures = at("test/types/fixtures")

/** A call or program, and what is said about it. */
interface Refusal {
  readonly program: string
  readonly sentence: string
}
const zeros: SpellTensor = (t) => `T.zeros([${t.shape.join(", ")}]${t.dtype === "f32" ? "" : `, "${t.dtype}"`})`

// ---- ops: one refusal for each generator ---------------------------------------------------------------------------
const refusedBy = (name: string, calls: Partial<Calls> | undefined, f: (...args: Args) => unknown): Refusal[] =>
  (calls?.refused ?? []).flatMap((draw) => {
    const args = draw(gen(1))
    const spelled = args.map((a) => (typeof a === "function" ? "f" : source(a, zeros)))
    if (spelled.includes(undefined)) return [] // a value that has no literal
    try {
      f(...args)
    } catch (e) {
      if (e instanceof ShapeError) return [{ program: `T.${name}(${spelled.join(", ")})`, sentence: e.message }]
    }
    return []
  })

// ---- what needs names or layers to be said: the wrong programs of the fixtures -----------------------------------------
const known = new Set([catalog, Net, Loss, Transform, Runtime, Optim, Random, Data].flatMap((m) => Object.keys(m)))
const wrongPrograms = (): (readonly [name: string, Refusal])[] =>
  readdirSync(fixtures)
    .filter((f) => f.endsWith(".fx.ts"))
    .sort()
    .flatMap((f) => {
      const text = readFileSync(join(fixtures, f), "utf8")
      const lines = text.split("\n")
      return expectationsOf(f, text).flatMap(({ sentence, from, to }) => {
        const name = /^(\w+)(?:\[\d+\])?(?=:| >)/.exec(sentence)?.[1]
        const program = lines.slice(from - 1, to).join("\n")
        return name !== undefined && known.has(name) ? [[name, { program, sentence }] as const] : []
      })
    })

// ---- sentences that several share ----------------------------------------------------------------------------------
interface Shared {
  readonly name: keyof typeof advice
  /** With the parameters in capitals. */
  readonly text: string
  readonly pattern: RegExp
}
/** `Show<S>`: S, `S["length"]`: RANK */
const placeholder = (part: string): string => (part.includes('"length"') ? "RANK" : /\w+(?=>|$)/.exec(part)![0].toUpperCase())
const shared = (): Shared[] =>
  [...readFileSync(at("typelevel/messages.ts"), "utf8").matchAll(/export type (\w+)<[^=]*=\s*`((?:[^`\\]|\\.)*)`/g)].map(
    ([, name, template]) => {
      const parts = template!.split(/\$\{([^}]*)\}/)
      return {
        name: name as keyof typeof advice,
        text: parts.map((p, k) => (k % 2 === 0 ? p : placeholder(p))).join(""),
        pattern: new RegExp(
          `^${parts.map((p, k) => (k % 2 === 0 ? p.replaceAll(/[.*+?^()|[\]\\]/g, "\\$&") : k === 1 ? "\\w+" : ".*")).join("")}$`,
        ),
      }
    },
  )

// ---- pages ---------------------------------------------------------------------------------------------------------
const note = "<!-- Written by npm run docs from the library itself. Do not edit. -->"
const block = ({ program, sentence }: Refusal): string => `\`\`\`ts\n${program}\n// ${sentence}\n\`\`\`\n`
const distinct = (refusals: readonly Refusal[]): Refusal[] => [...new Map(refusals.map((r) => [r.sentence, r])).values()]

/** Names of files in docs/errors, and what is in them. */
export const pages = (): ReadonlyMap<string, string> => {
  const found = new Map<string, Refusal[]>()
  const add = (name: string, refusals: readonly Refusal[]): void => {
    if (refusals.length > 0) found.set(name, [...(found.get(name) ?? []), ...refusals])
  }
  for (const [name, m] of Object.entries(catalog as Record<string, Record<string, unknown>>))
    add(name, refusedBy(name, (m["calls"] as (() => Calls) | undefined)?.(), m[name] as (...args: Args) => unknown))
  for (const [name, refusal] of wrongPrograms()) add(name, [refusal])
  const sentences = shared()
  const sharedBy = (sentence: string): Shared | undefined => sentences.find((s) => s.pattern.test(sentence))
  const sayers = new Map<string, (readonly [name: string, Refusal])[]>()
  const out = new Map<string, string>()
  const names = [...found.keys()].sort((a, b) => (a < b ? -1 : 1))
  for (const name of names) {
    const all = distinct(found.get(name)!)
    const parts = all.map((r) => {
      const s = sharedBy(r.sentence)
      if (s) sayers.set(s.name, [...(sayers.get(s.name) ?? []), [name, r]])
      return block(r) + (s ? `[${s.name}](sentences/${s.name}.md): ${advice[s.name]}\n` : "")
    })
    out.set(
      `${name}.md`,
      `# ${name}\n\n${note}\n\nWhat is refused: by the compiler, at the argument or layer that is wrong, and in the same words by a [ShapeError](ShapeError.md)\nwhere types do not know.\n\n${parts.join("\n")}`,
    )
  }
  for (const s of sentences) {
    const uses = sayers.get(s.name) ?? []
    const by = [...new Set(uses.map(([name]) => `[${name}](../${name}.md)`))].join(", ")
    const example = uses[0] ? `\n${block(uses[0][1])}` : ""
    out.set(
      `sentences/${s.name}.md`,
      `# ${s.name}\n\n${note}\n\n> ${s.text}\n\n${advice[s.name]}\n${example}${by ? `\nSaid by ${by}.\n` : ""}`,
    )
  }
  const lists = [
    `## By name\n\n${names.map((n) => `[${n}](${n}.md)`).join(" · ")}\n`,
    `## Sentences that several say\n\n${sentences.map((s) => `- [${s.text}](sentences/${s.name}.md)`).join("\n")}\n`,
  ]
  out.set("index.md", `# What is refused, and in which words\n\n${note}\n\n${lists.join("\n")}`)
  return out
}

const folder = at("docs/errors")
/** Pages that were generated before: those that carry the note. */
const earlier = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".md") && readFileSync(join(folder, f), "utf8").includes(note))
    .sort()
/** What is not as it would be written now. */
export const stale = (): string[] => {
  const wanted = pages()
  const current = (f: string): string => {
    try {
      return readFileSync(join(folder, f), "utf8")
    } catch {
      return ""
    }
  }
  return [...[...wanted].filter(([f, text]) => current(f) !== text).map(([f]) => f), ...earlier().filter((f) => !wanted.has(f))]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = pages()
  for (const f of earlier()) if (!wanted.has(f)) rmSync(join(folder, f))
  for (const f of stale()) {
    mkdirSync(dirname(join(folder, f)), { recursive: true })
    writeFileSync(join(folder, f), wanted.get(f)!)
  }
}
