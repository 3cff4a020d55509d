// Keys are equal exactly where what they are made of is.
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Key, type RawTensor, structure, Table, trace } from "../../src/core/index.ts"
import * as T from "../../src/tensor.ts"
import { Lru } from "../../src/runtime/lru.ts"

const { data } = fc.letrec((tie) => ({
  data: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(
      0,
      -0,
      1,
      -1,
      0.5,
      2 ** 31,
      2 ** 32 + 1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "",
      "a",
      "ab",
      "0",
      "list",
    ),
    fc.constantFrom<unknown>(true, false, null, undefined),
    fc.array(tie("data"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "list"), tie("data"), { maxKeys: 3, noNullPrototype: true }),
  ),
}))
/** The same content as text. */
const text = (v: unknown): string => {
  if (Array.isArray(v)) return `[${v.map(text).join()}]`
  if (typeof v !== "object" || v === null) return Object.is(v, -0) ? "-0" : typeof v === "string" ? JSON.stringify(v) : String(v)
  const o = v as Readonly<Record<string, unknown>>
  return `{${Object.keys(o)
    .sort()
    .map((k) => `${k}:${text(o[k])}`)
    .join()}}`
}
const keyOf = (...vs: readonly unknown[]): Key => vs.reduce<Key>((k, v) => k.data(v), new Key())

describe("keys", () => {
  test("say of plain data what its text says, one after the other too", () => {
    fc.assert(
      fc.property(fc.array(data, { maxLength: 3 }), fc.array(data, { maxLength: 3 }), (a, b) => {
        expect(keyOf(...a).same(keyOf(...structuredClone(a)))).toBe(true)
        expect(keyOf(...a).same(keyOf(...b))).toBe(a.length === b.length && text(a) === text(b))
      }),
      { numRuns: 2000 },
    )
  })
  test("take functions, symbols and objects of classes by identity", () => {
    const things: readonly unknown[] = [() => 1, () => 1, new Float32Array(2), new Float32Array(2), new Map(), Symbol("a"), 3n]
    for (const a of things) for (const b of things) expect(keyOf([a]).same(keyOf([b]))).toBe(a === b)
  })
  test("the order of names does not matter", () => {
    expect(keyOf({ a: 1, b: [2] }).same(keyOf({ b: [2], a: 1 }))).toBe(true)
  })
})
/** Few sums, so that keys of different content meet under one. */
const clashing = (n: number): Key => Object.assign(new Key().number(n), { hash: n % 3 })
const acts = fc.array(fc.record({ k: fc.nat(9), v: fc.option(fc.nat(), { freq: 4 }) }), { maxLength: 60 })
test("tables keep what was set last, also where sums clash", () => {
  fc.assert(
    fc.property(acts, (all) => {
      const [table, map] = [new Table<number>(), new Map<number, number>()]
      for (const { k, v } of all) {
        if (v === null) table.delete(clashing(k))
        else table.set(clashing(k), v)
        if (v === null) map.delete(k)
        else map.set(k, v)
        for (let n = 0; n < 10; n++) expect(table.get(clashing(n))).toBe(map.get(n))
      }
    }),
  )
})
test("an Lru forgets what a list in the order of use forgets", () => {
  fc.assert(
    fc.property(acts, (all) => {
      const dropped: number[] = []
      const want: number[] = []
      const lru = new Lru<number>(4, (x) => void dropped.push(x))
      let order: (readonly [number, number])[] = []
      for (const { k, v } of all) {
        const known = order.find(([n]) => n === k)
        if (v === null) {
          expect(lru.get(clashing(k))).toBe(known?.[1])
          if (known) order = [...order.filter((o) => o !== known), known]
        } else {
          lru.set(clashing(k), v)
          if (known && known[1] !== v) want.push(known[1])
          order = [...order.filter((o) => o !== known), [k, v]]
          if (order.length > 4) want.push(order.shift()![1])
        }
        expect([lru.size, dropped]).toEqual([order.length, want])
      }
    }),
  )
})

describe("structures", () => {
  const like = [
    { shape: [2, 3], dtype: "f32" },
    { shape: [2, 3], dtype: "f32" },
  ] as const
  type F = (a: RawTensor, b: RawTensor) => unknown
  const bound = T.fromArray([1, 2, 3])
  const programs: readonly F[] = [
    (a) => a,
    (_, b) => b,
    (a, b) => T.add(a, b),
    (a, b) => T.add(b, a),
    (a, b) => T.sub(a, b),
    (a) => T.add(a, a),
    (a) => T.add(a, 1),
    (a) => T.add(a, 2),
    (a) => T.add(a, bound),
    (a) => T.add(a, T.fromArray([[1, 2, 3]])),
    (a) => T.add(T.mul(a, bound), bound),
    (a) => T.add(T.mul(a, bound), T.fromArray([1, 2, 3])),
    () => T.neg(bound),
    () => T.neg(T.fromArray([1, 2])),
    () => T.neg(T.fromArray([1, 2, 3], [3], "i32")),
    (a) => T.sum(a, [0]),
    (a) => T.sum(a, [1]),
    (a) => T.sum(a, [1], { keepDims: true }),
    (a) => T.cast(a, "i32"),
    (a) => T.cast(a, "f64"),
    (a) => T.scan((c: T.Tensor<[3]>, x: T.Tensor<[3]>) => [T.add(c, x), []] as const, bound, a as never)[0],
    (a) => T.scan((c: T.Tensor<[3]>, x: T.Tensor<[3]>) => [T.mul(c, x), []] as const, bound, a as never)[0],
  ]
  const traced = (f: F, avals: Parameters<typeof trace>[1] = like) =>
    structure(trace((a, b) => [f(a!, b!)] as readonly RawTensor[], avals))
  test("each program is equal to its other trace, and to no other", () => {
    for (const [i, f] of programs.entries())
      for (const [j, g] of programs.entries())
        expect(traced(f).key.same(traced(g).key), `${programs[i]} and ${programs[j]}`).toBe(i === j)
  })
  test("parameters of another shape or dtype, more of them, more results: others", () => {
    const f: F = (a, b) => T.add(a, b)
    const others = [
      [{ shape: [3, 2], dtype: "f32" } as const, { shape: [3, 2], dtype: "f32" } as const],
      [{ shape: [2, 3], dtype: "i32" } as const, { shape: [2, 3], dtype: "i32" } as const],
      [...like, like[0]],
    ]
    for (const avals of others) expect(traced(f, avals).key.same(traced(f).key)).toBe(false)
    const twice = structure(trace((a, b) => [T.add(a!, b!), a!] as readonly RawTensor[], like))
    expect(twice.key.same(traced(f).key)).toBe(false)
  })
})
