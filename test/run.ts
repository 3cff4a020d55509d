// Everything that must pass, in one command: types, lint and format; wrong programs; all tests. Ends with the count of what ran.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { fileURLToPath } from "node:url"

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..")
const binOf = (name: string, bin: string): string => {
  const require = createRequire(path.join(root, "package.json"))
  const manifest = path.join(root, "node_modules", name, "package.json")
  const { bin: entry } = require(manifest) as { bin: string | Record<string, string> }
  return path.join(path.dirname(manifest), typeof entry === "string" ? entry : entry[bin]!)
}
const counts = { passed: 0, failed: 0, skipped: 0 }
const tally = (what: string, ok: boolean): void => {
  counts[ok ? "passed" : "failed"]++
  console.log(`${ok ? "ok  " : "FAIL"} ${what}`)
}
const node = (args: readonly string[], stdio: "inherit" | "pipe" = "inherit") =>
  spawnSync(process.execPath, [...args], { cwd: root, stdio: ["ignore", stdio, "inherit"], encoding: "utf8", maxBuffer: 1 << 28 })

const started = performance.now()
tally("types of the whole project (tsc)", node([binOf("typescript", "tsc"), "-p", "."]).status === 0)
tally(
  "lint (oxlint)",
  node([binOf("oxlint", "oxlint"), "-c", "oxlint.json", "--quiet", "src", "typelevel", "test", "examples", "bench"]).status === 0,
)
tally("format (biome)", node([binOf("@biomejs/biome", "biome"), "format", "src", "test", "examples", "bench"]).status === 0)

const types = node(["--import", "tsx", "test/types/run.ts"], "pipe")
process.stdout.write(types.stdout)
try {
  const { checked, failed } = JSON.parse(types.stdout.trim().split("\n").at(-1)!) as { checked: number; failed: number }
  counts.passed += checked - failed
  counts.failed += failed
  if (types.status !== 0 && failed === 0) counts.failed++
} catch {
  tally("wrong programs (no result)", false)
}

const report = path.join(root, "out/vitest.json")
mkdirSync(path.dirname(report), { recursive: true })
rmSync(report, { force: true })
const vitest = node([
  binOf("vitest", "vitest"),
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
if (existsSync(report)) {
  const r = JSON.parse(readFileSync(report, "utf8")) as {
    numPassedTests: number
    numFailedTests: number
    numPendingTests: number
    numTodoTests: number
  }
  counts.passed += r.numPassedTests
  counts.failed += r.numFailedTests
  counts.skipped += r.numPendingTests + r.numTodoTests
  if (vitest.status !== 0 && r.numFailedTests === 0) counts.failed++
} else tally("vitest (no report)", false)

console.log(`finished in ${Math.round((performance.now() - started) / 1000)} s`)
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed === 0 ? 0 : 1
