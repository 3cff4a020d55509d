// The compilers of the matrix besides the project's own. They are installed on demand into this folder, so that `tsc` stays TypeScript 7.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Diagnostic } from "../check.ts"

const here = import.meta.dirname
const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as { devDependencies: Record<string, string> }
/** Package name and version: `["typescript-5.9", "5.9.3"]`. */
export const compilers = Object.entries(manifest.devDependencies).map(
  ([name, spec]) => [name, spec.slice(spec.lastIndexOf("@") + 1)] as const,
)

const installed = (): boolean =>
  compilers.every(([name, version]) => {
    try {
      const { version: found } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8")) as {
        version: string
      }
      return found === version
    } catch {
      return false
    }
  })
/** Installs them if they are not there. Answers why they could not be, where that is to be expected: on a machine without network. */
export const install = async (): Promise<string | undefined> => {
  if (installed()) return undefined
  try {
    await run(
      "npm",
      ["ci", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"],
      { cwd: here, timeout: 100_000 },
    )
    return undefined
  } catch (e) {
    const said = String((e as { stderr?: string }).stderr ?? e)
    if (process.env["CI"]) throw new Error(`the compilers of the matrix could not be installed: ${said}`)
    return said.split("\n").find((line) => /npm error/.test(line)) ?? said
  }
}

export interface Outcome {
  readonly diagnostics: readonly Diagnostic[]
  readonly instantiations: number
  /** Of checking alone, in seconds. */
  readonly seconds: number
}
/** What a compiler says about the files of a folder that holds a tsconfig.json. In a process of its own, which gives its memory back. */
export const outcomeOf = async (name: string, folder: string): Promise<Outcome> => {
  const { stdout } = await run(process.execPath, ["--import", "tsx", join(here, "older.ts"), name, folder], {
    maxBuffer: 1 << 28,
  })
  return JSON.parse(stdout) as Outcome
}
