import * as Data from "effect/Data"

/** Data that could not be read. `message` is one line: `file: what was wrong; what to do`. */
export class DataError extends Data.TaggedError("DataError")<{ readonly file: string; readonly message: string }> {}

/** A DataError with its sentence: `dataError("a.gz", "it is empty", "get it again")`. */
export const dataError = (file: string, wrong: string, advice: string): DataError =>
  new DataError({ file, message: `${file}: ${wrong}; ${advice}` })
