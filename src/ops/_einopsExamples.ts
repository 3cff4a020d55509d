// Random patterns of einops, right and wrong.
import type { Args, Gen } from "../core/index.ts"

type Draw = (g: Gen) => Args

/** Words in random order. */
const shuffled = (g: Gen, words: readonly string[]): string[] => {
  const rest = [...words]
  const out: string[] = []
  while (rest.length > 0) out.push(...rest.splice(g.int(0, rest.length - 1), 1))
  return out
}
/** Words as axes: some in groups, some axes of size 1 between them, with or without spaces around parentheses. */
const grouped = (g: Gen, words: readonly string[]): string => {
  const out: string[] = []
  for (let k = 0; k < words.length; ) {
    const n = g.pick([0, 1, 1, 1, 2, 3])
    const taken = words.slice(k, k + n).join(" ")
    out.push(n === 0 ? g.pick(["1", "()"]) : n === 1 && g.bool() ? taken : g.pick([`(${taken})`, `( ${taken} )`]))
    if (n === 0 && out.length > words.length + 1) out.pop()
    k += n
  }
  return out.join(" ").replaceAll(") (", g.pick([")(", ") ("]))
}
interface Left {
  readonly shape: number[]
  readonly pattern: string
  /** The words of the left side, and their sizes; `...` may stand for several. */
  readonly words: string[]
  readonly sizes: Record<string, number>
}
/** A left side that fits a random shape: single axes, groups of two of which one size is given, `...`. */
const left = (g: Gen, lengths: boolean): Left => {
  const shape: number[] = []
  const words: string[] = []
  const axes: string[] = []
  const sizes: Record<string, number> = {}
  const names = ["b", "heads", "c", "w_out", "K2", "t", "d", "x", "y"]
  const name = (): string => {
    words.push(names.shift()!)
    return words.at(-1)!
  }
  const dims = g.shape(0, 3)
  const dots = g.int(0, 3) === 0 ? g.int(0, dims.length) : -1
  dims.forEach((n, k) => {
    if (k === dots) {
      words.push("...")
      axes.push("...")
    }
    if (k === dots || (k === dots + 1 && dots >= 0)) {
      shape.push(n)
      return
    }
    const how = g.pick(["single", "single", "first", "last", "both", "length"])
    const size = g.int(1, 3)
    if (how === "single" || (how === "length" && !lengths)) {
      axes.push(name())
      shape.push(n)
      if (n > 0 && g.int(0, 3) === 0) sizes[words.at(-1)!] = n
      return
    }
    shape.push(n * size)
    if (how === "length") {
      axes.push(g.bool() ? `(${name()} ${size})` : `(${size} ${name()})`)
      return
    }
    const [p, q] = [name(), name()]
    axes.push(`(${p} ${q})`)
    if (how !== "last") sizes[p] = how === "both" && n > 0 ? n : size
    if (how === "last" || (how === "both" && n > 0)) sizes[q] = size
  })
  if (dots === dims.length) {
    words.push("...")
    axes.push("...")
  }
  if (g.int(0, 3) === 0) {
    axes.push("1")
    shape.push(1)
  }
  return { shape, pattern: axes.join(" "), words, sizes }
}
const given = (sizes: Record<string, number>): readonly unknown[] => (Object.keys(sizes).length > 0 ? [sizes] : [])

/** Arguments of `rearrange`; some draws are lists of tensors. */
export const rearranged: Draw = (g) => {
  const { shape, pattern, words, sizes } = left(g, false)
  const dtype = g.pick(["f32", "f32", "i32", "bool"])
  if (g.int(0, 5) === 0) {
    const list = Array.from({ length: g.int(1, 3) }, () => g.tensor(shape, dtype))
    return [list, `list ${pattern}->${grouped(g, shuffled(g, ["list", ...words]))}`, ...given(sizes)]
  }
  return [g.tensor(shape, dtype), `${pattern} -> ${grouped(g, shuffled(g, words))}`, ...given(sizes)]
}
/** Arguments of `repeat`. */
export const repeated: Draw = (g) => {
  const { shape, pattern, words, sizes } = left(g, false)
  const added = g.pick([[], ["r"], ["r", "s"], ["3"], ["2", "r"]])
  for (const w of added) if (w === "r" || w === "s") sizes[w] = g.int(1, 3)
  return [g.tensor(shape), `${pattern} -> ${grouped(g, shuffled(g, [...words, ...added]))}`, ...given(sizes)]
}
/** Arguments of `reduce`. */
export const reduced =
  (kinds: readonly string[]): Draw =>
  (g) => {
    const { shape, pattern, words, sizes } = left(g, true)
    const kind = shape.includes(0) ? g.pick(["sum", "prod"]) : g.pick(kinds)
    const dtype = kind === "any" || kind === "all" ? "bool" : kind === "mean" ? "f32" : g.pick(["f32", "f32", "i32"])
    const kept = shuffled(g, words).slice(0, g.int(0, words.length))
    return [g.tensor(shape, dtype), `${pattern} -> ${grouped(g, kept)}`, kind, ...given(sizes)]
  }

/** A tensor that fits nothing in particular, with patterns that no tensor fits. */
export const badPatterns: readonly Draw[] = [
  "a b",
  "a b -> b -> a",
  "(a b -> a b",
  "a b) -> a b",
  "a (b (c)) -> a b c",
  "a b-c -> a b-c",
  "a _b -> a _b",
  "a b_ -> b_ a",
  "a 2b -> 2b a",
  "a 0 -> a",
  "a .. -> a ..",
  "a b -> a b b",
  "a a -> a a",
  "... b ... -> b ...",
  "a (b ...) -> a b ...",
  "a b -> ... a b",
].map((p) => (g) => [g.tensor([2, g.int(2, 4)]), p])
/** Sizes that no tensor fits. */
export const badSizes: readonly Draw[] = [
  (g) => [g.tensor([2, 3]), "a b -> b a", { [g.pick(["c", "ab"])]: 2 }],
  (g) => [g.tensor([2, 3]), "a b -> b a", { a: g.pick([0, -2, 1.5]) }],
  (g) => [g.tensor([2, 3]), "a b -> b a", { a: g.int(3, 9) }],
  (g) => [g.tensor([g.pick([5, 7, 11]), 3]), "(a b) c -> b a c", { b: g.int(2, 4) }],
  (g) => [g.tensor([12, 3]), "(a b) c -> b a c", { a: 4, b: g.pick([2, 5]) }],
]
/** Tensors that do not fit the pattern, and sizes that are missing. */
export const misfits: readonly Draw[] = [
  (g) => [g.tensor(g.pick([[2], [2, 3, 4]])), "a b -> b a"],
  (g) => [g.tensor(g.pick([[], [2]])), "a ... b -> b a ..."],
  (g) => [g.tensor([2, g.int(2, 4)]), "a 1 -> 1 a"],
  (g) => [g.tensor([2, g.int(2, 4)]), "a () -> a"],
  (g) => [g.tensor([12, 3]), "(a b) c -> a b c"],
  (g) => [g.tensor([3, 12]), "c (a b d) -> a b c d", { d: g.pick([2, 3]) }],
]
