#!/usr/bin/env node
// adjoint typegen model.safetensors > weights.ts
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { parseArgs } from "node:util"
import { writeWhole } from "./files.ts"
import { typegen } from "./typegen.ts"

const USAGE = `adjoint typegen FILE.safetensors [--out FILE.ts]

Writes the type of the tree of tensors that a safetensors file holds, and a function that loads it. Only the header is read.
`
class Usage {
  readonly _tag = "Usage"
  readonly message: string
  constructor(wrong: string) {
    this.message = `adjoint: ${wrong}; adjoint --help says what there is`
  }
}
const options = { out: { type: "string" }, help: { type: "boolean", short: "h" } } as const
const main = Effect.gen(function* () {
  const { values, positionals } = yield* Effect.try({
    try: () => parseArgs({ options, allowPositionals: true }),
    catch: (e) => new Usage((e as Error).message.split(/[.\n]/)[0]!),
  })
  if (values.help) return USAGE
  const [command, file, ...more] = positionals
  if (command !== "typegen")
    return yield* Effect.fail(new Usage(command === undefined ? "no command was given" : `there is no command ${command}`))
  if (file === undefined || more.length > 0) return yield* Effect.fail(new Usage("typegen takes one file"))
  const text = yield* typegen(file)
  if (values.out === undefined) return text
  yield* writeWhole(values.out, [new TextEncoder().encode(text)])
  return ""
})

process.stdout.on("error", () => process.exit(1)) // the reader of a pipe has left
const exit = await Effect.runPromiseExit(main)
if (Exit.isSuccess(exit)) process.stdout.write(exit.value)
else {
  console.error(Cause.hasDies(exit.cause) ? Cause.pretty(exit.cause) : (Cause.squash(exit.cause) as Error).message)
  process.exitCode = 1
}
