// The laws of the instances, by evaluation on the reference backend. Floats are multiples of 1/8, so that sums and products of a
// few of them are exact and the laws hold to the last bit; i32 wraps modulo 2^32 and is exact always.
import * as fc from "fast-check"
import type { Eq } from "fp-ts/lib/Eq.js"
import type { Monoid } from "fp-ts/lib/Monoid.js"
import type { Ring } from "fp-ts/lib/Ring.js"
import * as O from "fp-ts/lib/Option.js"
import * as Identity from "fp-ts/lib/Identity.js"
import { concatAll } from "fp-ts/lib/Monoid.js"
import { pipe } from "fp-ts/lib/function.js"
import { describe, expect, it } from "vitest"
import {
  eqExpression,
  Foldable,
  Functor,
  type Leaves,
  leavesOf,
  moduleOf,
  productMonoidOf,
  ringOf,
  sumMonoidOf,
  Traversable,
  treeMonoidOf,
  treeOf,
} from "../../src/algebra/index.ts"
import { evaluate } from "../../src/backends/reference/index.ts"
import type { AnyTensor, RawTensor } from "../../src/core/tensor.ts"
import { flatten } from "../../src/core/tree.ts"
import { inSession } from "../../src/core/make.ts"
import type { Arrow } from "../../src/nn/arrow.ts"
import { category, stageOf } from "../../src/nn/category.ts"
import { Net } from "../../src/nn/index.ts"
import * as Random from "../../src/random/index.ts"
import * as T from "../../src/tensor.ts"
import { arbitraryTensor } from "../../src/testing/arbitraries.ts"
import { f32, values } from "../nn/help.ts"

const seed = 20261120
const runs = { seed, numRuns: 60 }
/** Equal values: expressions are equal here if they evaluate to the same numbers. */
const byValue = <A>(): Eq<A> => ({
  equals: (a, b) => {
    const [x, y] = [flatten(a).leaves, flatten(b).leaves].map((l) => evaluate(l)) as [Float64Array[], Float64Array[]]
    return x.length === y.length && x.every((v, k) => v.length === y[k]!.length && v.every((n, i) => n === y[k]![i]))
  },
})
const must = (law: string, holds: boolean): void => {
  if (!holds) throw new Error(`the law does not hold: ${law}`)
}
const monoidLaws = <A>(M: Monoid<A>, E: Eq<A>, arbitrary: fc.Arbitrary<A>): void =>
  fc.assert(
    fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
      must("associative", E.equals(M.concat(M.concat(a, b), c), M.concat(a, M.concat(b, c))))
      must("neutral", E.equals(M.concat(a, M.empty), a) && E.equals(M.concat(M.empty, a), a))
    }),
    runs,
  )
const ringLaws = <A>(R: Ring<A>, E: Eq<A>, arbitrary: fc.Arbitrary<A>): void =>
  fc.assert(
    fc.property(arbitrary, arbitrary, arbitrary, (a, b, c) => {
      must("addition is associative", E.equals(R.add(R.add(a, b), c), R.add(a, R.add(b, c))))
      must("addition commutes", E.equals(R.add(a, b), R.add(b, a)))
      must("zero", E.equals(R.add(R.zero, a), a))
      must("inverse", E.equals(R.add(R.sub(R.zero, a), a), R.zero) && E.equals(R.sub(a, b), R.add(a, R.sub(R.zero, b))))
      must("multiplication is associative", E.equals(R.mul(R.mul(a, b), c), R.mul(a, R.mul(b, c))))
      must("multiplication commutes", E.equals(R.mul(a, b), R.mul(b, a)))
      must("one", E.equals(R.mul(R.one, a), a))
      must("distributive", E.equals(R.mul(a, R.add(b, c)), R.add(R.mul(a, b), R.mul(a, c))))
    }),
    runs,
  )
const as = <A>(a: fc.Arbitrary<RawTensor>): fc.Arbitrary<A> => a as unknown as fc.Arbitrary<A>

