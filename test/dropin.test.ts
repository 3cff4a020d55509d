// One op, one file: the op of docs/add-an-op.md is put into a copy of src/ops. With no other edit than running the generator, every law
// speaks about it and every backend runs it.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, resolve } from "node:path"
import { expect, it } from "vitest"

const root = resolve(import.meta.dirname, "..")
const copy = join(root, "out/dropin")
const bin = (pkg: string, path: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${pkg}/package.json`)), path)
const node = (args: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  const outer = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith("VITEST") && k !== "NODE_OPTIONS"))
  const run = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8", maxBuffer: 1 << 26, env: { ...outer, ...env } })
  return run.status === 0 ? "" : `${run.stdout}\n${run.stderr}`
}
interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

it("an op file is all that an op needs", () => {
  const page = readFileSync(join(root, "docs/add-an-op.md"), "utf8")
  const [, file, source] = /```ts\n\/\/ (src\/ops\/\w+\.ts)\n([\s\S]*?)```/.exec(page) ?? []
  if (!file || !source) throw new Error("docs/add-an-op.md has no op file")
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(join(copy, "test/types"), { recursive: true })
  for (const part of [
    "src",
    "typelevel",
    "test/laws",
    "test/types/check.ts",
    "test/types/fixtures/is.ts",
    "tsconfig.json",
    "vitest.config.ts",
    "package.json",
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  writeFileSync(join(copy, file), source)
  expect(node(["--import", import.meta.resolve("tsx"), "src/ops/generate.ts"])).toBe("")
  const report = join(copy, "report.json")
  const name = file.slice("src/ops/".length, -3)
  const said = node(
    [
      bin("vitest", "vitest.mjs"),
      "run",
      "--root",
      copy,
      "--reporter=json",
      `--outputFile=${report}`,
      "--exclude",
      "**/programs.test.ts",
      "test/laws",
    ],
    { ADJOINT_OP: name },
  )
  const results = (JSON.parse(readFileSync(report, "utf8")) as Results).testResults.flatMap((f) => f.assertionResults)
  const failed = results.filter((r) => r.status !== "passed").map((r) => `${r.ancestorTitles[0]}: ${r.failureMessages.join()}`)
  expect(failed).toEqual([])
  expect(said).toBe("")
  const about = results.filter((r) => r.title === name)
  expect(about.map((r) => r.ancestorTitles[0])).toEqual(
    expect.arrayContaining([
      "jvp = central finite difference",
      "<jvp t, c> = <t, vjp c>",
      "second derivative = finite difference of the gradient",
      "vmap = loop, over every subset of arguments",
      "each tangent is used once in a jvp",
      "lowering means the graph: any roots, fused or not, in the planned memory, in any order",
      "every invalid argument is refused with a sentence that names the op",
      "types and run time say the same",
      "wasm = reference",
      "gpujs-webasm = reference",
    ]),
  )
})
