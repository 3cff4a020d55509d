// NumPy's subscript language of einsum: parsing, and the sizes of labels. The twin of typelevel/einsum.ts, decision for decision.
import { type Aval, refuse, show, upto } from "../core/index.ts"
import { dtypesDiffer } from "../core/messages.ts"
import { numbersOnly } from "./_dtypes.ts"

const noLabel = (l: string, c: string): string =>
  `einsum: ${l}: ${c} is no label here; labels are letters, and ... stands for further axes`
const twoEllipses = (l: string): string =>
  `einsum: ${l}: ... stands twice in one list; one ... stands for all axes without a label`
const outputTwice = (l: string, h: string): string => `einsum: ${l}: ${h} stands twice in the result; a label gives it one axis`
const outputUnknown = (l: string, h: string): string => `einsum: ${l}: ${h} is in the result only; no tensor has it`
const countsDiffer = (l: string, n: number, m: number): string =>
  `einsum: ${l}: tensors labelled: ${n}, given: ${m}; a comma stands between their labels`
const restLost = (l: string, e: readonly number[]): string =>
  `einsum: ${l}: ... stands for ${show(e)} and is not in the result; put it there, or sum over these axes first`
const wrongRank = (l: string, p: readonly string[], s: readonly number[]): string =>
  `einsum: ${l}: ${p.join("") || "no label"} needs rank ${p.includes("...") ? `${p.length - 1} or more` : p.length}, got ${show(s)}; expandDims adds axes, reshape takes them away`
const notSquare = (l: string, h: string, x: number, y: number, s: readonly number[]): string =>
  `einsum: ${l}: ${h} is ${x} and ${y} in ${show(s)}; a diagonal has one size`
const sizesDiffer = (l: string, h: string, x: number, q: readonly number[], y: number, s: readonly number[]): string =>
  `einsum: ${l}: ${h} is ${x} in ${show(q)} and ${y} in ${show(s)}; a label has one size, or 1`
const restsDiffer = (l: string, e: readonly number[], m: readonly number[], s: readonly number[]): string =>
  `einsum: ${l}: ... is ${show(m)} in ${show(s)}, which does not broadcast with ${show(e)} before it`

type List = readonly string[]
/** The labels of each operand and of the result. */
export interface Lists {
  readonly ins: readonly List[]
  readonly out: List
}
const ELLIPSIS = "..."

/** Labels that occur once, capitals first, behind the ellipsis: what NumPy gives where the result has no list. */
const implicit = (ins: readonly List[]): List => {
  const all = ins.flat()
  const once = all.filter((h) => h !== ELLIPSIS && all.filter((c) => c === h).length === 1).sort()
  return all.includes(ELLIPSIS) ? [ELLIPSIS, ...once] : once
}
/** The lists that l spells, or the sentence. */
export const parse = (l: string): Lists => {
  const ins: string[][] = [[]]
  let out: string[] | undefined
  for (let k = 0; k < l.length; k++) {
    const c = l[k]!
    const list = out ?? ins.at(-1)!
    if (/[A-Za-z]/.test(c)) {
      if (out?.includes(c)) refuse(outputTwice(l, c))
      if (out && !ins.flat().includes(c)) refuse(outputUnknown(l, c))
      list.push(c)
    } else if (c === " ") continue
    else if (c === "," && !out) ins.push([])
    else if (l.startsWith(ELLIPSIS, k)) {
      if (list.includes(ELLIPSIS)) refuse(twoEllipses(l))
      list.push(ELLIPSIS)
      k += 2
    } else if (l.startsWith("->", k) && !out) {
      out = []
      k++
    } else refuse(noLabel(l, c))
  }
  return { ins, out: out ?? implicit(ins) }
}

/** The labels of an operand's axes, one each, the ellipsis as `...2`, `...1`: the axes under it, counted from the last. */
const labelled = (l: string, p: List, s: readonly number[]): List => {
  const at = p.indexOf(ELLIPSIS)
  const rest = s.length - p.length + 1
  const full = at < 0 || rest < 0 ? p : p.toSpliced(at, 1, ...upto(rest).map((k) => ELLIPSIS + (rest - k)))
  const own = new Map<string, number>()
  // from the front up to the ellipsis, then from the back: as the types walk
  const order = at < 0 ? upto(p.length) : [...upto(at), ...upto(p.length - at - 1).map((k) => -1 - k)]
  for (const k of order) {
    const [h, n] = [p.at(k)!, s.at(k)]
    if (n === undefined || (k < 0 && s.length + k < at)) refuse(wrongRank(l, p, s))
    const before = own.get(h) ?? n!
    if (before !== n) refuse(notSquare(l, h, before, n!, s))
    own.set(h, n!)
  }
  return full.length === s.length ? full : refuse(wrongRank(l, p, s))
}

/** One label per axis and list, no ellipsis: what is to be computed; or the sentence. */
export const bind = (l: string, xs: readonly Aval[]): Lists => {
  const { ins, out } = parse(l)
  if (ins.length !== xs.length) refuse(countsDiffer(l, ins.length, xs.length))
  const bound = new Map<string, { readonly n: number; readonly s: readonly number[] }>()
  let joint: number[] = []
  const lists = xs.map((x, k) => {
    if (x.dtype !== xs[0]!.dtype) refuse(dtypesDiffer("einsum", xs[0]!.dtype, x.dtype))
    numbersOnly("einsum")([x])
    const s = x.shape
    const list = labelled(l, ins[k]!, s)
    list.forEach((h, j) => {
      const [n, b] = [s[j]!, bound.get(h)]
      if (h.startsWith(ELLIPSIS)) return
      if (b && b.n !== n && b.n !== 1 && n !== 1) refuse(sizesDiffer(l, h, b.n, b.s, n, s))
      if (!b || (b.n === 1 && n !== 1)) bound.set(h, { n, s })
    })
    joint = joined(l, joint, s, list)
    return list
  })
  if (joint.length > 0 && !out.includes(ELLIPSIS)) refuse(restLost(l, joint))
  const rest = upto(joint.length).map((k) => ELLIPSIS + (joint.length - k))
  return { ins: lists, out: out.flatMap((h) => (h === ELLIPSIS ? rest : [h])) }
}
/** The dimensions under the ellipsis, broadcast with those of one more operand. */
const joined = (l: string, e: number[], s: readonly number[], list: List): number[] => {
  const m = s.filter((_, j) => list[j]!.startsWith(ELLIPSIS))
  return upto(Math.max(e.length, m.length))
    .map((k): number => {
      const [x, y] = [e.at(-1 - k) ?? 1, m.at(-1 - k) ?? 1]
      if (x !== y && x !== 1 && y !== 1) refuse(restsDiffer(l, e, m, s))
      return x === 1 ? y : x
    })
    .reverse()
}

/** The size of each label: that of the first operand that does not repeat it. */
export const sizesOf = (xs: readonly Aval[], ins: readonly List[]): Map<string, number> => {
  const sizes = new Map<string, number>()
  ins.forEach((p, k) => {
    p.forEach((h, j) => {
      if ((sizes.get(h) ?? 1) === 1) sizes.set(h, xs[k]!.shape[j]!)
    })
  })
  return sizes
}
