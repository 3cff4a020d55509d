// Expressions, functions, trees and networks as parameters, from plain JavaScript: the sentences of test/types/fixtures/symbolic.fx.ts, thrown.
import { describe, expect, it } from "vitest"
import { Dim, grad, Net, Random, ShapeError, shaped, vmap } from "../../src/pure.ts"
import * as T from "../../src/tensor.ts"
import type { AnyTensor } from "../../src/core/tensor.ts"

type Untyped = (...args: unknown[]) => AnyTensor
const sentence = (f: () => unknown): string => {
  try {
    f()
  } catch (e) {
    if (e instanceof ShapeError) return e.message
    throw e
  }
  return "nothing was refused"
}
const make = (specs: unknown, body: unknown): Untyped => shaped(specs as never, body as never) as unknown as Untyped

describe("expressions over names", () => {
  const pairs = shaped([["2*n", "d"]], (a, { n, d }) => T.reshape(a, [n, 2, d]))
  const heads = shaped(
    [
      ["b", "t", Dim.multiple("d", "h")],
      ["h", "d"],
    ],
    (q, _, { b, t, d, h }) => T.reshape(q, [b, t, h, Dim.over(d, h)]),
  )
  it("give sizes to the body", () => {
    expect(pairs(T.zeros([8, 3])).shape).toEqual([4, 2, 3])
    expect(heads(T.zeros([2, 5, 64]), T.zeros([4, 64])).shape).toEqual([2, 5, 4, 16])
    expect(vmap(pairs)(T.zeros([6, 8, 3])).shape).toEqual([6, 4, 2, 3])
    expect(grad(shaped([["2*n"]], (a) => T.sum(T.mul(a, a))))(T.zeros([8])).shape).toEqual([8])
  })
  it("are refused where no size fits", () => {
    const f = pairs as unknown as Untyped
    expect(sentence(() => f(T.zeros([9, 3])))).toBe(
      "shaped: [9, 3] does not fit [2*n, d]: no size of n makes 2*n 9; change one of them",
    )
    expect(sentence(() => (heads as unknown as Untyped)(T.zeros([2, 5, 64]), T.zeros([5, 64])))).toBe(
      "shaped: [5, 64] does not fit [h, d]: d is 64, which is not a multiple of h, 5; change one of them",
    )
    expect(sentence(() => make([["s*t"]], (a: AnyTensor) => a)(T.zeros([8])))).toBe(
      "shaped: nothing tells what s is in s*t; give it a dimension of its own",
    )
  })
  it("divide only what is a multiple", () => {
    const over = Dim.over as (a: unknown, b: unknown) => unknown
    expect(sentence(() => over("d", "h"))).toBe("Dim.over: d is not known to be a multiple of h; declare it: Dim.multiple")
    expect(sentence(() => over(8, 3))).toBe("Dim.over: 8 is not known to be a multiple of 3; declare it: Dim.multiple")
    expect(sentence(() => (Dim.minus as (a: unknown, b: unknown) => unknown)(4, 5))).toBe(
      "Dim.minus: 4 - 5 is negative; a size is not",
    )
    expect([Dim.plus("t", 1), Dim.times("h", "d"), Dim.over(Dim.multiple("d", "h"), "h")]).toEqual(["t+1", "d*h", "d/h"])
  })
})

describe("functions as parameters", () => {
  const twice = shaped([["b", "d"], { from: [["b", "d"]], to: ["b", "d"] }], (a, f) => f(f(a)))
  const plain = twice as unknown as Untyped
  it("are called", () => {
    const double = shaped([["n", "k"]], (a) => T.add(a, a))
    expect(twice(T.zeros([3, 4]), double).shape).toEqual([3, 4])
  })
  it("are refused where they do not fit", () => {
    const pairs = shaped([["2*n", "d"]], (a, { n, d }) => T.reshape(a, [n, 2, d]))
    const wider = shaped([["n", "k"]], (a) => T.concat([a, a], 1))
    expect(sentence(() => plain(T.zeros([3, 4]), pairs))).toBe("shaped: the function does not take [3, 4]; give one that does")
    expect(sentence(() => plain(T.zeros([3, 4]), wider))).toBe(
      "shaped: [3, 8] does not fit [b, d]: d is 4 in an earlier argument and 8 here; change one of them",
    )
    expect(sentence(() => plain(T.zeros([3, 4]), 3))).toBe(
      "shaped: an argument is no function; give one where a function is wanted",
    )
  })
  it("tell names", () => {
    const mapped = shaped([["b", "d"], { from: [["b", "d"]], to: ["b", "e"] }, ["e"]], (a, f, bias) => T.add(f(a), bias))
    const wider = shaped([["n", "k"]], (a) => T.concat([a, a], 1))
    expect(mapped(T.zeros([3, 4]), wider, T.zeros([8])).shape).toEqual([3, 8])
    expect(sentence(() => (mapped as unknown as Untyped)(T.zeros([3, 4]), wider, T.zeros([7])))).toBe(
      "shaped: [7] does not fit [e]: e is 8 in an earlier argument and 7 here; change one of them",
    )
  })
})

describe("trees as parameters", () => {
  const affine = shaped([{ kernel: ["n", "m"], bias: ["m"] }, ["b", "n"]], ({ kernel, bias }, a) =>
    T.add(T.matmul(a, kernel), bias),
  )
  const plain = affine as unknown as Untyped
  it("are unified entry by entry", () => {
    expect(affine({ kernel: T.zeros([3, 5]), bias: T.zeros([5]) }, T.zeros([2, 3])).shape).toEqual([2, 5])
    expect(sentence(() => plain({ kernel: T.zeros([3, 5]), bias: T.zeros([4]) }, T.zeros([2, 3])))).toBe(
      "shaped: kernel: [3, 5] does not fit [n, m]: m is 4 in an earlier argument and 5 here; change one of them",
    )
    expect(sentence(() => plain({ kernel: T.zeros([3, 5]) }, T.zeros([2, 3])))).toBe("shaped: the tree has no bias")
    expect(sentence(() => plain(3, T.zeros([2, 3])))).toBe("shaped: the tree has no bias")
  })
})

describe("networks as parameters", () => {
  const net = Net.network(["batch", 4], Net.dense(3), Net.relu, Net.dense(2))
  const predict = shaped([Net.specs(net), ["n", 4]], (variables, a) => Net.predict(net, variables, a))
  it("are the tree of their variables", () => {
    const variables = Net.init(net, Random.key(1))
    expect(predict(variables, T.zeros([7, 4])).shape).toEqual([7, 2])
    expect(sentence(() => (predict as unknown as Untyped)({ params: {}, state: {} }, T.zeros([7, 4])))).toBe(
      "shaped: params: the tree has no dense_1",
    )
  })
})
