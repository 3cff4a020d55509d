// Writes index.ts (every op's public function, by name) and catalog.ts (everything about every op, for laws and docs) from the files of
// this folder. `npm run generate` writes them; with `--check` it fails when they are stale. Another folder may be given.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const note = (what: string): string => `// Generated from the files of this folder by generate.ts: ${what}. Do not edit.\n`
const reserved = new Set(["index", "catalog", "generate"])

/** Names of the ops of a folder, sorted. Files that start with an underscore help several ops. */
export const opNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.startsWith("_"))
    .map((file) => file.slice(0, -3))
    .filter((name) => !reserved.has(name))
    .sort((a, b) => (a < b ? -1 : 1))
/** Contents of the generated files. */
export const generated = (names: readonly string[]): Readonly<Record<"index.ts" | "catalog.ts", string>> => ({
  "index.ts": note("the public function of every op") + names.map((n) => `export { ${n} } from "./${n}.ts"\n`).join(""),
  "catalog.ts":
    note("every op with its definition, for laws and docs; the library itself never imports this") +
    names.map((n) => `import * as ${n} from "./${n}.ts"\n`).join("") +
    `\nexport const catalog = {\n${names.map((n) => `  ${n},\n`).join("")}}\n`,
})

const own = fileURLToPath(import.meta.url)
if (process.argv[1] === own) {
  const args = process.argv.slice(2)
  const folder = args.find((a) => !a.startsWith("--")) ?? dirname(own)
  const current = (file: string): string => {
    try {
      return readFileSync(join(folder, file), "utf8")
    } catch {
      return ""
    }
  }
  const stale = Object.entries(generated(opNames(folder))).filter(([file, text]) => current(file) !== text)
  if (!args.includes("--check")) for (const [file, text] of stale) writeFileSync(join(folder, file), text)
  else if (stale.length > 0) {
    console.error(`${stale.map(([file]) => join(folder, file)).join(", ")}: stale; run npm run generate`)
    process.exitCode = 1
  }
}
