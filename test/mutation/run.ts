// Breaks one rule, derivative or kernel at a time, and shows that the suite named for it fails.
//   npm run mutation                                     all mutants
//   npm run mutation -- --only "keepDims forgotten"      some, by name: separated by commas, or --only for each
//   npm run mutation -- --kind type --json out/m.json    one kind; the table as JSON
//   npm run mutation -- --through "nice -n 19"           every suite is started by this command
// The tree is copied once and mutants are made in the copy. First every suite must pass there unbroken, and all broken derivatives and
// kernels together must pass the type checker: a mutant that would not load proves nothing.
import { execFileSync, spawn } from "node:child_process"
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { mutants } from "./mutants.ts"
import type { Kind, Mutant, Suite } from "./suites.ts"

const root = resolve(import.meta.dirname, "../..")
const LIMIT_S = 300
const { values: args } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    kind: { type: "string" },
    json: { type: "string" },
    through: { type: "string" },
  },
})
const through = args.through?.split(" ") ?? []

type Listed = Mutant & { readonly kind: Kind }
const listed: readonly Listed[] = (Object.entries(mutants) as [Kind, readonly Mutant[]][]).flatMap(([kind, of]) =>
  of.map((m) => ({ ...m, kind })),
)
const called = (name: string): boolean => listed.some((m) => m.name === name)
const names = args.only?.flatMap((only) => (called(only) ? [only] : only.split(",").map((n) => n.trim())))
const odd = [...(names ?? [])].filter((n) => !called(n))
if (odd.length > 0) throw new Error(`no mutant is called ${odd.join(" or ")}`)
const asked = listed.filter((m) => (!names || names.includes(m.name)) && (!args.kind || m.kind === args.kind))
const chosen = asked.filter((m) => !m.needs || process.env[m.needs] === "1")
for (const m of asked) if (!chosen.includes(m)) console.log(`left out, as ${m.needs} is not 1: ${m.name}`)

// ---- the copy ------------------------------------------------------------------------------------------------------
mkdirSync(join(root, "out"), { recursive: true })
const copy = mkdtempSync(join(root, "out/mutation-"))
process.on("exit", () => rmSync(copy, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))
const git = (...a: string[]): string => execFileSync("git", a, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 })
for (const file of git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")) {
  if (file === "" || !existsSync(join(root, file))) continue
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  cpSync(join(root, file), join(copy, file))
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))

const originals = new Map<string, string>()
const original = (file: string): string => {
  if (!existsSync(join(copy, file))) return ""
  let text = originals.get(file)
  if (text === undefined) originals.set(file, (text = readFileSync(join(copy, file), "utf8")))
  return text
}
const broken = (m: Mutant, text: string): string => text.replace(m.find, () => m.replace)
const moved = listed.flatMap((m) => {
  const count = original(m.file).split(m.find).length - 1
  return count === 1 ? [] : [`${m.name}: its text occurs ${count} times in ${m.file}, not once:\n  ${m.find}`]
})
if (moved.length > 0) throw new Error(`the code has moved on; bring the table up to date:\n${moved.join("\n")}`)

