// Layers of transformers, against arithmetic written out here.
import { describe, expect, it } from "vitest"
import { upto } from "../../src/core/shape.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { Net } from "../../src/nn/index.ts"
import type { AnyNetwork as Network, Counted } from "../../src/nn/network.ts"
import { applyOf } from "../../src/nn/variables.ts"
import * as T from "../../src/ops/index.ts"
import * as Random from "../../src/random/index.ts"
import { grad } from "../../src/transform/index.ts"
import { encoded, translated } from "../types/fixtures/transformers.ts"
import { close, f32, i32, run, sentence, shapes, values } from "./help.ts"

type AnyNetwork = Network & Counted
const key = Random.key(7)
const untyped = Net.network as unknown as (input: unknown, ...layers: readonly unknown[]) => AnyNetwork
type Variables = { params: Record<string, Record<string, never>>; state: never }
const variablesOf = (net: AnyNetwork): Variables => run(Net.init(net, key)) as never
const out = (net: AnyNetwork, v: unknown, x: unknown): number[] => values(applyOf(net, v as never, x as RawTensor, {})[0])
const ramp = (shape: readonly number[], speed = 1.7): RawTensor =>
  f32(
    upto(shape.reduce((a, b) => a * b, 1)).map((k) => Math.fround(Math.sin(k * speed + 0.3))),
    shape,
  )
/** Rows of a matrix. */
const rows = (t: RawTensor): number[][] => {
  const n = t.shape.at(-1)!
  const v = values(t)
  return upto(v.length / n).map((k) => v.slice(k * n, k * n + n))
}
const times = (a: readonly number[][], b: readonly number[][]): number[][] =>
  a.map((r) => b[0]!.map((_, j) => r.reduce((s, x, k) => s + x * b[k]![j]!, 0)))
interface Affine {
  readonly kernel: RawTensor
  readonly bias: RawTensor
}
const affine = (x: readonly number[][], p: Affine): number[][] => {
  const bias = values(p.bias)
  return times(x, rows(p.kernel)).map((r) => r.map((v, k) => v + bias[k]!))
}
type Attention = Readonly<Record<"query" | "key" | "value" | "out", Affine>>
/** x [t, n] attends to m [s, k]; `sees` says which places count. */
const direct = (
  x: readonly number[][],
  m: readonly number[][],
  p: Attention,
  heads: number,
  groups: number,
  sees: (head: number, i: number, j: number) => boolean = () => true,
): number[] => {
  const [q, k, v] = [affine(x, p.query), affine(m, p.key), affine(m, p.value)]
  const c = q[0]!.length / heads
  const merged = q.map((row, i) =>
    upto(heads).flatMap((h) => {
      const g = Math.floor(h / (heads / groups))
      const weights = k.map((other, j) =>
        sees(h, i, j) ? Math.exp(upto(c).reduce((s, d) => s + row[h * c + d]! * other[g * c + d]!, 0) / Math.sqrt(c)) : 0,
      )
      const total = weights.reduce((a, w) => a + w, 0)
      return upto(c).map((d) => (total === 0 ? 0 : weights.reduce((s, w, j) => s + w * v[j]![g * c + d]!, 0) / total))
    }),
  )
  return affine(merged, p.out).flat()
}

/** Biases that are not 0. */
const shaken = (v: Variables, kind: string): Attention =>
  Object.fromEntries(
    Object.entries(v.params[kind] as unknown as Attention).map(([k, p]) => [k, { ...p, bias: ramp(p.bias.shape, 0.9) }]),
  ) as unknown as Attention

