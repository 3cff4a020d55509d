import { expect, test } from "vitest"
import { flatten, leavesLike, type RawTensor, unflatten } from "../../src/core/index.ts"
import * as T from "../../src/tensor.ts"

const [a, b] = [T.fromArray([1]), T.fromArray([2])] as unknown as [RawTensor, RawTensor]

test("a tree comes back from its leaves, whatever its names", () => {
  const trees: readonly unknown[] = [
    a,
    [a, [b], {}],
    { x: a, y: { z: b, k: "text" }, n: null },
    Object.fromEntries([["__proto__", a]]),
  ]
  for (const tree of trees) {
    const { leaves, spec } = flatten(tree)
    const back = unflatten(spec, leaves)
    expect(back).toEqual(tree)
    if (tree === a) continue
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(tree))
    expect(Object.keys(back as object)).toEqual(Object.keys(tree as object).sort())
  }
})
test("leaves of a tree like another are in their places", () => {
  const { leaves, spec } = flatten({ b: [a, 1], a: b })
  const like = (tree: unknown) =>
    leavesLike(spec, tree, leaves.length, (v) => (v === a || v === b ? (v as RawTensor) : undefined))
  expect(like({ a, b: [b, 1] })).toEqual([a, b])
  expect(like({ b: [a, 1], a: b })).toEqual([b, a])
  for (const other of [{ a, b: [b, 2] }, { a, b: [b] }, { a, b: [b, 1], c: a }, { a, c: [b, 1] }, [a, b], a, { a, b: [3, 1] }])
    expect(like(other)).toBeUndefined()
})
