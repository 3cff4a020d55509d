// Checks what an editor shows. A fixture marks it:
//
//   // @hover part: Tensor<[1, 4]>
//   const part = T.slice(product, [[0, 1], [1, 5]])
//
// The type of the next declaration of that name reads exactly so. Editors ask the compiler through the interface that is used here.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { API } from "typescript/unstable/sync"
import type { Report } from "./check.ts"

const folder = join(import.meta.dirname, "fixtures")
/** TypeScript's TypeFormatFlags.NoTruncation. */
const WHOLE = 1

export interface Mark {
  readonly line: number
  readonly name: string
  readonly text: string
  /** Where the name is declared, or -1. */
  readonly at: number
}
export const marksOf = (source: string): Mark[] =>
  [...source.matchAll(/^\/\/ @hover (\w+): (.*\S)\s*$/gm)].map((m) => {
    const behind = source.slice(m.index)
    const declared = new RegExp(`^(?:export )?(?:declare )?const (?:\\[[\\w, ]*)?\\b${m[1]}\\b`, "m").exec(behind)
    return {
      line: source.slice(0, m.index).split("\n").length,
      name: m[1]!,
      text: m[2]!,
      at: declared ? m.index + declared.index + declared[0].length - m[1]!.length : -1,
    }
  })

/** Checks the marks of the fixtures named, as `adjust` leaves them. */
export const hovers = (names: readonly string[], adjust = (marks: readonly Mark[]): readonly Mark[] => marks): Report => {
  const api = new API({ cwd: folder })
  try {
    const project = api.updateSnapshot({ openProjects: [join(folder, "tsconfig.json")] }).getProjects()[0]
    if (!project) throw new Error(`${folder}: no project was opened`)
    let checked = 0
    const problems = names.flatMap((name) => {
      const file = join(folder, name)
      return adjust(marksOf(readFileSync(file, "utf8"))).flatMap((mark) => {
        checked++
        const symbol = mark.at < 0 ? undefined : project.checker.getSymbolAtPosition(file, mark.at)
        const type = symbol && project.checker.getTypeOfSymbol(symbol)
        const text = type ? project.checker.typeToString(type, undefined, WHOLE) : "no declaration of that name"
        return text === mark.text ? [] : [`${name}:${mark.line}: ${mark.name}: expected ${mark.text}, got ${text}`]
      })
    })
    return { checked, problems }
  } finally {
    api.close()
  }
}
