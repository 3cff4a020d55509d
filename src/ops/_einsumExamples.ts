// Random valid calls of einsum: lists with repeated labels, ellipses, sizes of 1, blanks, results given or implied.
import type { Args, Gen, RawTensor } from "../core/index.ts"

const LETTERS = ["i", "j", "k", "B"] as const
const LARGEST = 4000 // elements of an operand: a label that stands twice makes it grow

const shuffled = <T>(g: Gen, list: readonly T[]): T[] => {
  const out = [...list]
  for (let k = out.length - 1; k > 0; k--) {
    const j = g.int(0, k)
    ;[out[k], out[j]] = [out[j]!, out[k]!]
  }
  return out
}
/** A list of labels and a tensor that it fits. `rest`: the dimensions that an ellipsis may stand for. */
const operand = (
  g: Gen,
  sizes: ReadonlyMap<string, number>,
  rest: readonly number[],
  dtype: "f32" | "i32",
): [string[], RawTensor] => {
  const own = new Map([...sizes].map(([c, n]) => [c, g.int(0, 7) === 0 ? 1 : n]))
  const list: string[] = []
  const shape: number[] = []
  const put = (at: number, label: string, dims: readonly number[]): void => {
    list.splice(at, 0, label)
    shape.splice(at, 0, ...dims)
  }
  for (const [c, n] of shuffled(g, [...own])) {
    if (g.int(0, 2) > 0) put(list.length, c, [n])
    const volume = shape.reduce((a, b) => a * b, 1)
    if (list.includes(c) && g.int(0, 5) === 0 && volume * n <= LARGEST) put(g.int(0, list.length), c, [n])
  }
  // the ellipsis last, while each label is one axis
  if (g.int(0, 2) === 0)
    put(
      g.int(0, list.length),
      "...",
      rest.slice(g.int(0, rest.length)).map((n) => (g.int(0, 3) === 0 ? 1 : n)),
    )
  return [list, g.tensor(shape, dtype)]
}
/** Subscripts, and tensors that fit them. */
export const drawn = (g: Gen): Args => {
  const dims = g.shape(1, 4)
  const rest = dims.slice(g.int(1, dims.length))
  const sizes = new Map(dims.slice(0, dims.length - rest.length).map((n, k) => [LETTERS[k]!, n]))
  const dtype = g.pick(["f32", "f32", "f32", "i32"])
  const operands = Array.from({ length: g.pick([1, 2, 2, 2, 3, 4]) }, () => operand(g, sizes, rest, dtype))
  const used = [...new Set(operands.flatMap(([list]) => list))]
  const ins = operands.map(([list]) => list.join(g.int(0, 5) === 0 ? " " : ""))
  const xs = operands.map(([, x]) => x)
  if (g.int(0, 3) === 0) return [ins.join(","), ...xs]
  const letters = shuffled(
    g,
    used.filter((c) => c !== "..." && g.bool()),
  )
  if (used.includes("...") || g.int(0, 9) === 0) letters.splice(g.int(0, letters.length), 0, "...")
  return [`${ins.join(g.bool() ? "," : ", ")}${g.pick(["->", " -> "])}${letters.join("")}`, ...xs]
}
