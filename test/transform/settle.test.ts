// Names that solve each other, at run time: the sentences of test/types/fixtures/settle.fx.ts, and the sizes that bodies see.
import { describe, expect, test } from "vitest"
import { ShapeError } from "../../src/core/errors.ts"
import { unbound, unify } from "../../src/core/unify.ts"
import { random } from "../types/random.ts"
import * as T from "../../src/tensor.ts"
import { shaped } from "../../src/transform/index.ts"
import type { Spec } from "../../src/transform/shaped.ts"

type Plain = (...args: readonly unknown[]) => unknown
/** What the names of a call are. */
const sizes = (specs: readonly Spec[], ...args: readonly unknown[]): unknown => {
  let told: unknown
  const body = (...given: readonly unknown[]): unknown => {
    told = given.at(-1)
    return T.zeros([])
  }
  ;((shaped as unknown as Plain)(specs, body) as Plain)(...args)
  return told
}
const five = [["2*e", "d+e", "c*d", "b+c", "a"], ["a+b"]]
const identity = (x: unknown): unknown => x

describe("what waits is settled until nothing changes", () => {
  const right: readonly (readonly [specs: readonly Spec[], args: readonly unknown[], names: Readonly<Record<string, number>>])[] =
    [
      [[["a+b", "b+c", "c"]], [T.zeros([6, 3, 1])], { a: 4, b: 2, c: 1 }],
      [five, [T.zeros([8, 6, 6, 4, 9]), T.zeros([10])], { a: 9, b: 1, c: 3, d: 2, e: 4 }],
      [[["a+b", "b+c"], ["c"]], [T.zeros([6, 3]), T.zeros([1])], { a: 4, b: 2, c: 1 }],
      [[["n*n"], ["n"]], [T.zeros([9]), T.zeros([3])], { n: 3 }],
      [[{ from: [["n"]], to: ["m"] }, ["n"], ["m+k"]], [() => T.zeros([5]), T.zeros([3]), T.zeros([7])], { n: 3, m: 5, k: 2 }],
    ]
  test.each(right)("%j", (specs, args, names) => {
    expect(sizes(specs, ...args)).toEqual(names)
  })
  const wrong: readonly (readonly [sentence: string, specs: readonly Spec[], args: readonly unknown[]])[] = [
    ["[6, 3, 4] does not fit [a+b, b+c, c]: no size of b makes b+c 3", [["a+b", "b+c", "c"]], [T.zeros([6, 3, 4])]],
    ["[1, 5, 2] does not fit [a+b, b+c, c]: no size of a makes a+b 1", [["a+b", "b+c", "c"]], [T.zeros([1, 5, 2])]],
    ["[11] does not fit [a+b]: a+b is 10 and 11 here", five, [T.zeros([8, 6, 6, 4, 9]), T.zeros([11])]],
    ["[4] does not fit [c]: no size of b makes b+c 3", [["a+b", "b+c"], ["c"]], [T.zeros([6, 3]), T.zeros([4])]],
    ["[4] does not fit [n]: n*n is 16 and 9 here", [["n*n"], ["n"]], [T.zeros([9]), T.zeros([4])]],
    [
      "[3] does not fit [n]: n is 4 in an earlier argument and 3 here",
      [{ from: [["n"]], to: ["n"] }, ["n"]],
      [() => T.zeros([3]), T.zeros([4])],
    ],
  ]
  test.each(wrong)("%s", (sentence, specs, args) => {
    expect(() => sizes(specs, ...args)).toThrow(ShapeError)
    expect(() => sizes(specs, ...args)).toThrow(`shaped: ${sentence}`)
  })
})
test("chains of sums in any order tell all of their names", () => {
  const r = random(3)
  for (let run = 0; run < 200; run++) {
    const names = ["a", "b", "c", "d", "e", "f", "g"].slice(0, r.between(2, 7))
    const values = names.map(() => r.between(0, 9))
    const axes = names.map((n, k) =>
      k === 0 ? ([n, values[0]!] as const) : ([`${n}+${names[k - 1]!}`, values[k]! + values[k - 1]!] as const),
    )
    const mixed = axes
      .map((axis) => [r.between(0, 9999), axis] as const)
      .sort(([x], [y]) => x - y)
      .map(([, axis]) => axis) // prettier-ignore
    const { names: told, waiting } = unify(
      "op",
      mixed.map(([d]) => d),
      mixed.map(([, n]) => n),
      unbound,
    ) // prettier-ignore
    expect([told, waiting]).toEqual([Object.fromEntries(names.map((n, k) => [n, values[k]])), []])
  }
})
describe("declarations", () => {
  const untold: readonly (readonly [what: string, specs: readonly Spec[]])[] = [
    ["n is in n*n, which cannot be solved for n", [["n*n"]]],
    ["d is in d/h, which cannot be solved for d", [["h", "d/h"]]],
    ["a is in a*a+b, which cannot be solved for a", [["a*a+b", "b"]]],
    ["k is, which only functions have", [["b"], { from: [["k"]], to: ["b"] }]],
    ["k is, which only functions have", [["b"], { from: [["k"]], to: ["k"] }]],
    ["k is in 2*k", [["b"], { from: [["2*k"]], to: ["b"] }]],
    ["j is, which only functions have", [{ f: { from: [["b"], ["j"]], to: ["b"] }, x: ["b"] }]],
    ["m is, which only functions have", [["b"], { from: [{ w: ["b"] }], to: ["m"] }]],
    ["j is in m+j", [{ params: ["n"], state: {} }, ["m+j", "k*m"]]],
  ]
  test.each(untold)("nothing tells what %s", (what, specs) => {
    expect(() => (shaped as unknown as Plain)(specs, identity)).toThrow(
      new ShapeError(`shaped: nothing tells what ${what}; give it a dimension of its own`),
    )
  })
})
