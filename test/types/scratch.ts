// Compiles generated sources in a folder of their own beside the fixtures, so that they may import the project by relative paths.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compile } from "./check.ts"

const here = import.meta.dirname
/** The compiler's output for one source. Imports are relative to a folder in test/types. */
export const compileSource = (source: string, args: readonly string[] = []): string => {
  const dir = mkdtempSync(join(here, "scratch-"))
  try {
    writeFileSync(join(dir, "tsconfig.json"), `{ "extends": "../../../tsconfig.json", "include": ["source.ts"], "exclude": [] }`)
    writeFileSync(join(dir, "source.ts"), source)
    return compile(["-p", dir, ...args], here)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