// ---- suites --------------------------------------------------------------------------------------------------------
interface Ran {
  readonly tests: number
  /** Name and message of each test that failed. */
  readonly failed: readonly string[]
  /** Why there is no result, if there is none. */
  readonly nothing?: string
}
interface Finished {
  readonly output: string
  readonly late: boolean
}
const run = (command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  new Promise((done, fail) => {
    const [program, ...rest] = [...through, process.execPath, ...command]
    const child = spawn(program!, rest, {
      cwd: copy,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    })
    let output = ""
    let late = false
    const timer = setTimeout(() => {
      late = true
      process.kill(-child.pid!, "SIGKILL")
    }, LIMIT_S * 1000)
    for (const s of [child.stdout, child.stderr]) s.on("data", (d: Buffer) => (output += d.toString()))
    child.on("error", fail)
    child.on("close", () => {
      clearTimeout(timer)
      done({ output, late })
    })
  })
interface Report {
  readonly numTotalTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}
const vitest = async (suite: Exclude<Suite, string>): Promise<Ran> => {
  const file = join(copy, "out/report.json")
  rmSync(file, { force: true })
  const only = suite.only === undefined ? [] : ["-t", suite.only]
  const { output, late } = await run(
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      ...suite.files,
      ...only,
      "--cache=false",
      "--reporter=json",
      `--outputFile=${file}`,
    ],
    suite.env,
  )
  if (late || !existsSync(file))
    return { tests: 0, failed: [], nothing: late ? `no end after ${LIMIT_S} s` : output.slice(-2000) }
  const report = JSON.parse(readFileSync(file, "utf8")) as Report
  const results = report.testResults
    .flatMap((f) => f.assertionResults)
    .filter((t) => t.status === "passed" || t.status === "failed")
  const unloaded = report.testResults.find((f) => f.status === "failed" && f.assertionResults.length === 0)
  return {
    tests: results.length,
    failed: results.filter((t) => t.status === "failed").map((t) => `${t.fullName}: ${t.failureMessages.join("\n")}`),
    ...(unloaded ? { nothing: unloaded.message } : {}),
  }
}
const wrongPrograms = async (): Promise<Ran> => {
  const { output, late } = await run(["--import", "tsx", "test/types/run.ts"])
  if (late) return { tests: 0, failed: [], nothing: `no end after ${LIMIT_S} s` }
  const lines = output.trim().split("\n")
  try {
    const { checked, failed } = JSON.parse(lines.at(-1)!) as { checked: number; failed: number }
    return { tests: checked, failed: failed === 0 ? [] : lines.slice(0, -1) }
  } catch {
    return { tests: 0, failed: [], nothing: output.slice(-2000) }
  }
}
const runSuite = (s: Suite): Promise<Ran> => (s === "wrong programs" ? wrongPrograms() : vitest(s))
const titleOf = (s: Suite): string =>
  s === "wrong programs"
    ? s
    : [...Object.entries(s.env ?? {}).map(([k, v]) => `${k}=${v}`), ...s.files, ...(s.only ? [`-t "${s.only}"`] : [])].join(" ")

// ---- the run -------------------------------------------------------------------------------------------------------
type Verdict = "caught" | "survived" | "broken"
interface Result {
  readonly kind: Kind
  readonly name: string
  readonly file: string
  readonly suite: string
  readonly verdict: Verdict
  /** What failed first, and how many failed. */
  readonly by: string
  readonly failed: number
  readonly seconds: number
}
const started = performance.now()
const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10

// Suites that differ only in the op or in the test they name are run as one.
const unbroken = new Map<string, Suite>()
for (const { suite } of chosen) {
  if (suite === "wrong programs") {
    unbroken.set(suite, suite)
    continue
  }
  const { ADJOINT_OP: op, ...env } = suite.env ?? {}
  const key = JSON.stringify([suite.files, env, op === undefined, suite.only === undefined])
  const before = unbroken.get(key) as Exclude<Suite, string> | undefined
  const ops = [...new Set([...(before?.env?.["ADJOINT_OP"]?.split(",") ?? []), ...(op?.split(",") ?? [])])]
  const only = [...new Set([...(before?.only?.split("|") ?? []), ...(suite.only ? [suite.only] : [])])]
  unbroken.set(key, {
    files: suite.files,
    env: op === undefined ? env : { ...env, ADJOINT_OP: ops.join() },
    ...(only.length > 0 ? { only: only.join("|") } : {}),
  })
}
const unfit: string[] = []
for (const suite of unbroken.values()) {
  const r = await runSuite(suite)
  if (r.nothing !== undefined || r.failed.length > 0 || r.tests === 0)
    unfit.push(`${titleOf(suite)}: ${r.nothing ?? r.failed[0] ?? "no test ran"}`)
}
console.log(`${unbroken.size} groups of suites pass unbroken: ${unfit.length === 0 ? "yes" : "no"} (${seconds(started)} s)`)
for (const u of unfit) console.log(`  ${u.slice(0, 1500)}`)
if (unfit.length > 0) process.exit(1)

