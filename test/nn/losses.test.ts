// Losses against their definitions, at the extremes too, and their derivatives.
import { describe, expect, it } from "vitest"
import { Loss } from "../../src/nn/index.ts"
import { grad } from "../../src/transform/index.ts"
import { checkGradients } from "../../src/testing/index.ts"
import * as T from "../../src/tensor.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { close, f64, i32, values } from "./help.ts"

type M<S extends readonly number[]> = T.Tensor<S, "f64">
const m = <const S extends readonly number[]>(v: readonly number[], shape: readonly [...S]): M<[...S]> =>
  f64(v, shape) as RawTensor as unknown as M<[...S]>

describe("mse", () => {
  it("is the mean square within each example", () => {
    const [a, b] = [m([1, 2, 3, 4, 5, 6], [2, 3]), m([0, 2, 5, 4, 4, 4], [2, 3])]
    expect(close(values(Loss.mse(a, b)), [(1 + 0 + 4) / 3, (0 + 1 + 4) / 3])).toBe(true)
    expect(values(Loss.mse(m([1, 2], [2]), m([3, 3], [2])))).toEqual([4, 1])
  })
})
describe("softmaxCrossEntropy", () => {
  const x = [1, 2, 0.5, -1, 3, 0]
  const logp = [0, 1].flatMap((r) => {
    const row = x.slice(3 * r, 3 * r + 3)
    const z = Math.log(row.reduce((s, v) => s + Math.exp(v), 0))
    return row.map((v) => v - z)
  })
  it("is -log softmax at the label, or its mean under probabilities", () => {
    expect(close(values(Loss.softmaxCrossEntropy(m(x, [2, 3]), i32([2, 1]) as never)), [-logp[2]!, -logp[4]!])).toBe(true)
    const p = [0.2, 0.3, 0.5, 1, 0, 0]
    const want = [0, 1].map((r) => -[0, 1, 2].reduce((s, k) => s + p[3 * r + k]! * logp[3 * r + k]!, 0))
    expect(close(values(Loss.softmaxCrossEntropy(m(x, [2, 3]), m(p, [2, 3]))), want)).toBe(true)
  })
  it("is finite for large logits and for masked classes", () => {
    const big = m([1e4, -1e4, 0, 700, 710, -Infinity], [2, 3])
    expect(close(values(Loss.softmaxCrossEntropy(big, i32([1, 1]) as never)), [2e4, Math.log1p(Math.exp(-10))])).toBe(true)
    expect(
      close(values(Loss.softmaxCrossEntropy(big, m([0, 1, 0, 0.5, 0.5, 0], [2, 3]))), [2e4, 5 + Math.log1p(Math.exp(-10))]),
    ).toBe(true)
  })
  it("is NaN for a label that is no class", () => {
    expect(values(Loss.softmaxCrossEntropy(m(x, [2, 3]), i32([3, -1]) as never))).toEqual([Number.NaN, Number.NaN])
  })
  it("has the gradient softmax - one-hot", () => {
    const g = grad((l: M<[2, 3]>) =>
      T.sum(Loss.softmaxCrossEntropy(l, i32([2, 1]) as RawTensor as unknown as T.Tensor<[2], "i32">)),
    )(m(x, [2, 3]))
    expect(
      close(
        values(g),
        logp.map((v, k) => Math.exp(v) - (k === 2 || k === 4 ? 1 : 0)),
      ),
    ).toBe(true)
    checkGradients(
      (l: M<[2, 3]>, p: M<[2, 3]>) => Loss.softmaxCrossEntropy(l, p),
      [m(x, [2, 3]), m([0.2, 0.3, 0.5, 0.1, 0.7, 0.2], [2, 3])],
    )
  })
})
describe("binaryCrossEntropyWithLogits", () => {
  const [x, y] = [
    [-3, 0, 2, 1000, -1000, 0.5],
    [0, 1, 0.25, 0, 1, 1],
  ]
  it("is the stable formula, finite at the extremes", () => {
    const each = x.map((v, k) => Math.max(v, 0) - v * y[k]! + Math.log1p(Math.exp(-Math.abs(v))))
    const want = [(each[0]! + each[1]! + each[2]!) / 3, (each[3]! + each[4]! + each[5]!) / 3]
    expect(close(values(Loss.binaryCrossEntropyWithLogits(m(x, [2, 3]), m(y, [2, 3]))), want)).toBe(true)
  })
  it("has the gradient sigmoid - target, at 0 too", () => {
    const g = grad((l: M<[6]>) => T.sum(Loss.binaryCrossEntropyWithLogits(l, m(y, [6]))))(m(x, [6]))
    expect(
      close(
        values(g),
        x.map((v, k) => 1 / (1 + Math.exp(-v)) - y[k]!),
      ),
    ).toBe(true)
  })
})
describe("accuracy", () => {
  it("counts the rows whose largest logit is at the label", () => {
    const x = m([1, 5, 0, 2, 1, 1, 0, 0, 3, 9, 8, 7], [4, 3])
    expect(values(Loss.accuracy(x, i32([1, 0, 1, 2]) as never))).toEqual([1, 1, 0, 0])
    expect(values(Loss.accuracy(x, m([0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0], [4, 3])))).toEqual([1, 0, 1, 1])
  })
})
