// Reductions and softmax where floating-point numbers end, at ties and at zeros.
import { describe, expect, it } from "vitest"
import type { AnyTensor, RawTensor } from "../../src/core/index.ts"
import {
  add,
  argmax,
  argmin,
  concat,
  cumsum,
  expandDims,
  fromArray,
  less,
  logSoftmax,
  logSumExp,
  max,
  maxPool2d,
  mean,
  min,
  mul,
  prod,
  softmax,
  sum,
  variance,
} from "../../src/ops/index.ts"
import { grad } from "../../src/transform/index.ts"
import { expectClose, tensorOf, valuesOf } from "./_helpers.ts"

const inf = Infinity
const gradOf = (f: (x: RawTensor) => AnyTensor, x: RawTensor): number[] =>
  valuesOf(grad(f as (x: RawTensor) => never)(x) as AnyTensor)

describe("softmax", () => {
  it("neither overflows nor underflows to NaN", () => {
    expect(valuesOf(softmax(tensorOf([1000, 1000, -1000])))).toEqual([0.5, 0.5, 0])
    expect(valuesOf(softmax(tensorOf([-1000, -1000])))).toEqual([0.5, 0.5])
    expect(valuesOf(softmax(tensorOf([3e38, -3e38])))).toEqual([1, 0])
    expectClose(logSoftmax(tensorOf([1000, 0])), [0, -1000])
    expectClose(logSumExp(tensorOf([1000, 1000])), [1000 + Math.log(2)])
    expectClose(logSumExp(tensorOf([-1000, -1000])), [-1000 + Math.log(2)])
  })
  it("gives 0 where everything is masked, and a gradient of 0", () => {
    const x = tensorOf([-inf, -inf, 0, -inf], [2, 2])
    expect(valuesOf(softmax(x))).toEqual([0, 0, 1, 0])
    expect(valuesOf(logSoftmax(x))).toEqual([-inf, -inf, 0, -inf])
    expect(valuesOf(logSumExp(x, 1))).toEqual([-inf, 0])
    const w = tensorOf([1, 2, 3, 4], [2, 2])
    expect(gradOf((v) => sum(mul(softmax(v), w)), x)).toEqual([0, 0, 0, 0])
    expect(gradOf((v) => sum(logSumExp(v, 1)), x)).toEqual([0, 0, 1, 0])
  })
  it("sums to 1 over several axes together", () => {
    const y = softmax(tensorOf([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]), [0, 2])
    expectClose(sum(y, [0, 2]), [1, 1])
  })
  it("over no elements: nothing, and a sum of nothing", () => {
    expect(valuesOf(softmax(tensorOf([], [2, 0])))).toEqual([])
    expect(valuesOf(logSumExp(tensorOf([], [2, 0]), 1))).toEqual([-inf, -inf])
    expect(valuesOf(sum(tensorOf([], [2, 0]), 1))).toEqual([0, 0])
    expect(valuesOf(prod(tensorOf([], [2, 0]), 1))).toEqual([1, 1])
  })
})

describe("ties", () => {
  it("max and min of integers far from 0, and of bools", () => {
    const u = fromArray(Uint32Array.of(4294967295, 3000000000, 4000000000))
    const i = (...v: number[]) => fromArray(Int32Array.from(v))
    expect(valuesOf(min(u))).toEqual([3000000000])
    expect(valuesOf(max(u))).toEqual([4294967295])
    expect(valuesOf(max(i(-2147483648, -2147483640)))).toEqual([-2147483640])
    expect(valuesOf(min(i(2147483640, 2147483647)))).toEqual([2147483640])
    expect(valuesOf(max(less(i(1, 2), 0)))).toEqual([0])
    expect(valuesOf(min(less(i(-1, -2), 0)))).toEqual([1])
  })
  it("argmax and argmin take the first", () => {
    const x = tensorOf([3, 7, 7, 1, 1, 7], [2, 3])
    expect(valuesOf(argmax(x))).toEqual([1, 2])
    expect(valuesOf(argmin(x))).toEqual([0, 0])
    expect(valuesOf(argmax(x, 0))).toEqual([0, 0, 0])
    expect(valuesOf(argmax(tensorOf([-inf, -inf])))).toEqual([0])
    expect(argmax(x).dtype).toBe("i32")
  })
  it("max and min share the derivative equally, maxPool2d too", () => {
    const x = tensorOf([7, 3, 7, 7])
    expectClose(tensorOf(gradOf((v) => max(v), x)), [1 / 3, 0, 1 / 3, 1 / 3], 1e-7)
    expect(gradOf((v) => min(v), tensorOf([2, 5, 2, 9]))).toEqual([0.5, 0, 0.5, 0])
    const image = tensorOf([1, 5, 5, 2], [2, 2, 1])
    expect(gradOf((v) => sum(maxPool2d(v, 2)), image)).toEqual([0, 0.5, 0.5, 0])
  })
})

describe("prod", () => {
  it("has the right derivatives at zeros", () => {
    expect(gradOf((v) => prod(v), tensorOf([2, 0, 5]))).toEqual([0, 10, 0])
    expect(gradOf((v) => prod(v), tensorOf([0, 0, 5]))).toEqual([0, 0, 0])
    const second = (v: RawTensor): AnyTensor =>
      sum(mul(grad(((u: RawTensor) => prod(u)) as (u: RawTensor) => never)(v) as AnyTensor, tensorOf([1, 0, 0])))
    expect(gradOf(second, tensorOf([0, 0, 5]))).toEqual([0, 5, 0])
  })
})

describe("dtypes", () => {
  it("bool counts as i32, integers stay", () => {
    const b = tensorOf([1, 0, 1, 1], [2, 2], "bool")
    expect([sum(b).dtype, ...valuesOf(sum(b, 0))]).toEqual(["i32", 2, 1])
    expect([prod(b).dtype, ...valuesOf(prod(b, 1))]).toEqual(["i32", 0, 1])
    expect([cumsum(b).dtype, ...valuesOf(cumsum(b, 0))]).toEqual(["i32", 1, 0, 2, 1])
    expect(valuesOf(max(tensorOf([1, -5], [2], "i32")))).toEqual([1])
    expect(() => mean(tensorOf([1], [1], "i32") as AnyTensor)).toThrow(
      "mean: needs a floating-point tensor, got i32; cast it first",
    )
  })
  it("variance divides by n - correction, and keeps its digits far from 0", () => {
    const x = add(tensorOf([1, 2, 3, 4], [4], "f64"), 1e8)
    expectClose(variance(x), [1.25], 0)
    expectClose(variance(x, 0, { correction: 1, keepDims: true }), [5 / 3])
    expect(() => variance(x, 0, { correction: 4 })).toThrow(
      "variance: 4 elements of [4] with a correction of 4; it must be less than 4",
    )
  })
  it("concat keeps the sign of zero", () => {
    expect(Object.is(valuesOf(concat([expandDims(tensorOf([-0], []), 0), tensorOf([1])]))[0], -0)).toBe(true)
  })
})