// Compiled together: they are at different places. What the checker says about a mutated file is the mutants' doing.
const checked = chosen.filter((m) => m.kind !== "type")
const files = new Set(checked.map((m) => m.file))
for (const file of files)
  writeFileSync(
    join(copy, file),
    checked.filter((m) => m.file === file).reduce((text, m) => broken(m, text), original(file)),
  )
const { output: diagnostics } =
  checked.length > 0 ? await run(["node_modules/typescript/bin/tsc", "-p", ".", "--pretty", "false"]) : { output: "" }
for (const file of files) writeFileSync(join(copy, file), original(file))
const wrong = diagnostics.split("\n").filter((line) => files.has(/^(.+?)\(\d+,\d+\): error/.exec(line)?.[1] ?? ""))
console.log(`${checked.length} mutants of derivatives and kernels pass the type checker: ${wrong.length === 0 ? "yes" : "no"}`)
for (const w of wrong) console.log(`  ${w}`)
if (wrong.length > 0) process.exit(1)

/** Why a mutant did not run as a program, if it did not: what fails then is not the suite's merit. What looks like a file that cannot be
 *  loaded is loaded by itself: if it can be, the error came from running it, in a test. */
const unloadable = async (m: Listed, failures: readonly string[]): Promise<string | undefined> => {
  if (m.kind === "type") return failures.find((f) => f.includes(`${m.file}:`) || f.includes(`${m.file}(`))
  if (!failures.some((f) => /SyntaxError|ReferenceError|is not a function/.test(f))) return undefined
  const code = `import(${JSON.stringify(`./${m.file}`)}).then(() => console.log("loaded"))`
  const { output } = await run(["--import", "tsx", "--eval", code])
  return output.includes("loaded") ? undefined : output
}
const judge = async (m: Listed): Promise<Result> => {
  const since = performance.now()
  writeFileSync(join(copy, m.file), broken(m, original(m.file)))
  const r = await runSuite(m.suite)
  writeFileSync(join(copy, m.file), original(m.file))
  const odd = r.nothing ?? (r.tests === 0 ? "no test ran" : await unloadable(m, r.failed))
  const verdict: Verdict = odd !== undefined ? "broken" : r.failed.length > 0 ? "caught" : "survived"
  const by = (odd ?? r.failed[0] ?? "").split("\n").slice(0, 3).join(" ").slice(0, 400)
  const { kind, name, file } = m
  return { kind, name, file, suite: titleOf(m.suite), verdict, by, failed: r.failed.length, seconds: seconds(since) }
}
const results: Result[] = []
for (const m of chosen) {
  const r = await judge(m)
  results.push(r)
  console.log(`${r.verdict.padEnd(8)} ${r.kind.padEnd(10)} ${r.name} | ${r.suite} | ${r.seconds} s`)
  console.log(`         ${r.by.slice(0, 160) || "nothing failed"}`)
}
const by = (v: Verdict, kind?: Kind): Result[] => results.filter((r) => r.verdict === v && (!kind || r.kind === kind))
for (const kind of Object.keys(mutants) as Kind[])
  console.log(`${kind}: ${by("caught", kind).length} of ${results.filter((r) => r.kind === kind).length} caught`)
console.log(`finished in ${seconds(started)} s`)
if (args.json) writeFileSync(args.json, `${JSON.stringify(results, undefined, 2)}\n`)
const list = (v: Verdict): string[] => by(v).map((r) => r.name)
console.log(
  JSON.stringify({ mutants: results.length, caught: by("caught").length, survived: list("survived"), broken: list("broken") }),
)
process.exitCode = by("caught").length === results.length ? 0 : 1
