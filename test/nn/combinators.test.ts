// Layers beside each other and along time, against direct computations: what goes where, and what comes out.
import { describe, expect, it } from "vitest"
import { Net } from "../../src/nn/index.ts"
import { applyOf } from "../../src/nn/variables.ts"
import * as Random from "../../src/random/index.ts"
import { checkGradients } from "../../src/testing/index.ts"
import * as T from "../../src/tensor.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { close, f32, i32, run, values } from "./help.ts"

const key = Random.key(3)
type Any = Net.AnyNetwork
const vars = (net: Any): { params: never; state: never } => run(Net.init(net, key)) as never
const apply = (net: Any, v: unknown, x: unknown, options = {}): unknown => applyOf(net, v as never, x as RawTensor, options)[0]
const listOf = (v: unknown): readonly RawTensor[] => v as readonly RawTensor[]
const one = (v: unknown): number[] => values(v as RawTensor)

describe("layers beside each other", () => {
  const x = f32([1, -2, 3, 4, 5, -6], [2, 3])
  it("branch copies, select picks and orders, parallel deals out", () => {
    const net = Net.network(
      ["b", 3],
      Net.branch(Net.relu, Net.identity, Net.branch(Net.tanh, Net.identity)),
      Net.select(3, 0, 2),
      Net.parallel(Net.identity, Net.identity, Net.sigmoid),
    )
    const [a, b, c] = listOf(apply(net, vars(net), x))
    expect(values(a!)).toEqual([1, -2, 3, 4, 5, -6])
    expect(values(b!)).toEqual([1, 0, 3, 4, 5, 0])
    expect(
      close(
        values(c!),
        [1, -2, 3, 4, 5, -6].map((v) => 1 / (1 + Math.exp(-Math.tanh(v)))),
      ),
    ).toBe(true)
  })
  it("concat joins along the last axis, add sums; join and total do so for lists", () => {
    const joined = Net.network(["b", 3], Net.concat(Net.relu, Net.identity))
    expect(one(apply(joined, vars(joined), x))).toEqual([1, 0, 3, 1, -2, 3, 4, 5, 0, 4, 5, -6])
    const sum = Net.network(["b", 3], Net.add(Net.relu, Net.identity, Net.relu))
    expect(one(apply(sum, vars(sum), x))).toEqual([3, -2, 9, 12, 15, -6])
    const lists = Net.network(
      [
        ["b", 3],
        ["b", 3],
      ],
      Net.branch(Net.total, Net.join),
    )
    const [total, join] = listOf(apply(lists, vars(lists), [x, T.neg(x as T.Tensor)]))
    expect(values(total!)).toEqual([0, 0, 0, 0, 0, 0])
    expect(values(join!)).toEqual([1, -2, 3, -1, 2, -3, 4, 5, -6, -4, -5, 6])
  })
  it("have parameters and state of their own, and draw numbers of their own", () => {
    const net = Net.network(["b", 64], Net.branch(Net.dropout(0.5), Net.dropout(0.5), Net.batchNorm(), Net.batchNorm()))
    const big = f32(
      Array.from({ length: 128 }, (_, k) => k + 1),
      [2, 64],
    )
    const [y, state] = applyOf(net, vars(net), big, { train: true, key }) as unknown as [RawTensor[], Record<string, object>]
    expect(values(y[0]!).map(Boolean)).not.toEqual(values(y[1]!).map(Boolean))
    expect(Object.keys(state["branch_1"]!)).toEqual(["batchNorm_1", "batchNorm_2"])
  })
  it("share weights across branches, where they are counted once", () => {
    const tied = Net.shared("tied", Net.dense(2))
    const net = Net.network(["b", 3], Net.add(tied, tied))
    expect(net.parameters).toBe(8)
    const v = vars(net)
    const single = Net.network(["b", 3], tied)
    const direct = one(apply(single, { params: (v as { params: Record<string, unknown> }).params["add_1"], state: {} }, x))
    expect(one(apply(net, v, x))).toEqual(direct.map((n) => 2 * n))
  })
  it("make a network of two inputs, one of indices", () => {
    const net = Net.network([Net.input(["b"], "i32"), ["b", 3]], Net.parallel(Net.embedding(5, 2), Net.dense(2)), Net.join)
    const v = vars(net)
    const y = apply(net, v, [i32([4, 0]), x]) as RawTensor
    const { embedding_1, dense_1 } = (v as { params: { parallel_1: Record<string, Record<string, RawTensor>> } }).params
      .parallel_1
    const table = values(embedding_1!["table"]!)
    const affine = one(apply(Net.network(["b", 3], Net.dense(2)), { params: { dense_1 }, state: {} }, x))
    expect(y.shape).toEqual([2, 4])
    expect(values(y)).toEqual([table[8], table[9], affine[0], affine[1], table[0], table[1], affine[2], affine[3]])
  })
})

