// einsum as a plain loop over the values of all labels: it shares nothing with the op but the subscripts, as NumPy reads them.
import { type RawTensor, strides } from "../../src/core/index.ts"
import { valuesOf } from "./_helpers.ts"

/** Every combination of the labels' values, one after the other. */
export const plain = (l: string, xs: readonly RawTensor[]): { shape: number[]; values: number[] } => {
  const [left, right] = l.replaceAll(" ", "").split("->") as [string, string | undefined]
  const lists = left.split(",")
  const deepest = Math.max(0, ...lists.map((p, k) => (p.includes("...") ? xs[k]!.shape.length - p.length + 3 : 0)))
  // digits stand for the axes under an ellipsis
  const digits = "0123456789".slice(0, deepest)
  const ins = lists.map((p, k) => {
    const n = xs[k]!.shape.length - p.length + 3
    return [...p.replace("...", n > 0 ? digits.slice(-n) : "")]
  })
  const flat = ins.flat()
  const once = [...new Set(flat)].filter((c) => /[A-Za-z]/.test(c) && flat.filter((d) => d === c).length === 1)
  const result = right ?? (left.includes("...") ? "..." : "") + once.sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0)).join("")
  const out = [...result.replace("...", digits)]
  const sizes: Record<string, number> = {}
  ins.forEach((p, k) => p.forEach((c, j) => (sizes[c] = sizes[c] === undefined || sizes[c] === 1 ? xs[k]!.shape[j]! : sizes[c]!)))
  const labels = Object.keys(sizes)
  const shape = out.map((c) => sizes[c]!)
  const values: number[] = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0)
  const read = xs.map(valuesOf)
  const steps = xs.map((x) => strides(x.shape))
  const total = labels.reduce((a, c) => a * sizes[c]!, 1)
  for (let i = 0; i < total; i++) {
    const at: Record<string, number> = {}
    let rest = i
    for (const c of labels) {
      at[c] = rest % sizes[c]!
      rest = Math.floor(rest / sizes[c]!)
    }
    let product = 1
    ins.forEach((p, k) => {
      const place = p.reduce((a, c, j) => a + (xs[k]!.shape[j] === 1 ? 0 : at[c]!) * steps[k]![j]!, 0)
      product *= read[k]![place]!
    })
    const place = out.reduce((a, c, j) => a * shape[j]! + at[c]!, 0)
    values[place] = values[place]! + product
  }
  return { shape, values }
}
