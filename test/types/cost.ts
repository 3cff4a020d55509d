// What checking a source costs: how often the compiler instantiates a type. The count is the same at each run.
import { expect } from "vitest"
import { diagnosticsOf } from "./check.ts"
import { compileSource } from "./scratch.ts"

export const instantiations = (source: string): number => {
  const output = compileSource(source, ["--extendedDiagnostics"])
  const wrong = output.split("\n").filter((line) => line.startsWith("source.ts") || /^scratch.*source\.ts/.test(line))
  expect(wrong.slice(0, 3), "the generated calls compile").toEqual([])
  const m = /Instantiations:\s+(\d+)/.exec(output)
  if (!m) throw new Error(`no instantiation count: ${diagnosticsOf(output, ".")[0]?.text ?? output}`)
  return Number(m[1])
}
