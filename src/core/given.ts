// What public functions are given, as plain JavaScript may give it: read here, or refused with a sentence. (Typed programs are refused before.)
import { refuse } from "./errors.ts"
import { spelled } from "./shape.ts"
import { isTensor, type RawTensor } from "./tensor.ts"

/** v, which must be a tensor. */
export const tensorIn = (op: string, v: unknown, name = "x"): RawTensor =>
  isTensor(v) ? v : refuse(`${op}: ${name} must be a tensor, not ${spelled(v)}; fromArray makes a tensor of numbers`)
/** v, which must be a list of tensors. */
export const tensorsIn = (op: string, v: unknown): readonly RawTensor[] =>
  listIn<unknown>(op, "the tensors", v).map((t) => tensorIn(op, t, "an entry of the list"))
/** v, which must be a list. What is in it is the caller's to check. */
export const listIn = <T>(op: string, name: string, v: unknown): readonly T[] =>
  Array.isArray(v) ? (v as readonly T[]) : refuse(`${op}: ${name} must be a list, not ${spelled(v)}; put it in brackets`)
/** v, which must be a text. */
export const textIn = (op: string, name: string, v: unknown): string =>
  typeof v === "string" ? v : refuse(`${op}: ${name} must be a text, not ${spelled(v)}; put it in quotes`)
/** v, which must be a function. */
export const functionIn = <F>(op: string, name: string, v: unknown): F =>
  typeof v === "function" ? (v as F) : refuse(`${op}: ${name} must be a function, not ${spelled(v)}; give one`)
/** v, which must be one of a few words. */
export const wordIn = <W extends string | boolean>(op: string, name: string, v: unknown, words: readonly W[]): W =>
  words.find((w) => w === v) ?? refuse(`${op}: ${name} is ${spelled(v)}; it must be ${words.map(spelled).join(" or ")}`)
/** A switch, which is off where it is not given. */
export const flagIn = (op: string, name: string, v: unknown): boolean =>
  v === undefined ? false : wordIn(op, name, v, [true, false] as const) || false
/** An object with options, all of whose names are known. None are given: {}. */
export const optionsIn = <O extends object>(op: string, v: unknown, names: readonly (keyof O & string)[]): Partial<O> => {
  if (v === undefined) return {}
  if (typeof v !== "object" || v === null || Array.isArray(v) || isTensor(v))
    return refuse(`${op}: the options must be an object, not ${spelled(v)}; the options are ${names.join(", ")}`)
  for (const k of Object.keys(v))
    if (!(names as readonly string[]).includes(k)) refuse(`${op}: there is no option ${k}; the options are ${names.join(", ")}`)
  return v as Partial<O>
}
