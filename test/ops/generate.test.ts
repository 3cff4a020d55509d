// The generated index is what the folder says, and a folder with one more op has one more line.
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { generated, opNames } from "../../src/ops/generate.ts"

const root = resolve(import.meta.dirname, "../..")
const folder = join(root, "src/ops")
const script = join(folder, "generate.ts")
const run = (...args: string[]) =>
  spawnSync(process.execPath, ["--import", "tsx", script, ...args], { cwd: root, encoding: "utf8" })

describe("generate", () => {
  it("has been run", () => {
    for (const [file, text] of Object.entries(generated(opNames(folder))))
      expect(readFileSync(join(folder, file), "utf8")).toBe(text)
    expect(run("--check").status).toBe(0)
  })
  it("lists a new file, and says when it was not run", () => {
    const copy = mkdtempSync(join(tmpdir(), "ops-"))
    try {
      cpSync(folder, copy, { recursive: true })
      writeFileSync(join(copy, "zeta.ts"), "export const zeta = 1\nexport const op = 2\n")
      const stale = run("--check", copy)
      expect(stale.status).toBe(1)
      expect(stale.stderr).toContain("index.ts")
      expect(run(copy).status).toBe(0)
      expect(run("--check", copy).status).toBe(0)
      expect(readFileSync(join(copy, "index.ts"), "utf8")).toContain('export { zeta } from "./zeta.ts"\n')
      expect(readFileSync(join(copy, "catalog.ts"), "utf8")).toContain("  zeta,\n")
    } finally {
      rmSync(copy, { recursive: true })
    }
  })
})
