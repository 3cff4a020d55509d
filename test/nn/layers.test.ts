// What each layer computes, against arithmetic written out here; what it refuses.
import { describe, expect, it } from "vitest"
import { Init, Loss, Net } from "../../src/nn/index.ts"
import { applyOf } from "../../src/nn/variables.ts"
import type { AnyLayer } from "../../src/nn/layer.ts"
import type { AnyNetwork } from "../../src/nn/network.ts"
import * as Random from "../../src/random/index.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { close, f32, i32, run, sentence, shapes, values } from "./help.ts"

const key = Random.key(20261120)
const untyped = Net.network as unknown as (input: unknown, ...layers: readonly unknown[]) => AnyNetwork
const vars = (net: AnyNetwork): { params: never; state: never } => run(Net.init(net, key)) as never
const forward = (net: AnyNetwork, v: unknown, x: RawTensor): number[] => values(applyOf(net, v as never, x, {})[0])
/** Numbers without ties, in a fixed order. */
const ramp = (shape: readonly number[]): RawTensor => {
  const n = shape.reduce((a, b) => a * b, 1)
  return f32(
    Array.from({ length: n }, (_, k) => Math.fround(Math.sin(k * 1.7 + 0.3) * 2)),
    shape,
  )
}

describe("dense", () => {
  it("is x kernel + bias over the last axis, for any leading axes", () => {
    const net = untyped(["b", "t", 2], Net.dense(3))
    const v = { params: { dense_1: { kernel: f32([1, 2, 3, 4, 5, 6], [2, 3]), bias: f32([10, 20, 30]) } }, state: {} }
    expect(forward(net, v, f32([1, 0, 0, 1, 2, -1], [1, 3, 2]))).toEqual([11, 22, 33, 14, 25, 36, 8, 19, 30])
  })
  it("has no bias where it is left out", () => {
    const net = Net.network(["b", 2], Net.dense(3, { bias: false }))
    expect(shapes(Net.init(net, key).params)).toEqual({ dense_1: { kernel: [2, 3] } })
    expect(net.parameters).toBe(6)
  })
})
describe("conv2d", () => {
  it("gives the output shape of its plan, over options", () => {
    for (const padding of ["valid", "same", 1, [0, 2]] as const)
      for (const stride of [1, 2] as const)
        for (const dilation of [1, 2] as const) {
          const net = untyped(["b", 9, 8, 4], Net.conv2d({ filters: 6, kernel: [3, 2], padding, stride, dilation, groups: 2 }))
          const [y] = applyOf(net, vars(net), ramp([2, 9, 8, 4]), {})
          expect(y.shape).toEqual([2, ...(net.output as { shape: readonly number[] }).shape.slice(1)])
          expect(shapes(vars(net).params)).toEqual({ conv2d_1: { kernel: [3, 2, 2, 6], bias: [6] } })
        }
  })
  it("is the sum over the window", () => {
    const net = untyped(["b", 3, 3, 1], Net.conv2d({ filters: 1, kernel: 2 }))
    const v = { params: { conv2d_1: { kernel: f32([1, 10, 100, 1000], [2, 2, 1, 1]), bias: f32([5]) } }, state: {} }
    expect(forward(net, v, f32([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]))).toEqual([5426, 6537, 8759, 9870])
  })
})
describe("pools", () => {
  const x = ramp([2, 4, 4, 3])
  it("take maxima and means of windows", () => {
    const at = (b: number, h: number, w: number, c: number): number => values(x)[((b * 4 + h) * 4 + w) * 3 + c]!
    const windows = (f: (v: readonly number[]) => number): number[] =>
      [0, 1].flatMap((b) =>
        [0, 2].flatMap((h) =>
          [0, 2].flatMap((w) => [0, 1, 2].map((c) => f([0, 1].flatMap((i) => [0, 1].map((j) => at(b, h + i, w + j, c)))))),
        ),
      )
    const empty = { params: {}, state: {} }
    expect(forward(untyped(["b", 4, 4, 3], Net.maxPool2d(2)), empty, x)).toEqual(windows((v) => Math.max(...v)))
    const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b) / v.length
    expect(close(forward(untyped(["b", 4, 4, 3], Net.avgPool2d(2)), empty, x), windows(mean))).toBe(true)
    const all = [0, 1].flatMap((b) =>
      [0, 1, 2].map((c) => mean([0, 1, 2, 3].flatMap((h) => [0, 1, 2, 3].map((w) => at(b, h, w, c))))),
    )
    expect(close(forward(untyped(["b", 4, 4, 3], Net.globalAvgPool2d), empty, x), all)).toBe(true)
  })
})
describe("activations", () => {
  it("apply their function", () => {
    const x = f32([-2, -0.5, 0, 1, 3])
    const of = (l: AnyLayer): number[] => forward(untyped(["n"], l), { params: {}, state: {} }, x)
    expect(of(Net.relu)).toEqual([0, 0, 0, 1, 3])
    expect(close(of(Net.tanh), [-2, -0.5, 0, 1, 3].map(Math.tanh))).toBe(true)
    expect(
      close(
        of(Net.sigmoid),
        [-2, -0.5, 0, 1, 3].map((v) => 1 / (1 + Math.exp(-v))),
      ),
    ).toBe(true)
    expect(
      close(
        of(Net.softplus),
        [-2, -0.5, 0, 1, 3].map((v) => Math.log1p(Math.exp(v))),
      ),
    ).toBe(true)
    // x times the normal distribution function: tables give 0.0227501, 0.3085375, 0.8413447, 0.9986501
    expect(close(of(Net.gelu), [-0.0455002639, -0.1542687694, 0, 0.8413447461, 2.9959503059], 1e-6)).toBe(true)
  })
})
describe("norms", () => {
  const x = ramp([4, 3, 5])
  const rows = Array.from({ length: 12 }, (_, r) => values(x).slice(r * 5, r * 5 + 5))
  const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b) / v.length
  const variance = (v: readonly number[]): number => mean(v.map((a) => (a - mean(v)) ** 2))
  it("layerNorm normalises each row", () => {
    const net = untyped(["b", 3, 5], Net.layerNorm({ epsilon: 1e-3 }))
    const v = { params: { layerNorm_1: { scale: f32([1, 2, 3, 4, 5]), shift: f32([0, 1, 0, 1, 0]) } }, state: {} }
    const want = rows.flatMap((r) => r.map((a, k) => ((a - mean(r)) / Math.sqrt(variance(r) + 1e-3)) * (k + 1) + (k % 2)))
    expect(close(forward(net, v, x), want)).toBe(true)
  })
  it("batchNorm uses the batch while it trains, and moves its statistics; the running ones otherwise", () => {
    const net = untyped(["b", 3, 5], Net.batchNorm({ momentum: 0.75, epsilon: 1e-3 }))
    const ones = [1, 1, 1, 1, 1]
    const v = {
      params: { batchNorm_1: { scale: f32([1, 2, 3, 4, 5]), shift: f32([0, 1, 0, 1, 0]) } },
      state: { batchNorm_1: { mean: f32([1, 0, 0, 0, 2]), variance: f32([4, 1, 1, 1, 1]) } },
    }
    const channels = ones.map((_, c) => rows.map((r) => r[c]!))
    const [y, state] = applyOf(net, v, x, { train: true })
    const want = rows.flatMap((r) =>
      r.map((a, k) => ((a - mean(channels[k]!)) / Math.sqrt(variance(channels[k]!) + 1e-3)) * (k + 1) + (k % 2)),
    )
    expect(close(values(y), want)).toBe(true)
    const s = (state as { batchNorm_1: { mean: RawTensor; variance: RawTensor } }).batchNorm_1
    expect(
      close(
        values(s.mean),
        channels.map((c, k) => 0.75 * [1, 0, 0, 0, 2][k]! + 0.25 * mean(c)),
      ),
    ).toBe(true)
    expect(
      close(
        values(s.variance),
        channels.map((c, k) => 0.75 * [4, 1, 1, 1, 1][k]! + (0.25 * variance(c) * 12) / 11),
      ),
    ).toBe(true)
    const used = rows.flatMap((r) =>
      r.map((a, k) => ((a - [1, 0, 0, 0, 2][k]!) / Math.sqrt([4, 1, 1, 1, 1][k]! + 1e-3)) * (k + 1) + (k % 2)),
    )
    expect(close(forward(net, v, x), used)).toBe(true)
    const [, same] = applyOf(net, v, x, {})
    expect(values((same as typeof state & { batchNorm_1: { mean: RawTensor } }).batchNorm_1.mean)).toEqual([1, 0, 0, 0, 2])
    expect(sentence(() => applyOf(net, v, ramp([1, 1, 5]) as never, { train: true }))).toBe(
      "network: [1, 1, 5] does not fit [b, 3, 5]: 1 is not 3; change one of them",
    )
    const flat = untyped(["b", 5], Net.batchNorm())
    expect(sentence(() => applyOf(flat, vars(flat), ramp([1, 5]), { train: true }))).toBe(
      "batchNorm: [1, 5] has 1 value per channel, which has no variance; train on larger batches",
    )
  })
})
describe("embedding", () => {
  it("takes rows, and its gradient adds up over equal indices", () => {
    const net = untyped(Net.input(["b", "t"], "i32"), Net.embedding(4, 2))
    const v = { params: { embedding_1: { table: f32([0, 1, 10, 11, 20, 21, 30, 31], [4, 2]) } }, state: {} }
    expect(forward(net, v, i32([3, 0, 1, 3], [2, 2]))).toEqual([30, 31, 0, 1, 10, 11, 30, 31])
  })
})
describe("dropout", () => {
  const net = untyped(["n"], Net.dropout(0.3))
  const x = f32(Array.from({ length: 4000 }, () => 2))
  it("drops the fraction it should, and keeps the mean", () => {
    const out = values(applyOf(net, { params: {}, state: {} }, x, { train: true, key })[0])
    const dropped = out.filter((v) => v === 0).length
    // 4000 draws at 0.3: standard deviation 29
    expect(Math.abs(dropped - 1200)).toBeLessThan(4 * 29)
    expect(out.every((v) => v === 0 || Math.abs(v - 2 / 0.7) < 1e-6)).toBe(true)
  })
  it("is the identity outside training, and draws anew for another key and another layer", () => {
    expect(forward(net, { params: {}, state: {} }, x)).toEqual(values(x))
    const draw = (n: AnyNetwork, k: Random.Key): number[] =>
      values(applyOf(n, { params: {}, state: {} }, x, { train: true, key: k })[0])
    expect(draw(net, key)).toEqual(draw(net, key))
    expect(draw(net, key)).not.toEqual(draw(net, Random.key(1)))
    expect(draw(net, key)).not.toEqual(draw(untyped(["n"], Net.named("other", Net.dropout(0.3))), key))
    expect(sentence(() => applyOf(net, { params: {}, state: {} }, x, { train: true }))).toBe(
      "network: training needs Random (a layer draws numbers); pass { train: true, key }",
    )
  })
})
describe("what layers refuse when the program runs, in the words of the compiler", () => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [
      () => untyped(["batch", 784], Net.dense(28), Net.conv2d({ filters: 32, kernel: 3 })),
      "conv2d: needs [..., height, width, channels], got [batch, 28]; reshape it first",
    ],
    [
      () => untyped(["b", 5, 5, 3], Net.conv2d({ filters: 8, kernel: 6 })),
      "conv2d: [b, 5, 5, 3] and kernel [6, 6, 3, 8]: a window that covers 6 does not fit in 5; pad the input, or use a smaller window",
    ],
    [
      () => untyped(["b", 5, 5, 3], Net.conv2d({ filters: 8, kernel: 3, groups: 2 })),
      "conv2d: channels differ: [b, 5, 5, 3] and kernel [3, 3, 1, 8]: 3 is not 1 x 2 groups; give the kernel as many as the input",
    ],
    [
      () => untyped(["b", 5, 5, 4], Net.conv2d({ filters: 5, kernel: 3, groups: 2 })),
      "conv2d: the 5 filters of kernel [3, 3, 2, 5] do not divide into 2 groups; give a multiple of the groups",
    ],
    [() => Net.conv2d({ filters: 0 as number, kernel: 3 }), "conv2d: filters is 0; it must be a whole number of 1 or more"],
    [() => untyped(["batch", "n"], Net.dense(3)), "dense: the last dimension of [batch, n] is a name; parameters need a size"],
    [() => untyped([], Net.dense(3)), "dense: needs rank 1 or more, got []; expandDims adds axes, reshape takes them away"],
    [() => Net.dense(2.5 as number), "dense: units is 2.5; it must be a whole number of 1 or more"],
    [() => untyped(Net.input(["b", 3], "i32"), Net.relu), "relu: needs a floating-point tensor, got i32; cast it first"],
    [
      () => untyped(["b", 3, 3, 1], Net.maxPool2d(4)),
      "maxPool2d: [b, 3, 3, 1] and window 4: a window that covers 4 does not fit in 3; pad the input, or use a smaller window",
    ],
    [() => untyped(["b", 3], Net.avgPool2d(2)), "avgPool2d: needs [..., height, width, channels], got [b, 3]; reshape it first"],
    [
      () => untyped(["b", 3, 3, 1], Net.maxPool2d(2, { padding: 2 })),
      "maxPool2d: [b, 3, 3, 1] and window 2: a padding of 2 leaves a window of 2 nothing to see; pad by less",
    ],
    [
      () => untyped(["b", 3], Net.globalAvgPool2d),
      "globalAvgPool2d: needs [..., height, width, channels], got [b, 3]; reshape it first",
    ],
    [() => untyped(["b"], Net.flatten), "flatten: needs rank 2 or more, got [b]; expandDims adds axes, reshape takes them away"],
    [() => Net.dropout(1 as number), "dropout: a rate of 1; it must be at least 0 and less than 1"],
    [
      () => untyped(["b"], Net.batchNorm()),
      "batchNorm: needs rank 2 or more, got [b]; expandDims adds axes, reshape takes them away",
    ],
    [() => Net.batchNorm({ momentum: 1 as number }), "batchNorm: a momentum of 1; it must be at least 0 and less than 1"],
    [() => Net.layerNorm({ epsilon: 0 as number }), "layerNorm: an epsilon of 0; it must be more than 0"],
    [() => untyped(["b", 3], Net.embedding(4, 2)), "embedding: needs indices, i32 or u32, got f32; cast them first"],
    [
      () => untyped(["b", 28], Net.residual(Net.dense(64))),
      "residual: the block maps [b, 28] to [b, 64]; a skip connection needs equal shapes, or a shortcut",
    ],
    [
      () => untyped(["b", 64], Net.residual(Net.sequential(Net.dense(64), Net.conv2d({ filters: 1, kernel: 1 })))),
      "residual > sequential[1] > conv2d: needs [..., height, width, channels], got [b, 64]; reshape it first",
    ],
    [
      () => untyped(["b", 64], Net.named("stem", Net.dense(2)), Net.named("stem", Net.dense(2))),
      "named: two layers are called stem; give each a name of its own, or share one",
    ],
    [
      () => untyped(["b", 64], Net.shared("a", Net.dense(2)), Net.shared("a", Net.dense(2))),
      "shared: a has other parameters in an earlier place; share a layer between inputs of one shape",
    ],
    [
      () => untyped(["b", 4], Net.shared("a", Net.batchNorm())),
      "shared: a has state (running statistics), which two places cannot share; share layers without state",
    ],
    [
      () => untyped(["b", 4], Net.shared("a", Net.dense(4)), Net.residual(Net.sequential(Net.shared("a", Net.dense(4))))),
      "shared: a and residual_1/a are in different lists of layers; share within one list, or use two names",
    ],
    [() => untyped(["b", 4], Net.dense), "network: this is no layer; a layer is a value such as Net.relu or Net.dense(10)"],
    [() => untyped(["b", 4], "relu"), "network: relu is no layer; a layer is a value such as Net.relu or Net.dense(10)"],
    [() => untyped(["b", -1], Net.dense(4)), "network: -1 is not a size; a size is a whole number from 0 to 9007199254740991"],
    [
      () => Net.named("a/b" as string, Net.dense(4)),
      'named: "a/b" is no name; a name is not empty and has no "/", which separates paths',
    ],
    [
      () => Loss.mse(f32([1, 2]) as never, f32([1, 2, 3]) as never),
      "mse: the prediction is [2], the target [3]; they must have one shape",
    ],
    [() => Loss.mse(i32([1, 2]) as never, i32([1, 2]) as never), "mse: needs a floating-point tensor, got i32; cast it first"],
    [
      () => Loss.softmaxCrossEntropy(f32([1, 2], [1, 2]) as never, i32([1, 2]) as never),
      "softmaxCrossEntropy: logits [1, 2] want class indices of shape [1], or probabilities of shape [1, 2], got i32 [2]; cast or reshape the labels",
    ],
    [() => Init.uniform(1, 1), "uniform: the interval [1, 1) is empty; give a lower and a higher bound"],
  ]
  it.each(cases)("%#", (f, text) => expect(sentence(f)).toBe(text))
})
