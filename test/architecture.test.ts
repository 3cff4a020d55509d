// What the layout promises: who may import whom, who may know an op by name, what may run when a module is loaded, how long a file is.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { generated, opNames } from "../src/ops/generate.ts"
import { mutants } from "./mutation/mutants.ts"

const root = resolve(import.meta.dirname, "..")
const filesOf = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((f) => f.endsWith(".ts") && !f.includes("node_modules"))
    .map((f) => join(folder, f))
const src = [...filesOf("src"), ...filesOf("typelevel")]
const textOf = (file: string): string => readFileSync(join(root, file), "utf8")
/** Source without comments and without the contents of strings and templates, line by line. */
const code = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, (m) => m.replace(/[^\n]/g, " "))
interface Import {
  readonly file: string
  readonly path: string
  readonly names: readonly string[]
  readonly types: boolean
}
const importsOf = (file: string): Import[] =>
  [...textOf(file).matchAll(/^(?:import|export)(\s+type)?\s+(?:([^;"']*?)\s+from\s+)?"([^"]+)"/gm)].map(
    ([, type, names = "", path]) => ({
      file,
      path: path!,
      names: [...names.matchAll(/\b(?:type\s+)?(\w+)(?:\s+as\s+\w+)?\s*(?=[,}])/g)].map((m) => m[1]!),
      types: type !== undefined,
    }),
  )
const imports = src.flatMap(importsOf)
const target = (i: Import): string => (i.path.startsWith(".") ? relative(root, resolve(root, dirname(i.file), i.path)) : i.path)
/** "src/core/ir/ix.ts" -> "core"; files directly in src have a folder of their own name. */
const folderOf = (file: string): string => {
  const [top, second] = file.split("/") as [string, string]
  return top === "src" ? basename(second, ".ts") : top
}

// A folder imports only from itself and from those before it.
const order = [
  "typelevel",
  "core",
  "scalar",
  "ops",
  "algebra",
  "random",
  "transform",
  "nn",
  "optim",
  "pure",
  "tensor",
  "compiler",
  "backends",
  "runtime",
  "data",
  "train",
  "io",
  "index",
  "promise",
  "testing",
]
const pure = order.slice(0, order.indexOf("compiler") + 1)

describe("imports", () => {
  it("every folder has its place", () => expect([...new Set(src.map(folderOf))].filter((f) => !order.includes(f))).toEqual([]))
  it("go one way", () => {
    const wrong = imports.filter(
      (i) => i.path.startsWith(".") && order.indexOf(folderOf(target(i))) > order.indexOf(folderOf(i.file)),
    )
    expect(wrong.map((i) => `${i.file} imports ${target(i)}`)).toEqual([])
  })
  it("stay inside src and typelevel, and name the file", () => {
    const wrong = imports.filter(
      (i) => i.path.startsWith(".") && (!/^(src|typelevel)\//.test(target(i)) || !i.path.endsWith(".ts")),
    )
    expect(wrong.map((i) => `${i.file} imports ${i.path}`)).toEqual([])
  })
  it("the type level imports nothing else and emits nothing", () => {
    const wrong = imports.filter((i) => folderOf(i.file) === "typelevel" && folderOf(target(i)) !== "typelevel")
    expect(wrong.map((i) => `${i.file} imports ${i.path}`)).toEqual([])
    const emits = filesOf("typelevel").filter((f) => /^(export )?(const|let|function|class|enum)\b/m.test(code(textOf(f))))
    expect(emits).toEqual([])
  })
  it("the pure half has no effects and no platform", () => {
    const wrong = imports.filter(
      (i) =>
        pure.includes(folderOf(i.file)) &&
        !i.file.endsWith("ops/generate.ts") &&
        /^(effect|@effect|node:|gpu\.js|webgpu)/.test(i.path),
    )
    expect(wrong.map((i) => `${i.file} imports ${i.path}`)).toEqual([])
  })
  it("effect and fp-ts are imported by subpath", () => {
    const wrong = imports.filter((i) => i.path === "effect" || i.path === "fp-ts")
    expect(wrong.map((i) => i.file)).toEqual([])
  })
  it("only testing needs fast-check", () => {
    const wrong = imports.filter((i) => i.path === "fast-check" && folderOf(i.file) !== "testing")
    expect(wrong.map((i) => i.file)).toEqual([])
  })
})

const ops = opNames(join(root, "src/ops"))
describe("op names", () => {
  // Compiler and backends know loop IR; the core knows rules. Ordinary users of ops (layers, losses, optimizers, random) import them.
  const ignorant = ["typelevel", "core", "scalar", "compiler", "backends", "runtime", "data", "io"]
  it("core, compiler and backends import no op", () => {
    const wrong = imports.filter((i) => ignorant.includes(folderOf(i.file)) && target(i).startsWith("src/ops/"))
    expect(wrong.map((i) => `${i.file} imports ${target(i)}`)).toEqual([])
  })
  it("they compare no op's name", () => {
    const wrong = src
      .filter((f) => ignorant.includes(folderOf(f)))
      .flatMap((f) =>
        [...textOf(f).matchAll(/\bop\.name\s*[!=]==?\s*"(\w+)"/g)]
          .filter(([, name]) => ops.includes(name!))
          .map(([m]) => `${f}: ${m}`),
      )
    expect(wrong).toEqual([])
  })
  it("transform binds the linear structure once, and otherwise uses moveAxis, full, and barriers for recomputation", () => {
    const used = imports.filter((i) => folderOf(i.file) === "transform" && target(i).startsWith("src/ops/"))
    const linear = used.filter((i) => i.file.endsWith("/linear.ts")).map((i) => basename(i.path, ".ts"))
    expect(linear.sort()).toEqual(["add", "broadcastTo", "full"])
    const others = [...new Set(used.filter((i) => !i.file.endsWith("/linear.ts")).map((i) => basename(i.path, ".ts")))]
    expect(others.filter((n) => !["moveAxis", "full", "barrier", "_closure"].includes(n))).toEqual([])
  })
})

describe("op files", () => {
  // Op files import each other in circles (sum and broadcastTo are adjoint): whatever runs while a module is loaded must not call one.
  const makers = /^(defineOp|mapOp|view)$/
  const own = src.filter((f) => f.startsWith("src/ops/") && !/\/(index|catalog|generate)\.ts$/.test(f))
  /** What a module evaluates when it is loaded: its text without types, functions, and everything to the right of an arrow. */
  const immediate = (source: string): string => {
    const text = source
      .replace(/^(?:export )?(?:declare )?function [\s\S]*?\n}\n/gm, "")
      .replace(/^(?:export )?(?:type|interface) [\s\S]*?\n(?=\S)/gm, (m) => (m.endsWith("\n}\n") ? "" : "\n"))
    let out = ""
    let depth = 0
    let arrow = Number.POSITIVE_INFINITY // depth of the arrow that we are to the right of
    for (let k = 0; k < text.length; k++) {
      const c = text[k]!
      if (")]}".includes(c)) depth--
      const ends = depth < arrow || (depth === arrow && (c === "," || (depth === 0 && /^\n\S/.test(text.slice(k, k + 2)))))
      if (arrow < Number.POSITIVE_INFINITY && ends) arrow = Number.POSITIVE_INFINITY
      if (text.startsWith("=>", k)) arrow = Math.min(arrow, depth)
      if (arrow === Number.POSITIVE_INFINITY) out += c
      if ("([{".includes(c)) depth++
    }
    return out
  }
  const callsIn = (text: string, names: ReadonlySet<string>): string[] =>
    [...immediate(code(text)).matchAll(/\b(\w+)(?:<[^()]*>)?\(/g)]
      .map((m) => m[1]!)
      .filter((name) => names.has(name) && !makers.test(name))
  it("run nothing but makers when they are loaded", () => {
    const wrong = own.flatMap((f) => {
      const fromOps = importsOf(f).filter(
        (i) => !i.types && target(i).startsWith("src/ops/") && !basename(i.path).startsWith("_"),
      )
      return callsIn(textOf(f), new Set(fromOps.flatMap((i) => i.names))).map((name) => `${f} calls ${name} while it is loaded`)
    })
    expect(wrong).toEqual([])
  })
  it("and this test would notice", () => {
    const source = `type R = "full("\nconst a = one()\nexport const op = view({ at: (x) => two(x), b: three(4), c: [() => {\n  two()\n}, four()] })
const f = (x: number) =>\n  two(x)\nconst g = five()\nexport function h() {\n  return two()\n}\n`
    expect(callsIn(source, new Set(["one", "two", "three", "four", "five", "full", "view"]))).toEqual([
      "one",
      "three",
      "four",
      "five",
    ])
  })
  it("export the op and its function, under the file's name", () => {
    const wrong = ops.filter((n) => {
      const text = textOf(`src/ops/${n}.ts`)
      return (
        !new RegExp(`^export (?:function|const) ${n}\\b`, "m").test(text) || !/^export (?:const op\b|\{[^}]*\bop\b)/m.test(text)
      )
    })
    expect(wrong).toEqual([])
  })
  it("are all in the generated index", () => {
    for (const [file, text] of Object.entries(generated(ops))) expect(textOf(`src/ops/${file}`)).toBe(text)
  })
})

describe("files", () => {
  it("have at most 400 lines", () => {
    const long = [...src, ...filesOf("test"), ...filesOf("examples").filter((f) => statSync(join(root, f)).isFile())]
      .filter((f) => !/^test\/types\/(fixtures|scratch)/.test(f))
      .filter((f) => textOf(f).split("\n").length > 401)
    expect(long).toEqual([])
  })
  it("use `any` only in core, with a reason", () => {
    const any = src.flatMap((f) => {
      const lines = textOf(f).split("\n")
      return code(textOf(f))
        .split("\n")
        .flatMap((line, k) =>
          /:\s*any\b|<any\b|,\s*any\s*[>,]|\bas any\b|\bany\[\]|\|\s*any\b/.test(line)
            ? [{ f, k, reason: /biome-ignore|\/\//.test(`${lines[k - 2]} ${lines[k - 1]}`) }]
            : [],
        )
    })
    expect(any.filter((a) => folderOf(a.f) !== "core").map((a) => `${a.f}:${a.k + 1}`)).toEqual([])
    expect(any.filter((a) => !a.reason).map((a) => `${a.f}:${a.k + 1}`)).toEqual([])
  })
  it("leave nothing for later", () => {
    const marks = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|"))
    expect([...src, ...filesOf("test")].filter((f) => marks.test(textOf(f)))).toEqual([])
  })
})

describe("mutants", () => {
  it("are texts that occur exactly once, under names that do", () => {
    const all = Object.values(mutants).flat()
    const moved = all.filter((m) => textOf(m.file).split(m.find).length !== 2).map((m) => `${m.name}: not once in ${m.file}`)
    expect(moved).toEqual([])
    expect(new Set(all.map((m) => m.name)).size).toBe(all.length)
  })
  it("name suites that there are", () => {
    const files = Object.values(mutants).flatMap((of) =>
      of.flatMap(({ suite }) => (suite === "wrong programs" ? [] : suite.files)),
    )
    expect([...new Set(files)].filter((f) => !existsSync(join(root, f)))).toEqual([])
  })
})