describe(`tensors of one shape (seed ${seed})`, () => {
  it("are a commutative ring: f32 on dyadic numbers", () => ringLaws(ringOf([2, 3]), byValue(), as(arbitraryTensor([2, 3]))))
  it("are a commutative ring: i32, wrapping modulo 2^32", () => {
    const wide = fc
      .array(fc.integer(), { minLength: 4, maxLength: 4 })
      .map((v) => T.fromArray(Int32Array.from(v), [4]) as AnyTensor as RawTensor)
    ringLaws(ringOf([4], "i32"), byValue(), as(wide))
  })
  it("are monoids under + and *", () => {
    monoidLaws(sumMonoidOf([3]), byValue(), as(arbitraryTensor([3])))
    monoidLaws(productMonoidOf([3]), byValue(), as(arbitraryTensor([3])))
    const [a, b, c] = [f32([1, 2]), f32([3, 4]), f32([5, 6])] as unknown as readonly [T.Tensor<[2]>, T.Tensor<[2]>, T.Tensor<[2]>]
    expect(values(concatAll(sumMonoidOf([2]))([a, b, c]))).toEqual([9, 12])
  })
  it("notice a broken instance", () => {
    const broken: Ring<T.Tensor<[2]>> = { ...ringOf([2]), mul: (x, y) => T.mul(x, T.abs(y)) as T.Tensor<[2]> }
    expect(() => ringLaws(broken, byValue(), as(arbitraryTensor([2])))).toThrow()
  })
})

const like = { dense_1: { kernel: f32([0, 0, 0, 0], [2, 2]), bias: f32([0, 0]) }, scale: f32([0], []) }
type Params = typeof like
const arbitraryParams: fc.Arbitrary<Params> = fc
  .tuple(arbitraryTensor([2, 2]), arbitraryTensor([2]), arbitraryTensor([]))
  .map(([kernel, bias, scale]) => ({ dense_1: { kernel, bias }, scale }))
