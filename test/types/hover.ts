// Checks what an editor shows. A fixture marks it:
//
//   // @hover part: Tensor<[1, 4]>
//   const part = T.slice(product, [[0, 1], [1, 5]])
//
// The type of the next declaration of that name reads exactly so, on one line.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Report } from "./check.ts"
import { languageServer } from "./languageServer.ts"

const folder = join(import.meta.dirname, "fixtures")

export interface Mark {
  readonly line: number
  readonly name: string
  readonly text: string
  /** Where the name is declared, as line and character from 0; undefined where it is not. */
  readonly at: readonly [line: number, character: number] | undefined
}
export const marksOf = (source: string): Mark[] => {
  const lines = source.split("\n")
  return lines.flatMap((line, k) => {
    const m = /^\/\/ @hover (\w+): (.*\S)\s*$/.exec(line)
    if (!m) return []
    const declaration = new RegExp(`^(?:export )?(?:declare )?const (?:\\[[\\w, ]*)?\\b(?=${m[1]}\\b)`)
    const j = lines.findIndex((l, i) => i > k && declaration.test(l))
    return [{ line: k + 1, name: m[1]!, text: m[2]!, at: j < 0 ? undefined : [j, declaration.exec(lines[j]!)![0].length] }]
  })
}

/** Checks the marks of the fixtures named, as `adjust` leaves them. */
export const hovers = async (
  names: readonly string[],
  adjust = (marks: readonly Mark[]): readonly Mark[] => marks,
): Promise<Report> => {
  const server = await languageServer(folder)
  const problems: string[] = []
  let checked = 0
  try {
    for (const name of names) {
      const file = join(folder, name)
      const source = readFileSync(file, "utf8")
      server.open(file, source)
      for (const mark of adjust(marksOf(source))) {
        checked++
        const shown = mark.at ? await server.hover(file, ...mark.at) : "no declaration of that name"
        const text = shown.replace(/^const \w+: /, "").replaceAll(/\s+/g, " ")
        if (text !== mark.text) problems.push(`${name}:${mark.line}: ${mark.name}: expected ${mark.text}, got ${text}`)
      }
    }
    return { checked, problems }
  } finally {
    await server.close()
  }
}
