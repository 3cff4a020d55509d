// An axis counted from the end is the axis counted from the front, for every op that takes one.
import { describe, expect, it } from "vitest"
import { type AnyTensor, raw } from "../../src/core/index.ts"
import * as T from "../../src/ops/index.ts"
import { tensorOf, valuesOf } from "./_helpers.ts"

const x = tensorOf(
  Array.from({ length: 24 }, (_, k) => (k * 7) % 24),
  [2, 3, 4],
)
const ids = tensorOf([1, 0], [2], "i32")
/** Each op at axis k of a result of the rank that is counted from. */
const ops: Readonly<Record<string, readonly [rank: number, f: (k: number) => AnyTensor]>> = {
  argmax: [3, (k) => T.argmax(x, k)],
  argmin: [3, (k) => T.argmin(x, k)],
  concat: [3, (k) => T.concat([x, x], k)],
  cumsum: [3, (k) => T.cumsum(x, k)],
  expandDims: [4, (k) => T.expandDims(x, k)],
  flatten: [3, (k) => T.flatten(x, k)],
  flip: [3, (k) => T.flip(x, k)],
  logSoftmax: [3, (k) => T.logSoftmax(x, k)],
  logSumExp: [3, (k) => T.logSumExp(x, k)],
  max: [3, (k) => T.max(x, k)],
  mean: [3, (k) => T.mean(x, k)],
  min: [3, (k) => T.min(x, k)],
  moveAxis: [3, (k) => T.moveAxis(x, 0, k)],
  prod: [3, (k) => T.prod(x, [k])],
  softmax: [3, (k) => T.softmax(x, k)],
  squeeze: [4, (k) => T.squeeze(T.expandDims(x, k), k)],
  stack: [4, (k) => T.stack([x, x], k)],
  sum: [3, (k) => T.sum(x, k, { keepDims: true })],
  take: [3, (k) => T.take(x, ids, k)],
  transpose: [3, (k) => T.transpose(x, [k, "..."])],
  unflatten: [3, (k) => T.unflatten(x, k, [1, -1])],
  variance: [3, (k) => T.variance(x, k)],
  windows: [3, (k) => T.windows(x, k, 2)],
}
describe("negative axes", () => {
  for (const [name, [rank, f]] of Object.entries(ops))
    it(name, () => {
      for (let k = 0; k < rank; k++) {
        const [a, b] = [raw(f(k)), raw(f(k - rank))]
        expect(b.shape).toEqual(a.shape)
        expect(valuesOf(b)).toEqual(valuesOf(a))
      }
    })
})