describe("trees of parameters", () => {
  it("are a monoid", () => monoidLaws(treeMonoidOf(like), byValue(), arbitraryParams))
  it("are a module over scalars", () => {
    const M = moduleOf(like)
    const E = byValue<Params>()
    const scalar = fc.integer({ min: -16, max: 16 }).map((n) => n / 4)
    fc.assert(
      fc.property(arbitraryParams, arbitraryParams, scalar, scalar, (a, b, r, s) => {
        must("inverse", E.equals(M.concat(a, M.inverse(a)), M.empty))
        must("commutes", E.equals(M.concat(a, b), M.concat(b, a)))
        must("r (a + b) = r a + r b", E.equals(M.scale(r, M.concat(a, b)), M.concat(M.scale(r, a), M.scale(r, b))))
        must("(r + s) a = r a + s a", E.equals(M.scale(r + s, a), M.concat(M.scale(r, a), M.scale(s, a))))
        must("(r s) a = r (s a)", E.equals(M.scale(r * s, a), M.scale(r, M.scale(s, a))))
        must("1 a = a", E.equals(M.scale(1, a), a))
        must("a scalar tensor scales as its number", E.equals(M.scale(f32([r], []) as unknown as T.Tensor<[]>, a), M.scale(r, a)))
      }),
      runs,
    )
  })
  it("refuse trees of another structure", () => {
    expect(() => moduleOf<unknown>(like).concat(like, { scale: like.scale })).toThrow(/structures differ/)
  })
})
describe("trees as containers", () => {
  const tree = leavesOf(like)
  const numbers: Leaves<number> = { spec: tree.spec, leaves: [3, 1, 2] }
  it("map: identity and composition", () => {
    const [f, g] = [(n: number): number => n + 1, (n: number): number => n * 2]
    expect(Functor.map(numbers, (n) => n)).toEqual(numbers)
    expect(Functor.map(numbers, (n) => g(f(n)))).toEqual(Functor.map(Functor.map(numbers, f), g))
    expect(treeOf(numbers)).toEqual({ dense_1: { bias: 3, kernel: 1 }, scale: 2 })
    expect(treeOf(tree)).toEqual(like)
  })
  it("fold in the order of their leaves", () => {
    expect(Foldable.reduce(numbers, "", (s, n) => s + n)).toBe("312")
    expect(Foldable.reduceRight(numbers, "", (n, s) => s + n)).toBe("213")
    expect(Foldable.foldMap({ empty: "", concat: (a: string, b: string) => a + b })(numbers, String)).toBe("312")
  })
  it("traverse: identity, naturality, composition", () => {
    expect(Traversable.traverse(Identity.Applicative)(numbers, (n) => n + 1)).toEqual(Functor.map(numbers, (n) => n + 1))
    const half = (n: number): O.Option<number> => (n % 2 === 0 ? O.some(n / 2) : O.none)
    expect(Traversable.traverse(O.Applicative)(numbers, half)).toEqual(O.none)
    const even: Leaves<number> = { spec: tree.spec, leaves: [6, 2, 4] }
    expect(Traversable.traverse(O.Applicative)(even, half)).toEqual(O.some({ spec: tree.spec, leaves: [3, 1, 2] }))
    expect(Traversable.sequence(O.Applicative)(Functor.map(even, half))).toEqual(Traversable.traverse(O.Applicative)(even, half))
    const toList = <A>(o: O.Option<A>): readonly A[] => (o._tag === "Some" ? [o.value] : [])
    const list = pipe(Traversable.traverse(O.Applicative)(even, half), toList)
    expect(list).toEqual([Functor.map(even, (n) => n / 2)])
  })
})
describe("expressions", () => {
  const [a, b] = [f32([1, 2]), f32([1, 2])]
  const f = (x: RawTensor): AnyTensor => T.tanh(T.add(T.mul(x, x), 1))
  it("are equal by structure, and data by identity", () => {
    const E = eqExpression
    expect(E.equals(f(a), f(a))).toBe(true)
    expect(E.equals(f(a), f(b))).toBe(false)
    expect(E.equals(T.mul(a, 2), T.mul(a, 3))).toBe(false)
    expect(E.equals(T.add(a, b), T.add(b, a))).toBe(false)
    expect(
      E.equals(
        f(a),
        inSession(() => f(a)),
      ),
    ).toBe(true)
  })
  it("have an equivalence: reflexive, symmetric, transitive", () => {
    const all = [f(a), f(b), f(a), a, T.tanh(a), T.add(a, b), T.add(a, b)]
    for (const x of all)
      for (const y of all) {
        expect(eqExpression.equals(x, x)).toBe(true)
        expect(eqExpression.equals(x, y)).toBe(eqExpression.equals(y, x))
        for (const z of all)
          if (eqExpression.equals(x, y) && eqExpression.equals(y, z)) expect(eqExpression.equals(x, z)).toBe(true)
      }
  })
})
describe("layers are a category", () => {
  const f = Net.network(["b", 3], Net.named("f", Net.dense(4)), Net.batchNorm())
  const g = Net.network(["b", 4], Net.tanh, Net.named("g", Net.dense(2)))
  const h = Net.network(["b", 2], Net.named("h", Net.dense(5)), Net.layerNorm())
  const [F, G, H] = [stageOf(f), stageOf(g), stageOf(h)] as readonly [Arrow, Arrow, Arrow]
  const whole = Net.network(
    ["b", 3],
    Net.named("f", Net.dense(4)),
    Net.batchNorm(),
    Net.tanh,
    Net.named("g", Net.dense(2)),
    Net.named("h", Net.dense(5)),
    Net.layerNorm(),
  )
  const x = f32([1, -2, 0.5, 3, 0.25, -1], [2, 3])
  const vars = Net.init(whole, Random.key(1)) as { params: never; state: never }
  const does = (a: Arrow): unknown => {
    const r = a.apply({ ...vars, train: true, key: undefined, path: "" }, x)
    const out = flatten([r.y, r.state])
    const { rows, ...plan } = a.plan(f.input)
    void rows
    return {
      plan: JSON.stringify(plan, (k, v) => (k === "init" ? undefined : v)),
      values: evaluate(out.leaves).map((v) => [...v]),
    }
  }
  const compose = (bc: Arrow, ab: Arrow): Arrow => category.compose(bc, ab)
  it("associative, with a neutral element", () => {
    expect(does(compose(H, compose(G, F)))).toEqual(does(compose(compose(H, G), F)))
    expect(does(compose(category.id(), F))).toEqual(does(F))
    expect(does(compose(F, category.id()))).toEqual(does(F))
  })
  it("whose composition is what a network does", () => {
    expect(does(compose(H, compose(G, F)))).toEqual(does(whole.arrow))
  })
})
