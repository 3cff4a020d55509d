import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import * as messages from "../../src/core/messages.ts"
import { catalog } from "../../src/ops/catalog.ts"
import { pages, stale } from "./errors.ts"

const folder = resolve(import.meta.dirname, "../../docs/errors")
const generated = pages()

describe("docs/errors", () => {
  it("is what the library says now: npm run docs", () => expect(stale()).toEqual([]))
  it("is the same when it is made again", () => expect([...pages()]).toEqual([...generated]))
  it("has a page for each op that refuses something, and for each sentence that several share", () => {
    const silent = Object.entries(catalog as Record<string, { calls?: () => { refused?: readonly unknown[] } }>)
      .filter(([name, m]) => (m.calls?.().refused?.length ?? 0) > 0 && !generated.has(`${name}.md`))
      .map(([name]) => name)
    expect(silent).toEqual([])
    for (const name of Object.keys(messages)) {
      const page = generated.get(`sentences/${name}.md`) ?? ""
      expect(page, name).toContain("Said by [")
      expect(page, name).toContain("```ts")
    }
  })
  it("gives each sentence with the program that is refused", () => {
    expect(generated.get("matmul.md")).toMatch(
      /```ts\nT\.matmul\(T\.zeros\(\[2, 3\]\), T\.zeros\(\[\d, 5\]\)\)\n\/\/ matmul: inner dimensions differ/,
    )
    expect(generated.get("residual.md")).toContain(
      "// residual > sequential[1] > conv2d: needs [..., height, width, channels], got [batch, 64]; reshape it first",
    )
    expect(generated.get("sentences/noBroadcast.md")).toContain("> OP: shapes do not broadcast: A x B: X is not Y")
  })
  it("has no link to a page that is not there", () => {
    const broken = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((f) => f.endsWith(".md"))
      .flatMap((f) =>
        [...readFileSync(join(folder, f), "utf8").matchAll(/\]\(([^):]+\.md)\)/g)]
          .map(([, to]) => join(f, "..", to!))
          .filter((to) => !readdirSync(join(folder, to, "..")).includes(to.split("/").at(-1)!))
          .map((to) => `${f}: ${to}`),
      )
    expect(broken).toEqual([])
  })
})
