// einsum against a plain loop over all labels; the order of contraction against all orders there are.
import { describe, expect, it } from "vitest"
import { type RawTensor, shapeClasses } from "../../src/core/index.ts"
import { calls } from "../../src/ops/einsum.ts"
import * as typed from "../../src/ops/index.ts"
import { orderOf, type Tree } from "../../src/ops/_einsumOrder.ts"
import { gen, uniform } from "../../src/testing/gen.ts"
import { plain } from "./_einsum.ts"
import { errorOf, tensorOf, valuesOf } from "./_helpers.ts"

const einsum = typed.einsum as unknown as (l: string, ...x: readonly RawTensor[]) => RawTensor

const compare = (l: string, xs: readonly RawTensor[]): void => {
  const got = einsum(l, ...xs)
  const wanted = plain(l, xs)
  expect(got.shape, l).toEqual(wanted.shape)
  expect(errorOf(valuesOf(got), wanted.values), l).toBeLessThanOrEqual(1e-12)
}

describe("einsum", () => {
  it("is the sum of products over all labels, for random subscripts", () => {
    let lists = 0
    for (let seed = 1; seed <= 300; seed++) {
      const [l, ...xs] = calls().examples(gen(seed, shapeClasses[seed % shapeClasses.length]!)) as [string, ...RawTensor[]]
      compare(l, xs)
      lists += xs.length
    }
    expect(lists).toBeGreaterThan(600)
  })
  it.each([
    ["ij,jk->ik", [2, 1], [3, 4]],
    ["ii,i->i", [1, 1], [3]],
    ["...ii->...i", [2, 3, 3]],
    ["iii", [3, 3, 3]],
    ["iji->j", [3, 2, 3]],
    ["...a,...b->ab...", [2, 3], [2, 4]],
    ["a...,...b", [2, 3, 4], [4, 5]],
    ["a...B", [2, 3, 4]],
    ["...,...->...", [1, 3], [2, 1]],
    ["i->...i", [3]],
    ["i,i->i", [1], [0]],
    ["i,j,k->kji", [2], [3], [4]],
    ["", []],
    [", ,->", [], [], []],
    ["bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 5, 2, 4]],
    ["ab,bc,cd,de,ef,fg,gh,hi,ij", [2, 3], [3, 2], [2, 1], [1, 4], [4, 2], [2, 2], [2, 3], [3, 2], [2, 3]],
  ] as const)("%s", (l, ...shapes) => {
    const g = gen(11)
    compare(
      l,
      (shapes as readonly (readonly number[])[]).map((s) => g.tensor(s)),
    )
  })
  it("sorts capitals first, as NumPy does", () => {
    expect(einsum("bBa", tensorOf([1, 2, 3, 4, 5, 6], [1, 2, 3])).shape).toEqual([2, 3, 1])
  })
  it("refuses what only plain JavaScript can pass", () => {
    const x = tensorOf([1, 2])
    expect(() => (einsum as (...a: unknown[]) => unknown)(x, "i")).toThrow(/^einsum: the subscripts come first, as a string/)
    expect(() => (einsum as (...a: unknown[]) => unknown)("i,i", x, [1, 2])).toThrow(
      /^einsum: an entry of the list must be a tensor, not \[1, 2\]; fromArray/,
    )
  })
})

describe("the order of contraction", () => {
  type List = readonly string[]
  const volume = (labels: Iterable<string>, sizes: ReadonlyMap<string, number>): number =>
    [...labels].reduce((n, c) => n * sizes.get(c)!, 1)
  /** Multiplications that a tree costs, summed step by step. */
  const costOf = (tree: Tree, ins: readonly List[], out: List, sizes: ReadonlyMap<string, number>): number => {
    const visit = (t: Tree): { cost: number; labels: Set<string>; leaves: number[] } => {
      const narrow = (labels: Set<string>, leaves: number[]): Set<string> => {
        const outside = new Set([...out, ...ins.filter((_, k) => !leaves.includes(k)).flat()])
        return new Set([...labels].filter((c) => outside.has(c)))
      }
      if (typeof t === "number") return { cost: 0, labels: narrow(new Set(ins[t]), [t]), leaves: [t] }
      const [a, b] = [visit(t[0]), visit(t[1])]
      const both = new Set([...a.labels, ...b.labels])
      const leaves = [...a.leaves, ...b.leaves]
      return { cost: a.cost + b.cost + volume(both, sizes), labels: narrow(both, leaves), leaves }
    }
    return visit(tree).cost
  }
  const allTrees = (parts: readonly Tree[]): Tree[] => {
    if (parts.length === 1) return [parts[0]!]
    const found: Tree[] = []
    for (let i = 0; i < parts.length; i++)
      for (let j = i + 1; j < parts.length; j++)
        found.push(...allTrees([...parts.filter((_, k) => k !== i && k !== j), [parts[i]!, parts[j]!]]))
    return found
  }
  const drawn = (seed: number, n: number): { ins: List[]; out: List; sizes: Map<string, number> } => {
    const next = uniform(seed)
    const some = (from: List, share: number): string[] => from.filter(() => next() < share)
    const letters = [..."abcdef"]
    const ins = Array.from({ length: n }, () => some(letters, 0.45))
    return {
      ins,
      out: some([...new Set(ins.flat())], 0.3),
      sizes: new Map(letters.map((c) => [c, 1 + Math.floor(next() * 20)])),
    }
  }
  it("is the cheapest of all", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { ins, out, sizes } = drawn(seed, 2 + (seed % 4))
      const best = Math.min(...allTrees(ins.map((_, k) => k)).map((t) => costOf(t, ins, out, sizes)))
      expect(costOf(orderOf(ins, out, sizes), ins, out, sizes), `seed ${seed}`).toBe(best)
    }
  })
  it("takes a chain of matrices from its thin end", () => {
    const sizes = new Map(Object.entries({ i: 1000, j: 1000, k: 1000, l: 1 }))
    expect(
      orderOf(
        [
          ["i", "j"],
          ["j", "k"],
          ["k", "l"],
        ],
        ["i", "l"],
        sizes,
      ),
    ).toEqual([0, [1, 2]])
  })
  it("of more than eight tensors holds each once, and multiplies none without a common label in a chain", () => {
    const letters = [..."abcdefghijkl"]
    for (let seed = 1; seed <= 20; seed++) {
      const next = uniform(seed)
      const sizes = new Map(letters.map((c) => [c, 1 + Math.floor(next() * 20)]))
      const ins = letters.slice(1).map((c, k) => [letters[k]!, c])
      const tree = orderOf(ins, ["a", "l"], sizes)
      const leaves = (t: Tree): number[] => (typeof t === "number" ? [t] : [...leaves(t[0]), ...leaves(t[1])])
      expect(leaves(tree).sort((a, b) => a - b)).toEqual(ins.map((_, k) => k))
      // parts of a chain that touch are a stretch of it
      const whole = (t: Tree): boolean => {
        if (typeof t === "number") return true
        const all = leaves(t)
        return Math.max(...all) - Math.min(...all) === all.length - 1 && whole(t[0]) && whole(t[1])
      }
      expect(whole(tree), `seed ${seed}`).toBe(true)
    }
  })
  it("of more than eight tensors takes what shrinks first", () => {
    const sizes = new Map([..."abcdefghij"].map((c) => [c, c === "j" ? 1 : 10]))
    const chain = [..."abcdefghi"].map((c, k) => [c, "bcdefghij"[k]!])
    // the thin end is folded in, one matrix after the other
    expect(orderOf(chain, ["a", "j"], sizes)).toEqual([0, [1, [2, [3, [4, [5, [6, [7, 8]]]]]]]])
  })
})