describe("skips that concatenate", () => {
  it("crop to the middle, one less in front where that is odd", () => {
    const net = Net.network(["b", 5, 4, 1], Net.skip(Net.conv2d({ filters: 1, kernel: [3, 2] }), { crop: true }))
    const x = f32(
      Array.from({ length: 20 }, (_, k) => k),
      [1, 5, 4, 1],
    )
    const v = { params: { skip_1: { kernel: f32([0, 0, 0, 0, 0, 1], [3, 2, 1, 1]), bias: f32([0]) } }, state: {} }
    const y = apply(net, v, x) as RawTensor
    expect(y.shape).toEqual([1, 3, 3, 2])
    // rows 1 to 3, columns 0 to 2; beside them the window's last element: two rows down, one to the right
    const wanted = [1, 2, 3].flatMap((r) => [0, 1, 2].flatMap((c) => [r * 4 + c, (r + 1) * 4 + c + 1]))
    expect(values(y)).toEqual(wanted)
  })
})

// ---- along time ------------------------------------------------------------------------------------------------------
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v))
type Weights = { kernel: RawTensor; recurrent: RawTensor; bias: RawTensor }
/** x [t, n] times a kernel's column, and h times the recurrent's, plus the bias. */
const affine = (w: number[], r: number[], b: number[], x: number[], h: number[], width: number, col: number): number =>
  x.reduce((s, v, k) => s + v * w[k * width + col]!, 0) + h.reduce((s, v, k) => s + v * r[k * width + col]!, 0) + b[col]!
/** Each step of a layer, by loops. */
const steps: Readonly<
  Record<"rnn" | "lstm" | "gru", (p: number[][], x: number[], h: number[], c: number[]) => [number[], number[]]>
