// node --import tsx older.ts typescript-5.9 FOLDER. Prints the diagnostics of the folder's own files as JSON. The files that they import are
// checked as far as they are used: checking all function bodies of the library too takes three times as long and finds what tsc finds.
import { createRequire } from "node:module"
import { join, resolve, sep } from "node:path"
import type { Outcome } from "./compilers.ts"

/** What is used of the interface of TypeScript 5 and 6. */
interface Chain {
  readonly messageText: string
  readonly next?: readonly Chain[]
}
interface Found {
  readonly code: number
  readonly start: number
  readonly file?: SourceFile
  readonly messageText: string | Chain
}
interface SourceFile {
  readonly fileName: string
  getLineAndCharacterOfPosition(position: number): { readonly line: number; readonly character: number }
}
interface TypeScript {
  readonly sys: object
  getParsedCommandLineOfConfigFile(
    file: string,
    options: object,
    host: object,
  ): { readonly fileNames: readonly string[]; readonly options: object; readonly errors: readonly Found[] }
  createProgram(given: { readonly rootNames: readonly string[]; readonly options: object }): {
    getSourceFiles(): readonly SourceFile[]
    getOptionsDiagnostics(): readonly Found[]
    getSyntacticDiagnostics(file: SourceFile): readonly Found[]
    getSemanticDiagnostics(file: SourceFile): readonly Found[]
    getInstantiationCount(): number
  }
}

/**
 * Code and first line as TypeScript 7 gives them. It reports a missing property of an argument as the error itself; 5.9 and 6.0 say that the
 * argument is not assignable (2345) and the same one line below.
 */
const said = ({ code, messageText }: Found): { readonly code: string; readonly text: string } => {
  if (typeof messageText === "string") return { code: `TS${code}`, text: messageText }
  const below = code === 2345 && messageText.next?.length === 1 ? messageText.next[0]!.messageText : ""
  if (/^Property '.*' is missing in type/.test(below)) return { code: "TS2741", text: below }
  if (/^Type .* is missing the following properties from type/.test(below)) return { code: "TS2739", text: below }
  return { code: `TS${code}`, text: messageText.messageText }
}

const [name, given] = process.argv.slice(2) as [string, string]
const folder = resolve(given)
const ts = createRequire(import.meta.url)(name) as TypeScript
const host = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (d: Found): never => {
    throw new Error(said(d).text)
  },
}
const config = ts.getParsedCommandLineOfConfigFile(join(folder, "tsconfig.json"), {}, host)
const program = ts.createProgram({ rootNames: config.fileNames, options: config.options })
const own = program.getSourceFiles().filter((f) => resolve(f.fileName).startsWith(folder + sep))
const started = performance.now()
const found = [
  ...config.errors,
  ...program.getOptionsDiagnostics(),
  ...own.flatMap((f) => [...program.getSyntacticDiagnostics(f), ...program.getSemanticDiagnostics(f)]),
]
const outcome: Outcome = {
  diagnostics: found.map((d) => {
    const at = d.file?.getLineAndCharacterOfPosition(d.start)
    return {
      file: d.file ? resolve(d.file.fileName) : "",
      line: (at?.line ?? -1) + 1,
      column: (at?.character ?? -1) + 1,
      ...said(d),
    }
  }),
  instantiations: program.getInstantiationCount(),
  seconds: (performance.now() - started) / 1000,
}
process.stdout.write(JSON.stringify(outcome))
