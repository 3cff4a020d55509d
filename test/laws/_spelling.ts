// Calls of public functions as source text, for the compiler to judge.
import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { isTensor, type RawTensor } from "../../src/core/index.ts"
import { compile, type Diagnostic, diagnosticsOf } from "../types/check.ts"
import type { Subject } from "./_harness.ts"

const root = resolve(import.meta.dirname, "../..")

export type SpellTensor = (t: RawTensor) => string
const literally: SpellTensor = (t) => `t<[${t.shape.join(", ")}], "${t.dtype}">()`
const all = (parts: readonly (string | undefined)[], f: (s: readonly string[]) => string): string | undefined =>
  parts.every((p) => p !== undefined) ? f(parts as string[]) : undefined

/** A value as source; undefined if its type would not be literal. */
export const source = (v: unknown, tensor: SpellTensor = literally): string | undefined => {
  if (isTensor(v)) return tensor(v)
  if (typeof v === "number") return Number.isFinite(v) && !Object.is(v, -0) && !String(v).includes("e") ? String(v) : undefined
  if (typeof v === "string") return JSON.stringify(v)
  if (typeof v === "boolean" || v === undefined || v === null) return String(v)
  const inner = (w: unknown): string | undefined => source(w, tensor)
  if (Array.isArray(v)) return all(v.map(inner), (s) => `[${s.join(", ")}]`)
  if (typeof v !== "object") return undefined
  const keys = Object.keys(v)
  return all(
    keys.map((k) => inner((v as Record<string, unknown>)[k])),
    (s) => (keys.length > 0 ? `{ ${keys.map((k, j) => `${k}: ${s[j]}`).join(", ")} }` : "{}"),
  )
}
/** The type of a result, as source. */
export const typeOf = (v: unknown): string => {
  if (isTensor(v)) return `Tensor<[${v.shape.join(", ")}], "${v.dtype}">`
  if (Array.isArray(v)) return `[${v.map(typeOf).join(", ")}]`
  if (typeof v === "number") return String(v)
  return `{ ${Object.entries(v as object)
    .map(([k, w]) => `${k}: ${typeOf(w)}`)
    .join("; ")} }`
}
/** A call of a public function as source; undefined where an argument cannot be spelled. */
export const callOf = (s: Subject, args: readonly unknown[], tensor?: SpellTensor): string | undefined =>
  all(
    args.map((a) => source(a, tensor)),
    (a) => `${s.name}_.${s.name}(${a.join(", ")})`,
  )

/** Compiles lines of source over these ops, in a folder of their own under out/. Diagnostics by line, those elsewhere at -1. */
export const diagnose = (folder: string, ops: readonly Subject[], lines: readonly string[]): Map<number, Diagnostic[]> => {
  const head = [
    `import type { DType } from "../../src/core/dtype.ts"`,
    `import type { Tensor } from "../../src/core/tensor.ts"`,
    `import type { Shape } from "../../typelevel/shape.ts"`,
    `import type { Replaced, Substitute } from "../../typelevel/unify.ts"`,
    `import { is } from "../../test/types/fixtures/is.ts"`,
    ...ops.map((s) => `import * as ${s.name}_ from "../../src/ops/${s.name}.ts"`),
    `declare const t: <S extends Shape, D extends DType>() => Tensor<S, D>`,
  ]
  const at = join(root, "out", folder)
  mkdirSync(at, { recursive: true })
  writeFileSync(
    join(at, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: { rootDir: "../.." }, files: ["calls.ts"], include: [] }),
  )
  const file = join(at, "calls.ts")
  writeFileSync(file, `${[...head, ...lines].join("\n")}\n`)
  const byLine = new Map<number, Diagnostic[]>()
  for (const d of diagnosticsOf(compile(["-p", at], root), root)) {
    const k = d.file === file ? d.line - 1 - head.length : -1
    byLine.set(k, [...(byLine.get(k) ?? []), d])
  }
  return byLine
}
