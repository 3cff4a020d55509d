// The edge of the main job: files it writes, signals, what it says when something is wrong.
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { rename, rm, stat, writeFile } from "node:fs/promises"

/** What the user can put right: one line that names a flag or a file. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}
class Interrupted extends Data.TaggedError("Interrupted") {}

const reasons: Record<string, string> = {
  ENOENT: "its folder does not exist",
  ENOTDIR: "its folder is a file",
  EACCES: "it may not be written",
  EROFS: "it may not be written",
}
const attempt = <A>(path: string, io: () => Promise<A>): Effect.Effect<A, Refused> =>
  Effect.tryPromise({
    try: io,
    catch: (e) => {
      const code = (e as NodeJS.ErrnoException).code ?? String(e)
      return new Refused({
        message: `--json ${path}: ${reasons[code] ?? `it cannot be written (${code})`}; give a file that can be written`,
      })
    },
  })
/** A file that is written whole or not at all: under a temporary name, then renamed. Fails now if it could not be later. */
export const jsonFile = (path: string) =>
  Effect.gen(function* () {
    const temporary = `${path}.${process.pid}.tmp`
    const found = yield* Effect.promise(() => stat(path).catch(() => undefined))
    if (found?.isDirectory()) return yield* new Refused({ message: `--json ${path}: this is a folder; give a file` })
    yield* attempt(path, () => writeFile(temporary, "", { flag: "wx" }).then(() => rm(temporary)))
    return (numbers: unknown) =>
      attempt(path, () => writeFile(temporary, `${JSON.stringify(numbers, null, 2)}\n`).then(() => rename(temporary, path)))
  })

/** The effect, ended by Ctrl-C: what it holds is given back, and then the process ends. */
export const untilInterrupted = <A, E, R>(e: Effect.Effect<A, E, R>): Effect.Effect<A, E | Interrupted, R> =>
  Effect.raceFirst(
    e,
    Effect.callback<never, Interrupted>((resume) => {
      const stop = (): void => resume(Effect.fail(new Interrupted()))
      process.once("SIGINT", stop)
      return Effect.sync(() => process.off("SIGINT", stop))
    }),
  )
/** Runs the job: errors that were foreseen are one line, a defect (a bug) shows where it happened. */
export const runMain = async <A>(main: Effect.Effect<A, { readonly _tag: string; readonly message: string }>): Promise<void> => {
  process.stdout.on("error", () => process.exit(1)) // the reader of a pipe has left
  const exit = await Effect.runPromiseExit(main)
  if (Exit.isSuccess(exit)) return
  const e = Cause.squash(exit.cause) as { readonly _tag?: string; readonly message: string }
  if (e instanceof Interrupted) process.exitCode = 130
  else {
    console.error(Cause.hasDies(exit.cause) ? Cause.pretty(exit.cause) : e.message.replaceAll(/\s*\n\s*/g, " "))
    process.exitCode = 1
  }
}
