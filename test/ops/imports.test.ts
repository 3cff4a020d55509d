// Ops import each other in circles (sum and broadcastTo are adjoint). That is harmless only if nothing from another op is used while
// modules load: then each file may be the first to be imported.
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { expect, it, vi } from "vitest"

const folder = resolve(import.meta.dirname, "../../src/ops")

it("every file may be imported first", async () => {
  const files = readdirSync(folder).filter((f) => f !== "generate.ts")
  for (const file of files) {
    vi.resetModules()
    await import(join(folder, file)).catch((e: unknown) => {
      throw new Error(`${file}: ${String(e)}`, { cause: e })
    })
  }
  expect(files.length).toBeGreaterThan(80)
})
