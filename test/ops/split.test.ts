// Parts of a tensor against plain loops over its elements.
import { describe, expect, it } from "vitest"
import { type RawTensor, upto } from "../../src/core/index.ts"
import { chunk, concat, mul, split, stack, sum, unstack } from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { each, tensorOf, valuesOf } from "./_helpers.ts"

/** Rows and columns of a matrix of 10 r + c. */
const matrix = (rows: number, columns: number): RawTensor =>
  tensorOf(
    upto(rows).flatMap((r) => upto(columns).map((c) => 10 * r + c)),
    [rows, columns],
  )
const all = (parts: readonly unknown[]): number[][] => parts.map((p) => valuesOf(p as RawTensor))

describe("split", () => {
  it("cuts at the sums of the sizes", () => {
    expect(all(split(matrix(2, 4), [1, 0, 3], 1))).toEqual([[0, 10], [], [1, 2, 3, 11, 12, 13]])
    expect(all(split(matrix(4, 2), 2))).toEqual([
      [0, 1, 10, 11],
      [20, 21, 30, 31],
    ])
  })
  it("concat puts together what it takes apart", () => {
    each(20, (g) => {
      const x = g.tensor(g.shape(2, 3))
      const a = g.int(0, x.shape[1]!)
      expect(valuesOf(concat(split(x, [a, x.shape[1]! - a], 1) as never, 1 as never))).toEqual(valuesOf(x))
    })
  })
  it("a part that nobody uses has the gradient 0", () => {
    const g = grad((x: RawTensor) => sum(mul((split(x, [1, 2, 1]) as readonly RawTensor[])[1]!, 3)) as never)(matrix(4, 1))
    expect(valuesOf(g as RawTensor)).toEqual([0, 3, 3, 0])
  })
})

describe("chunk", () => {
  it("has one smaller part at the end, and no more parts than it needs", () => {
    const sizes = (n: number, parts: number): number[] =>
      (chunk(tensorOf(upto(n)), parts) as readonly RawTensor[]).map((p) => p.shape[0]!)
    expect(sizes(11, 6)).toEqual([2, 2, 2, 2, 2, 1])
    expect(sizes(12, 5)).toEqual([3, 3, 3, 3])
    expect(sizes(2, 3)).toEqual([1, 1])
    expect(sizes(0, 2)).toEqual([0, 0])
    expect(all(chunk(matrix(2, 3), 2, -1))).toEqual([
      [0, 1, 10, 11],
      [2, 12],
    ])
  })
})

describe("unstack", () => {
  it("gives rows, or columns", () => {
    expect(all(unstack(matrix(2, 3)))).toEqual([
      [0, 1, 2],
      [10, 11, 12],
    ])
    expect(all(unstack(matrix(2, 3), 1))).toEqual([
      [0, 10],
      [1, 11],
      [2, 12],
    ])
    expect(unstack(tensorOf([], [0, 2]))).toEqual([])
  })
  it("stack puts together what it takes apart", () => {
    each(20, (g) => {
      const x = g.tensor(g.shape(1, 3, 1))
      expect(valuesOf(stack(unstack(x) as never))).toEqual(valuesOf(x))
    })
  })
})

describe("concat", () => {
  it("of many pieces, some of them empty, and its gradient", () => {
    const sizes = upto(333).map((k) => k % 4)
    const pieces = sizes.map((n, k) =>
      tensorOf(
        upto(2 * n).map((v) => 100 * k + v),
        [2, n],
      ),
    )
    const rows = [0, 1].flatMap((r) => sizes.flatMap((n, k) => upto(n).map((c) => 100 * k + r * n + c)))
    expect(valuesOf(concat(pieces as never, 1 as never))).toEqual(rows)
    const g = grad(
      (...xs: RawTensor[]) => sum(mul(concat(xs as never, 1 as never), concat(pieces as never, 1 as never))) as never,
    )
    expect(valuesOf((g as (...xs: RawTensor[]) => RawTensor)(...pieces))).toEqual(valuesOf(pieces[0]!))
    expect(
      valuesOf(grad((x: RawTensor) => sum(concat(upto(100).map((k) => mul(x, k)) as never)) as never)(tensorOf([1, 2])) as never),
    ).toEqual([4950, 4950])
  })
})