describe("multiHeadAttention", () => {
  it("projects, attends with each head, and projects back", () => {
    for (const { heads, keyHeads = heads, headSize } of [{ heads: 2 }, { heads: 4, keyHeads: 2, headSize: 3 }, { heads: 1 }]) {
      const options = { heads, keyHeads, ...(headSize ? { headSize } : {}) }
      for (const causal of [false, true]) {
        const net = untyped(["b", 5, 6], Net.multiHeadAttention({ ...options, causal }))
        const p = shaken(variablesOf(net), "multiHeadAttention_1")
        const x = ramp([2, 5, 6])
        const wanted = [0, 1].flatMap((b) => {
          const own = rows(x).slice(b * 5, b * 5 + 5)
          return direct(own, own, p, heads, keyHeads, (_, i, j) => !causal || j <= i)
        })
        expect(close(out(net, { params: { multiHeadAttention_1: p }, state: {} }, x), wanted)).toBe(true)
      }
    }
  })
  it("attends to a memory, and to what a mask leaves", () => {
    const net = untyped([["t", 4], ["s", 6], Net.input([2, 1, "s"], "bool")], Net.multiHeadAttention({ heads: 2 }))
    const p = shaken(variablesOf(net), "multiHeadAttention_1")
    const [x, m] = [ramp([3, 4]), ramp([5, 6], 2.1)]
    const seen = [1, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    const mask = T.cast(i32(seen, [2, 1, 5]), "bool")
    const wanted = direct(rows(x), rows(m), p, 2, 2, (h, _, j) => seen[h * 5 + j] === 1)
    expect(close(out(net, { params: { multiHeadAttention_1: p }, state: {} }, [x, m, mask]), wanted)).toBe(true)
  })
  it("fused is the same with the three kernels side by side", () => {
    const options = { heads: 4, keyHeads: 2, causal: true } as const
    const [apart, fused] = [options, { ...options, fused: true } as const].map((o) =>
      untyped(["b", "t", 8], Net.multiHeadAttention(o)),
    ) as [AnyNetwork, AnyNetwork]
    const p = shaken(variablesOf(apart), "multiHeadAttention_1")
    const beside = (part: "kernel" | "bias"): unknown => T.concat([p.query[part], p.key[part], p.value[part]], -1 as never)
    const qkv = { kernel: beside("kernel"), bias: beside("bias") }
    const x = ramp([2, 5, 8])
    const [y, z] = [
      out(apart, { params: { multiHeadAttention_1: p }, state: {} }, x),
      out(fused, { params: { multiHeadAttention_1: { qkv, out: p.out } }, state: {} }, x),
    ]
    expect(close(z, y)).toBe(true)
    expect(shapes(variablesOf(fused).params)).toEqual({
      multiHeadAttention_1: { qkv: { kernel: [8, 16], bias: [16] }, out: { kernel: [8, 8], bias: [8] } },
    })
    expect(fused.parameters).toBe(apart.parameters)
  })
  it("drops weights while it trains, with a key; the rest is divided by what stays", () => {
    const net = untyped(["t", 1], Net.multiHeadAttention({ heads: 1, dropout: 0.5, bias: false }))
    const one = { kernel: f32([1], [1, 1]) }
    const none = { kernel: f32([0], [1, 1]) }
    const v = { params: { multiHeadAttention_1: { query: none, key: none, value: one, out: one } }, state: {} }
    const x = f32(
      upto(400).map(() => 1),
      [400, 1],
    )
    const trained = values(applyOf(net, v as never, x, { train: true, key })[0])
    // each is the mean of 400 numbers that are 0 or 2
    for (const y of trained) expect(Number.isInteger(Math.round(y * 200 * 1e6) / 1e6)).toBe(true)
    expect(Math.abs(trained.reduce((a, b) => a + b, 0) / 400 - 1)).toBeLessThan(0.01)
    expect(new Set(trained).size).toBeGreaterThan(10)
    expect(close(out(net, v, x), values(x))).toBe(true)
    expect(sentence(() => applyOf(net, v as never, x, { train: true }))).toBe(
      "network: training needs Random (a layer draws numbers); pass { train: true, key }",
    )
  })
  it("looks at the sizes again when they are known", () => {
    const net = untyped([["b", "t", 4], Net.input(["b", 1, 1, "?"], "bool")], Net.multiHeadAttention({ heads: 2 }))
    const v = variablesOf(net)
    const mask = (n: number): unknown =>
      T.cast(
        i32(
          upto(n).map(() => 1),
          [1, 1, 1, n],
        ),
        "bool",
      )
    expect(out(net, v, [ramp([1, 3, 4]), mask(3)]).length).toBe(12)
    expect(sentence(() => out(net, v, [ramp([1, 3, 4]), mask(2)]))).toBe(
      "multiHeadAttention: a mask [1, 1, 1, 2] does not broadcast to the scores [1, 2, 3, 3]; give it their sizes, or 1",
    )
  })
})

describe("tokens", () => {
  it("positions are added, the token stands in front, one place is selected", () => {
    const net = untyped(["b", 2, 3], Net.prependToken(), Net.positionEmbedding(4))
    const v = { params: { prependToken_1: { token: f32([7, 8, 9]) }, positionEmbedding_1: { table: ramp([4, 3]) } }, state: {} }
    const x = ramp([2, 2, 3], 0.4)
    const table = rows(ramp([4, 3]))
    const [a, b, c, d] = rows(x) as [number[], number[], number[], number[]]
    const wanted = [[7, 8, 9], a, b, [7, 8, 9], c, d].flatMap((r, k) => r.map((y, j) => y + table[k % 3]![j]!))
    expect(close(out(net, v, x), wanted)).toBe(true)
    const select = (place: number): number[] => out(untyped(["b", 2, 3], Net.selectToken(place)), { params: {}, state: {} }, x)
    expect(select(0)).toEqual([...a, ...c])
    expect(select(-1)).toEqual([...b, ...d])
  })
  it("a sequence that turns out too long is refused when it is", () => {
    const net = untyped(["b", "t", 3], Net.positionEmbedding(4))
    expect(sentence(() => applyOf(net, variablesOf(net), ramp([1, 5, 3]), {}))).toBe(
      "positionEmbedding: [1, 5, 3] has 5 places, and the table 4; shorten the sequence, or enlarge the table",
    )
    const select = untyped(["t", 3], Net.selectToken(4))
    expect(sentence(() => applyOf(select, { params: {}, state: {} }, ramp([4, 3]), {}))).toBe(
      "selectToken: [4, 3] has 4 places, and none is 4; count places from 0, or from the end with -1",
    )
  })
})

describe("unembedding", () => {
  it("is the product with the transposed table", () => {
    const net = untyped(["b", 3], Net.unembedding(5))
    const table = ramp([5, 3])
    const wanted = times(
      rows(ramp([2, 3], 0.4)),
      times(
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        rows(table).reduce<number[][]>((m, r) => m.map((c, k) => [...c, r[k]!]), [[], [], []]),
      ),
    )
    expect(close(out(net, { params: { unembedding_1: { table } }, state: {} }, ramp([2, 3], 0.4)), wanted.flat())).toBe(true)
  })
  it("tied to an embedding it has no parameters of its own, and one gradient", () => {
    const net = untyped(Net.input(["t"], "i32"), Net.shared("wte", Net.embedding(4, 2)), Net.shared("wte", Net.unembedding(4)))
    expect(net.parameters).toBe(8)
    const table = f32([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])
    const ids = i32([2, 0])
    const loss = (w: RawTensor) => T.sum(applyOf(net, { params: { wte: { table: w } }, state: {} } as never, ids, {})[0]) as never
    expect(values(loss(table))).toEqual([(5 + 1) * 16 + (6 + 2) * 20])
    // d/dw[v] of sum over t, u of w[ids t] . w[u]: sum over t of w[ids t], and for each t with ids t = v the sum of all rows
    const g = values(grad(loss)(table) as RawTensor)
    expect(g).toEqual([6 + 16, 8 + 20, 6, 8, 6 + 16, 8 + 20, 6, 8])
  })
})

describe("transformers", () => {
  it("of a mask, and of a memory, run", () => {
    const zeros = (shape: readonly number[]): RawTensor => T.zeros(shape) as RawTensor
    const [x, mask] = [zeros([1, 2, 768]), T.cast(i32([1, 0], [1, 1, 1, 2]), "bool")]
    const y = applyOf(encoded, Net.init(encoded, key), [x, mask as RawTensor], {})[0]
    expect(y.shape).toEqual([1, 2, 768])
    const z = applyOf(translated, Net.init(translated, key), [zeros([1, 2, 512]), zeros([1, 3, 256])], {})[0]
    expect(z.shape).toEqual([1, 2, 1000])
  })
})
