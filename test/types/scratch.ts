// Compiles generated sources in a folder of their own beside the fixtures, so that they may import the project by relative paths.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compile } from "./check.ts"

const here = import.meta.dirname
const make = (source: string): string => {
  const dir = mkdtempSync(join(here, "scratch-"))
  writeFileSync(join(dir, "tsconfig.json"), `{ "extends": "../../../tsconfig.json", "include": ["source.ts"], "exclude": [] }`)
  writeFileSync(join(dir, "source.ts"), source)
  return dir
}
/** The compiler's output for one source. Imports are relative to a folder in test/types. */
export const compileSource = (source: string, args: readonly string[] = []): string => {
  const dir = make(source)
  try {
    return compile(["-p", dir, ...args], here)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
/** Whatever `f` does with the folder of one source. */
export const inScratch = async <T>(source: string, f: (folder: string) => Promise<T>): Promise<T> => {
  const dir = make(source)
  try {
    return await f(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
