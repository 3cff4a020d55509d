// Checks that wrong programs are refused with the right sentence at the right place. A fixture marks each of them:
//
//   // @expect-error TS2345 at `f45`: matmul: inner dimensions differ: [2, 3] x [4, 5]: 3 is not 4; transpose one of them, or make them equal
//   matmul(f23, f45)
//
// The mark binds to the statement below it, which ends at the next blank line or mark. Exactly one diagnostic must lie there, with
// that code, starting at the text in backquotes (where given). Its first line must hold the sentence as a type, and no other words in it; a
// first line without one is in the compiler's own words, of which a part is enough. Any other diagnostic fails, so the fixtures also prove
// what must compile.
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { availableParallelism } from "node:os"
import { dirname, join, relative, resolve } from "node:path"

export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: string
  /** The first line of the message, which alone is the same in all compiler versions. */
  readonly text: string
}
export interface Expectation {
  readonly file: string
  readonly line: number
  readonly from: number
  readonly to: number
  readonly code: string
  readonly at: string | undefined
  readonly sentence: string
}
export interface Report {
  readonly checked: number
  readonly problems: readonly string[]
}

// By path: another compiler in the project may own .bin/tsc.
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc")

/** The compiler is gone before it would have to collect its garbage, which takes a third of the time. */
const env = { ...process.env, GOGC: "off" }
/** Runs the compiler. Arguments as on the command line. */
export const compile = (args: readonly string[], cwd: string): string => {
  const run = spawnSync(process.execPath, [tsc, "--pretty", "false", ...args], { cwd, env, encoding: "utf8", maxBuffer: 1 << 28 })
  if (run.error) throw run.error
  return run.stdout + run.stderr
}

export const diagnosticsOf = (output: string, cwd: string): Diagnostic[] =>
  output
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s/.test(line)) // indented lines elaborate on the one before
    .map((line) => {
      const m = /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line)
      return m
        ? { file: resolve(cwd, m[1]!), line: Number(m[2]), column: Number(m[3]), code: m[4]!, text: m[5]! }
        : { file: "", line: 0, column: 0, code: "", text: line } // about the configuration: a problem in any case
    })

export const expectationsOf = (file: string, source: string): Expectation[] => {
  const lines = source.split("\n")
  return lines.flatMap((line, k) => {
    if (!line.includes("@expect-error")) return []
    const m = /^\s*\/\/ @expect-error (TS\d+)(?: at `([^`]+)`)?: (.*\S)\s*$/.exec(line)
    if (!m) throw new Error(`${file}:${k + 1}: not of the form // @expect-error TS2345 at \`text\`: sentence`)
    let end = k + 1
    while (end < lines.length && lines[end]!.trim() !== "" && !lines[end]!.includes("@expect-error")) end++
    return [{ file, line: k + 1, from: k + 2, to: end, code: m[1]!, at: m[2], sentence: m[3]! }]
  })
}

/** The sentence that a first line says, or if it is in the compiler's own words: whether it holds what is expected. */
const says = (text: string, expected: string): boolean => {
  const sentence = /assignable to (?:parameter of )?type '"(.*)"'\.$/.exec(text)?.[1]?.replace(/\\(.)/g, "$1")
  return sentence === undefined ? text.includes(expected) : [sentence, text.slice(0, -1)].includes(expected)
}
/** What is wrong with the diagnostics in the lines of one expectation. */
export const judge = (e: Expectation, here: readonly Diagnostic[], lines: readonly string[]): string | undefined => {
  if (here.length !== 1) return `expected one diagnostic, got ${here.length}: ${here.map((d) => d.text).join(" / ")}`
  const d = here[0]!
  if (d.code !== e.code) return `expected ${e.code}, got ${d.code}: ${d.text}`
  if (!says(d.text, e.sentence)) return `expected the sentence "${e.sentence}", got: ${d.text}`
  if (e.at !== undefined && !lines[d.line - 1]!.slice(d.column - 1).startsWith(e.at))
    return `expected it at \`${e.at}\`, got it at \`${lines[d.line - 1]!.slice(d.column - 1)}\``
  return undefined
}

const root = resolve(import.meta.dirname, "../..")
const fixtures = join(import.meta.dirname, "fixtures")
/** No more checkers than processors (the default is 4): each computes for itself what several files share. */
const checkers = Math.min(4, availableParallelism())
const ownCompiler = (folder: string): Diagnostic[] =>
  diagnosticsOf(compile(["-p", folder, "--checkers", `${checkers}`], root), root)
/** Checks all fixtures of a folder that holds a tsconfig.json, by what a compiler said about it: the project's own, unless given. */
export const check = (folder: string = fixtures, all: readonly Diagnostic[] = ownCompiler(folder)): Report => {
  const used = new Set<Diagnostic>()
  const problems: string[] = []
  let checked = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".fx.ts")) continue
    const file = join(folder, name)
    const source = readFileSync(file, "utf8")
    for (const e of expectationsOf(file, source)) {
      checked++
      const here = all.filter((d) => d.file === file && d.line >= e.from && d.line <= e.to)
      for (const d of here) used.add(d)
      const wrong = judge(e, here, source.split("\n"))
      if (wrong) problems.push(`${relative(root, file)}:${e.line}: ${wrong}`)
    }
  }
  for (const d of all)
    if (!used.has(d))
      problems.push(d.file === "" ? d.text : `${relative(root, d.file)}:${d.line}: unexpected ${d.code}: ${d.text}`)
  return { checked, problems }
}
