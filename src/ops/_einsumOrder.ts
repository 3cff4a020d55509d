// In which order to contract several tensors, two at a time: the cheapest there is for up to eight of them, by dynamic programming over
// subsets (Pfeifer, Haegeman and Verstraete 2014); above that the pair that leaves least behind comes first, pairs without a common label
// last (opt_einsum's greedy).
// Ties go to the first found, so that equal programs get equal orders.

type List = readonly string[]
/** One of the tensors, by its position, or a product of two. */
export type Tree = number | readonly [Tree, Tree]
interface Part {
  readonly tree: Tree
  readonly labels: List
}
const EXACT = 8

/** The labels in `some` that the result or one of the others needs. */
export const kept = (some: readonly List[], others: readonly List[], out: List): List => {
  const needed = new Set([...out, ...others.flat()])
  return [...new Set(some.flat())].filter((c) => needed.has(c))
}
const volume = (labels: Iterable<string>, sizes: ReadonlyMap<string, number>): number => {
  let n = 1
  for (const c of labels) n *= sizes.get(c)!
  return n
}

const cheapest = (ins: readonly List[], out: List, sizes: ReadonlyMap<string, number>): Tree => {
  const all = 2 ** ins.length - 1
  const within = (set: number): List[] => ins.filter((_, k) => set & (1 << k))
  const best: { readonly cost: number; readonly part: Part }[] = []
  for (let set = 1; set <= all; set++) {
    const labels = kept(within(set), within(all & ~set), out)
    const lowest = set & -set
    if (set === lowest) {
      best[set] = { cost: 0, part: { tree: Math.log2(set), labels } }
      continue
    }
    let found: { readonly cost: number; readonly tree: Tree } | undefined
    // the half that holds the lowest member: each split once
    for (let half = (set - 1) & set; half > 0; half = (half - 1) & set) {
      if (!(half & lowest)) continue
      const [a, b] = [best[half]!, best[set & ~half]!]
      const cost = a.cost + b.cost + volume(new Set([...a.part.labels, ...b.part.labels]), sizes)
      if (!found || cost < found.cost) found = { cost, tree: [a.part.tree, b.part.tree] }
    }
    best[set] = { cost: found!.cost, part: { tree: found!.tree, labels } }
  }
  return best[all]!.part.tree
}

interface Pair {
  readonly a: Part
  readonly b: Part
  readonly labels: List
  /** In order of weight: no common label, how much more is left behind, how many multiplications. */
  readonly rank: readonly [number, number, number]
}
const pairOf = (a: Part, b: Part, parts: readonly Part[], out: List, sizes: ReadonlyMap<string, number>): Pair => {
  const others = parts.filter((p) => p !== a && p !== b).map((p) => p.labels)
  const labels = kept([a.labels, b.labels], others, out)
  const grown = volume(labels, sizes) - volume(a.labels, sizes) - volume(b.labels, sizes)
  const apart = a.labels.some((c) => b.labels.includes(c)) ? 0 : 1
  return { a, b, labels, rank: [apart, grown, volume(new Set([...a.labels, ...b.labels]), sizes)] }
}
const before = (p: Pair, q: Pair): boolean => {
  const k = p.rank.findIndex((n, j) => n !== q.rank[j])
  return k >= 0 && p.rank[k]! < q.rank[k]!
}
const greedy = (ins: readonly List[], out: List, sizes: ReadonlyMap<string, number>): Tree => {
  let parts: readonly Part[] = ins.map((labels, k) => ({
    tree: k,
    labels: kept(
      [labels],
      ins.filter((_, j) => j !== k),
      out,
    ),
  }))
  while (parts.length > 1) {
    const pairs = parts.flatMap((a, k) => parts.slice(k + 1).map((b) => pairOf(a, b, parts, out, sizes)))
    const { a, b, labels } = pairs.reduce((p, q) => (before(q, p) ? q : p))
    parts = [...parts.filter((p) => p !== a && p !== b), { tree: [a.tree, b.tree], labels }]
  }
  return parts[0]!.tree
}

/** How to contract tensors with these labels to one with the labels `out`. */
export const orderOf = (ins: readonly List[], out: List, sizes: ReadonlyMap<string, number>): Tree =>
  ins.length <= EXACT ? cheapest(ins, out, sizes) : greedy(ins, out, sizes)
