// Files: read in pieces, written whole or not at all. Node only; the platform is imported when it is used.
import * as Effect from "effect/Effect"
import { AGAIN, type CheckpointError, checkpointError, Flaw } from "./errors.ts"

const codeOf = (cause: unknown): string => String((cause as { code?: unknown } | undefined)?.code ?? cause)
const advice: Readonly<Record<string, readonly [wrong: string, advice: string]>> = {
  ENOENT: ["there is no such file or folder", "check its name"],
  EISDIR: ["this is a folder", "name the file itself"],
  ENOSPC: ["the disk is full", "make room"],
}
const failure = (file: string, verb: "read" | "written", cause: unknown): CheckpointError => {
  if (cause instanceof Flaw) return checkpointError(file, cause.wrong, cause.advice)
  const code = codeOf(cause)
  const [wrong, what] = advice[code] ?? [`it could not be ${verb} (${code})`, `check that it may be ${verb}`]
  return checkpointError(file, wrong, what)
}

/** An open file. Its functions throw a Flaw, or what the platform throws. */
export interface OpenFile {
  readonly bytes: number
  readonly read: (at: number, count: number) => Promise<Uint8Array<ArrayBuffer>>
}
/** Opens a file for `use`; a Flaw that it throws becomes the file's CheckpointError. */
export const reading = <A>(file: string, use: (open: OpenFile) => Promise<A>): Effect.Effect<A, CheckpointError> => {
  const attempt = <B>(f: () => Promise<B>): Effect.Effect<B, CheckpointError> =>
    Effect.tryPromise({ try: f, catch: (cause) => failure(file, "read", cause) })
  return Effect.acquireUseRelease(
    attempt(async () => (await import("node:fs/promises")).open(file, "r")),
    (handle) =>
      attempt(async () => {
        const found = await handle.stat()
        if (found.isDirectory()) throw new Flaw("this is a folder", "name the file itself")
        const read: OpenFile["read"] = async (at, count) => {
          const out = new Uint8Array(count)
          for (let done = 0; done < count; ) {
            const { bytesRead } = await handle.read(out, done, count - done, at + done)
            if (bytesRead === 0) throw new Flaw(`it ended after ${at + done} bytes while it was read`, AGAIN)
            done += bytesRead
          }
          return out
        }
        return use({ bytes: found.size, read })
      }),
    (handle) => Effect.promise(() => handle.close()),
  )
}

let written = 0
/** Writes pieces into a file beside it, which takes its name when all of them are on the disk: nobody ever sees half a file. */
export const writeWhole = (file: string, pieces: Iterable<Uint8Array>): Effect.Effect<void, CheckpointError> => {
  const attempt = <B>(f: (signal: AbortSignal) => Promise<B>): Effect.Effect<B, CheckpointError> =>
    Effect.tryPromise({ try: f, catch: (cause) => failure(file, "written", cause) })
  return Effect.acquireUseRelease(
    attempt(async () => {
      const fs = await import("node:fs/promises")
      const temporary = `${file}.${process.pid}.${++written}.tmp`
      return { fs, temporary, handle: await fs.open(temporary, "wx") }
    }),
    ({ fs, temporary, handle }) =>
      attempt(async (signal) => {
        for (const piece of pieces) if (!signal.aborted) await handle.writeFile(piece)
        await handle.sync()
        if (!signal.aborted) await fs.rename(temporary, file)
      }),
    // After the renaming there is nothing to remove.
    ({ fs, temporary, handle }) => Effect.promise(() => handle.close().finally(() => fs.rm(temporary, { force: true }))),
  )
}
