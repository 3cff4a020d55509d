// Run-time facts about shapes and axes: the twins of typelevel/shape.ts.
import { refuse } from "./errors.ts"

export const size = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1)
/** `[2, 3]` */
export const show = (s: readonly (number | string)[]): string => `[${s.map(text).join(", ")}]`
/** A value as sentences show it, whatever it is. */
export const spelled = (v: unknown): string => {
  if (typeof v === "string") return JSON.stringify(v)
  if (typeof v === "function") return "a function"
  if (Array.isArray(v)) return `[${v.map(spelled).join(", ")}]`
  return typeof v === "object" && v !== null ? ("dtype" in v && "node" in v ? "a tensor" : "an object") : String(v)
}
/** A size, a name, or what stands in their place. */
export const text = (v: number | string): string => (typeof v === "string" ? v : spelled(v))
export const same = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((n, k) => n === b[k])
export const upto = (n: number): number[] => Array.from({ length: n }, (_, k) => k)

/** Non-negative axis, or the sentence. */
export const axisOf = (op: string, s: readonly number[], axis: number): number =>
  Number.isInteger(axis) && axis >= -s.length && axis < s.length
    ? (axis + s.length) % s.length
    : refuse(
        `${op}: axis ${text(axis)} is outside ${show(s)}, which has rank ${s.length}; count axes from 0, or from the end with -1`,
      )
/** Sorted non-negative axes without repetition, or the sentence. No axes given: all of them. */
export const axesOf = (op: string, s: readonly number[], axes: number | readonly number[] | undefined): number[] => {
  if (axes === undefined) return upto(s.length)
  const given: number[] = []
  for (const a of Array.isArray(axes) ? (axes as readonly number[]) : [axes as number]) {
    const k = axisOf(op, s, a)
    if (given.includes(k)) refuse(`${op}: axis ${k} of ${show(s)} is named twice; name each axis once`)
    given.push(k)
  }
  return given.sort((a, b) => a - b)
}
/** Row-major strides in elements. */
export const strides = (s: readonly number[]): number[] => {
  const out = s.map(() => 1)
  for (let k = s.length - 2; k >= 0; k--) out[k] = out[k + 1]! * s[k + 1]!
  return out
}
