// What is looked up, and who owns values, broken.
import { type Mutant, tests } from "./suites.ts"

export const runtime: readonly Mutant[] = [
  {
    name: "runtime: a result takes the place of a value of another owner",
    file: "src/runtime/store.ts",
    find: "net?.shelf.owner !== owner || ",
    replace: "!net || ",
    suite: tests("runtime/store", "another owner"),
  },
  {
    name: "runtime: data leaves of any shape are one program",
    file: "src/core/program.ts",
    find: "putAval(key.number(LEAF), t)",
    replace: "key.number(LEAF)",
    suite: tests("core/key", "to no other"),
  },
]
