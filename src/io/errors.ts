import * as Data from "effect/Data"

/** A file of tensors that could not be read or written. `message` is one line: `file: what was wrong; what to do`. */
export class CheckpointError extends Data.TaggedError("CheckpointError")<{ readonly file: string; readonly message: string }> {}

/** A CheckpointError with its sentence: `checkpointError("a.safetensors", "it is empty", "get it again")`. */
export const checkpointError = (file: string, wrong: string, advice: string): CheckpointError =>
  new CheckpointError({ file, message: `${file}: ${wrong}; ${advice}` })

/** What is wrong with a file, before its name is known. */
export class Flaw {
  readonly wrong: string
  readonly advice: string
  constructor(wrong: string, advice: string) {
    this.wrong = wrong
    this.advice = advice
  }
}
export const AGAIN = "get the file again"
/** Text from a file, short and on one line. */
export const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