> = {
  rnn: ([w, r, b], x, h, c) => [h.map((_, j) => Math.tanh(affine(w!, r!, b!, x, h, h.length, j))), c],
  lstm: ([w, r, b], x, h, c) => {
    const u = h.length
    const gate = (k: number, j: number): number => affine(w!, r!, b!, x, h, 4 * u, k * u + j)
    const cell = c.map((v, j) => sigmoid(gate(1, j)) * v + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)))
    return [cell.map((v, j) => sigmoid(gate(3, j)) * Math.tanh(v)), cell]
  },
  gru: ([w, r, b], x, h, c) => {
    const u = h.length
    const gate = (k: number, j: number): number => sigmoid(affine(w!, r!, b!, x, h, 3 * u, k * u + j))
    const reset = h.map((v, j) => gate(1, j) * v)
    return [h.map((v, j) => gate(0, j) * v + (1 - gate(0, j)) * Math.tanh(affine(w!, r!, b!, x, reset, 3 * u, 2 * u + j))), c]
  },
}
describe("recurrent layers", () => {
  const [b, t, n, u] = [2, 3, 4, 3]
  const data = Array.from({ length: b * t * n }, (_, k) => Math.sin(k * 1.7))
  const x = f32(data, [b, t, n])
  const rows = (k: number, s: number): number[] => [...values(x)].slice((k * t + s) * n, (k * t + s + 1) * n)
  const layer = { rnn: Net.rnn, lstm: Net.lstm, gru: Net.gru }
  for (const kind of ["rnn", "lstm", "gru"] as const)
    it.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])(`${kind}: as by loops, returnSequences %s, reverse %s`, (returnSequences, reverse) => {
      const net = Net.network(["b", "t", n], layer[kind](u, { returnSequences, reverse }) as never) as Any
      const v = vars(net) as unknown as { params: Record<string, Weights> }
      const w = v.params[`${kind}_1`]!
      const p = [values(w.kernel), values(w.recurrent), values(w.bias)]
      const wanted = [0, 1].map((k) => {
        const order = reverse ? [2, 1, 0] : [0, 1, 2]
        const out: number[][] = []
        let [h, c] = [Array.from({ length: u }, () => 0), Array.from({ length: u }, () => 0)]
        for (const s of order) {
          ;[h, c] = steps[kind](p, rows(k, s), h, c)
          out[s] = h
        }
        return returnSequences ? out.flat() : h
      })
      const y = apply(net, v, x) as RawTensor
      expect(y.shape).toEqual(returnSequences ? [b, t, u] : [b, u])
      expect(close(values(y), wanted.flat(), 1e-6)).toBe(true)
    })
  it("a forget gate begins open", () => {
    const net = Net.network(["b", "t", 2], Net.lstm(2))
    const { lstm_1 } = (vars(net) as unknown as { params: { lstm_1: Weights } }).params
    expect(values(lstm_1.bias)).toEqual([0, 0, 1, 1, 0, 0, 0, 0])
  })
  it("a cell of one's own gives what rnn gives", () => {
    const cell = Net.sequential(Net.join, Net.dense(u), Net.tanh)
    for (const returnSequences of [true, false]) {
      const own = Net.network(["b", "t", n], Net.recurrent(cell, { carry: [u], returnSequences }) as never) as Any
      const rnn = Net.network(["b", "t", n], Net.rnn(u, { returnSequences }) as never) as Any
      const v = vars(rnn) as unknown as { params: { rnn_1: Weights } }
      const { kernel, recurrent, bias } = v.params.rnn_1
      const both = { dense_1: { kernel: T.concat([kernel, recurrent] as never), bias } }
      const y = apply(own, { params: { recurrent_1: both }, state: {} }, x)
      expect(close(one(y), one(apply(rnn, v, x)), 1e-6)).toBe(true)
    }
  })
  it("two carries go their own ways", () => {
    // the first adds up the inputs, the second halves: what comes out is the first
    const cell = Net.branch(Net.sequential(Net.select(0, 1), Net.total), Net.sequential(Net.select(2), Net.identity))
    const net = Net.network(["b", 3, 2], Net.recurrent(cell, { carry: [2, 5] }))
    expect(one(apply(net, vars(net), f32([1, 2, 3, 4, 5, 6], [1, 3, 2])))).toEqual([9, 12])
  })
  it("have the gradients that finite differences have, beside each other and with skips", () => {
    const net = Net.network(
      ["b", 3, 4],
      Net.concat(Net.lstm(2, { returnSequences: true }), Net.gru(2, { returnSequences: true, reverse: true })),
      Net.skip(Net.rnn(3, { returnSequences: true })),
      Net.add(Net.dense(3), Net.sequential(Net.dense(3), Net.tanh)),
      Net.lstm(2),
    )
    const v = vars(net) as unknown as { params: object }
    const of = (params: object): never => T.sum(T.square(apply(net, { params, state: {} }, x) as T.Tensor)) as never
    checkGradients(of, [v.params], { elements: 6 })
  })
})
