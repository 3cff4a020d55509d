// The fixtures and the arithmetic on every compiler of the matrix: the same code, place and first line for each wrong program, no
// complaint about any right one. (TypeScript 7 has types.test.ts and nat.test.ts; it is here for the figures.)
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { check, compile } from "./check.ts"
import { compilers, install, outcomeOf } from "./matrix/compilers.ts"
import { right, seed, wrong } from "./natCases.ts"
import { inScratch } from "./scratch.ts"

/** For one compiler, of which 5.9 takes 15 s on a machine that does nothing else. */
const LIMIT = { timeout: 400_000 }
const fixtures = join(import.meta.dirname, "fixtures")
let missing: string | undefined
beforeAll(async () => {
  missing = await install()
  if (missing) console.log(`the type-check matrix is left out, its compilers could not be installed: ${missing}`)
})
const say = (what: string, instantiations: number | string, seconds: number | string): void =>
  console.log(`${what}: ${instantiations} instantiations, checked in ${seconds} s`)

it("TypeScript 7: figures", () => {
  const figure = (output: string, name: string): string => new RegExp(`${name}:\\s+([\\d.]+)`).exec(output)?.[1] ?? "?"
  const output = compile(["-p", fixtures, "--extendedDiagnostics"], fixtures)
  say("TypeScript 7, fixtures and the whole library", figure(output, "Instantiations"), figure(output, "Check time"))
  expect(Number(figure(output, "Instantiations"))).toBeGreaterThan(0)
})
describe.each(compilers)("%s (%s)", (name) => {
  it("refuses the wrong programs in the same words, and accepts the right ones", LIMIT, async ({ skip }) => {
    if (missing) skip(missing)
    const { diagnostics, instantiations, seconds } = await outcomeOf(name, fixtures)
    const { checked, problems } = check(fixtures, diagnostics)
    expect(problems).toEqual([])
    expect(checked).toBeGreaterThan(240)
    say(`${name}, fixtures`, instantiations, seconds.toFixed(1))
  })
  it("computes what BigInt computes", LIMIT, async ({ skip }) => {
    if (missing) skip(missing)
    const { diagnostics, instantiations, seconds } = await inScratch(right, (folder) => outcomeOf(name, folder))
    expect(
      diagnostics.map((d) => right.split("\n")[d.line - 1] ?? d.text),
      `seed ${seed}`,
    ).toEqual([])
    say(`${name}, arithmetic`, instantiations, seconds.toFixed(1))
    const noticed = await inScratch(wrong, (folder) => outcomeOf(name, folder))
    expect(noticed.diagnostics.map((d) => d.text)).toEqual(["Type 'true' is not assignable to type 'false'."])
  })
})
