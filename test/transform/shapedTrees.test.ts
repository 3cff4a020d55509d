// Shaped functions whose bodies return lists and records of tensors, at run time: the shapes and sentences of
// test/types/fixtures/shapedTrees.fx.ts.
import { describe, expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { isTensor } from "../../src/core/tensor.ts"
import * as T from "../../src/tensor.ts"
import { grad, jvp, shaped, valueAndGrad, vjp, vmap } from "../../src/transform/index.ts"

type Plain = (...args: readonly unknown[]) => unknown
const plain = (f: unknown): Plain => f as Plain
const shapes = (v: unknown): unknown =>
  isTensor(v)
    ? v.shape
    : Array.isArray(v)
      ? v.map(shapes)
      : Object.fromEntries(Object.entries(v as object).map(([k, w]) => [k, shapes(w)]))

const pair = shaped([["n", "d"], ["d"]], (x, w) => [T.matmul(x, w), T.argmax(x, 1)]) // prettier-ignore
const named = shaped([["2*n", "d"]], (x, { n, d }) => ({ halves: T.reshape(x, [2, n, d]), parts: { both: [x, T.sum(x, 0)] } }))
const loss = shaped([["n", 3], [3]], (x, w) => [T.sum(T.matmul(x, w)), { seen: T.matmul(x, w) }]) // prettier-ignore
const x73 = T.ones([7, 3])
const w3 = T.ones([3])

describe("shapes", () => {
  const given: readonly (readonly [what: string, got: unknown, wanted: unknown])[] = [
    ["a list", pair(x73, w3), [[7], [7]]],
    ["a record", named(T.zeros([8, 3])), { halves: [2, 4, 3], parts: { both: [[8, 3], [3]] } }],
    [
      "vmap of a list",
      vmap(pair, [0, null])(T.zeros([5, 7, 3]), w3),
      [
        [5, 7],
        [5, 7],
      ],
    ],
    [
      "vmap of a record",
      vmap(named, 0, -1)(T.zeros([6, 8, 3])),
      {
        halves: [2, 4, 3, 6],
        parts: {
          both: [
            [8, 3, 6],
            [3, 6],
          ],
        },
      },
    ],
    ["grad", grad(loss, { aux: true })(x73, w3), [[7, 3], { seen: [7] }]],
    ["valueAndGrad", valueAndGrad(loss, { aux: true, argnums: 1 })(x73, w3), [[[], { seen: [7] }], [3]]],
    ["jvp", jvp(named, [T.zeros([8, 3])], [T.zeros([8, 3])])[1], { halves: [2, 4, 3], parts: { both: [[8, 3], [3]] } }],
    ["vjp", vjp(named, T.zeros([8, 3]))[0], { halves: [2, 4, 3], parts: { both: [[8, 3], [3]] } }],
  ] // prettier-ignore
  test.each(given)("%s", (_, got, wanted) => {
    expect(shapes(got)).toEqual(wanted)
  })
})
describe("sentences", () => {
  const returns = (y: unknown): Plain => plain(plain(shaped)([["n"]], () => y))
  const twice = plain(shaped([["b", "d"], { from: [["b", "d"]], to: ["b", "d"] }], (x, f) => f(f(x)))) // prettier-ignore
  const told: readonly (readonly [sentence: string, call: () => unknown])[] = [
    ["the result is no tensor at 1; return a tensor, or a list or record of tensors", () => returns([w3, 3])(w3)],
    ["the result is no tensor; return a tensor, or a list or record of tensors", () => returns("n")(w3)],
    ["the result is no tensor; return a tensor, or a list or record of tensors", () => returns(undefined)(w3)],
    ["the result is no tensor; return a tensor, or a list or record of tensors", () => returns(() => w3)(w3)],
    [
      "the result is no tensor at a/b; return a tensor, or a list or record of tensors",
      () => returns({ b: 1, a: { c: w3, b: null } })(w3),
    ],
    [
      "the function does not take [3, 4]; give one that does",
      () =>
        twice(
          T.zeros([3, 4]),
          shaped([["n"]], (x) => [x]),
        ),
    ],
    [
      "the function gives no tensor; give one that does",
      () =>
        twice(
          T.zeros([3, 4]),
          shaped([["k", "l"]], (x) => [x, x]),
        ),
    ],
    ["the function gives no tensor; give one that does", () => twice(T.zeros([3, 4]), (x: unknown) => [x])],
  ] // prettier-ignore
  test.each(told)("%s", (sentence, call) => {
    expect(call).toThrow(new ShapeError(`shaped: ${sentence}`))
  })
})
