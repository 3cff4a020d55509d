// docs/shapes.md is true: its blocks are compiled, with the errors and the types that their comments announce, and run: a line that
// announces an error throws that sentence, one that announces a type gives a tensor of that shape.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, it } from "vitest"
import { check } from "./check.ts"

const root = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(root, "docs/shapes.md"), "utf8")
interface Block {
  readonly kind: "preamble" | "types" | "run"
  readonly line: number
  readonly lines: readonly string[]
}
const blocks: readonly Block[] = [...page.matchAll(/^```ts(?: (\w+))?\n([\s\S]*?)^```$/gm)].map((m) => ({
  kind: (m[1] ?? "run") as Block["kind"],
  line: page.slice(0, m.index).split("\n").length + 1,
  lines: m[2]!.trimEnd().split("\n"),
}))
const preamble = blocks.find((b) => b.kind === "preamble")!.lines

/** `x //  Tensor<[2]>`: the value, and the type that it has. */
const announced = /^(?:const (\w+) = )?(\S.*?) +\/\/ +(Tensor<.*>|\[Tensor<.*\]|Params|\d+)$/
const throws = /^(\S.*?) \/\/ throws: (.*)$/
/** The line with its type asserted. */
const typed = (line: string): string => {
  const m = announced.exec(line)
  if (!m) return line
  return m[1] ? `${line}\nis<${m[3]}>()(${m[1]})` : `is<${m[3]}>()(${m[2]})`
}
/** The block as a program that returns what went wrong. Wrong statements end at a blank line, as in fixtures. */
const running = (b: Block): string => {
  const out: string[] = []
  let sentence: string | undefined
  let statement: string[] = []
  const close = (): void => {
    if (sentence !== undefined)
      out.push(`throwing(${JSON.stringify(sentence)}, () => { ${statement.join("\n").replace(/^const (\w+) = /, "return ")}\n})`)
    sentence = undefined
    statement = []
  }
  for (const line of b.lines) {
    const mark = /@expect-error TS\d+ at `[^`]+`: (.*)$/.exec(line)
    const [t, a] = [throws.exec(line), announced.exec(line)]
    if (mark) sentence = mark[1]
    else if (sentence !== undefined && line !== "" && statement.length === 0) statement.push(line)
    else if (sentence !== undefined && line !== "") statement.push(line)
    else {
      close()
      if (t) out.push(`throwing(${JSON.stringify(t[2])}, () => ${t[1]})`)
      else if (a?.[2]!.includes(".types."))
        continue // there at compile time only
      else if (a) {
        if (a[1]) out.push(`const ${a[1]} = ${a[2]}`)
        out.push(`shapes(${JSON.stringify(a[3])}, () => ${a[1] ?? a[2]})`)
      } else out.push(line)
    }
  }
  close()
  return out.join("\n")
}
const helpers = `
const problems: string[] = []
const throwing = (sentence: string, f: () => unknown): void => {
  try { f() } catch (e) { if ((e as Error).message !== sentence) problems.push((e as Error).message); return }
  problems.push("not thrown: " + sentence)
}
const sizes = (v: unknown): string =>
  Array.isArray(v) ? "[" + v.map(sizes).join(", ") + "]"
    : typeof v === "object" && v !== null && "dtype" in v && "shape" in v
      ? "Tensor<[" + (v.shape as number[]).join(", ") + "]" + (v.dtype === "f32" ? "" : ", " + JSON.stringify(v.dtype)) + ">"
      : String(v)
const shapes = (type: string, f: () => unknown): void => {
  const got = sizes(f())
  const wanted = type.replaceAll(/\\bnumber\\b/g, "?")
  const same = new RegExp("^" + wanted.replaceAll(/[[\\](){}.*+]/g, (c) => "\\\\" + c).replaceAll("?", "\\\\d+") + "$")
  if (type !== "Params" && !same.test(got)) problems.push(got + " is not " + type)
}
`

const inFolder = async (use: (dir: string) => unknown): Promise<void> => {
  const dir = mkdtempSync(join(import.meta.dirname, "docs-"))
  try {
    await use(dir)
  } finally {
    rmSync(dir, { recursive: true })
  }
}
it("names the budgets that hold", () => {
  const budgets = ["budgets.json", "networkBudgets.json"].map((name) => readFileSync(join(import.meta.dirname, name), "utf8"))
  const all = Object.assign({}, ...budgets.map((text) => JSON.parse(text) as object)) as Readonly<Record<string, number>>
  const rows = [...page.matchAll(/^\| ([^|]+) \| (\d+) \|$/gm)]
  expect(rows.length).toBeGreaterThan(4)
  expect(Object.fromEntries(rows.map(([, name, n]) => [name, Number(n)]))).toEqual(
    Object.fromEntries(rows.map(([, name]) => [name, all[name!]])),
  )
})
it("compiles, with the errors and the types that it announces", () =>
  inFolder((dir) => {
    writeFileSync(join(dir, "tsconfig.json"), `{ "extends": "../fixtures/tsconfig.json", "include": ["."], "exclude": [] }`)
    for (const b of blocks)
      if (b.kind !== "preamble")
        writeFileSync(
          join(dir, `line${b.line}.fx.ts`),
          [...preamble, `import { is } from "../fixtures/is.ts"`, ...b.lines.map(typed), "export {}", ""].join("\n"),
        )
    const { checked, problems } = check(dir)
    expect(problems).toEqual([])
    expect(checked).toBeGreaterThan(20)
  }))
it("runs, throws and computes what it says", () =>
  inFolder(async (dir) => {
    for (const b of blocks)
      if (b.kind === "run") {
        const file = join(dir, `line${b.line}.ts`)
        writeFileSync(file, [...preamble, helpers, running(b), "export { problems }", ""].join("\n"))
        const { problems } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
          readonly problems: readonly string[]
        }
        expect(problems, `docs/shapes.md, block in line ${b.line}`).toEqual([])
      }
  }))
