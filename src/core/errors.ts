// The one error that pure code raises. It carries a tag, so that effects can catch it by name.

/** A program that does not fit together: shapes, dtypes, axes, options. The message is the sentence that the type level says too. */
export class ShapeError extends Error {
  readonly _tag = "ShapeError"
  override readonly name = "ShapeError"
}
/** Throws a ShapeError. */
export const refuse = (sentence: string): never => {
  throw new ShapeError(sentence)
}
