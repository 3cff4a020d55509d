// Variables of another network, at run time: the sentences of test/types/fixtures/variables.fx.ts.
import { describe, expect, test } from "vitest"
import { grad, Net, Random, ShapeError } from "../../src/pure.ts"
import * as T from "../../src/tensor.ts"

const net = Net.network(["batch", 4], Net.dense(3), Net.batchNorm(), Net.dense(2))
const wide = Net.network(["batch", 4], Net.dense(5), Net.batchNorm(), Net.dense(2))
const head = Net.network(["batch", 4], Net.dense(3))
const [own, others] = [Net.init(net, Random.key(1)), Net.init(wide, Random.key(1))]
const x = T.zeros([7, 4])
type Plain = (...args: readonly unknown[]) => unknown
const predict = Net.predict as unknown as Plain
const lossOf = Net.loss(net, (y) => T.sum(y)) as unknown as Plain
const half = { dense_1: { kernel: T.zeros([4, 3]), bias: T.zeros([3], "f64") } }

describe("variables that do not fit are refused by path", () => {
  const refused: readonly (readonly [what: string, call: () => unknown])[] = [
    ["params/batchNorm_1/scale: the variables have [5], the network wants [3]", () => predict(net, others, x)],
    [
      "params/batchNorm_1/scale: the variables have [5], the network wants [3]",
      () => (Net.apply as unknown as Plain)(net, others, x, { train: true }),
    ],
    [
      "params/batchNorm_1/scale: the variables have [5], the network wants [3]",
      () => (Net.infer(net) as unknown as Plain)(others, x),
    ],
    ["params/batchNorm_1/scale: the variables have [5], the network wants [3]", () => lossOf(others, { x, y: x })],
    [
      "params/batchNorm_1/scale: the variables have [5], the network wants [3]",
      () => (grad(lossOf as never, { aux: true } as never) as unknown as Plain)(others, { x, y: x }),
    ],
    [
      "params/batchNorm_1/scale: the variables have none, the network wants [3]",
      () => predict(net, Net.init(head, Random.key(1)), x),
    ],
    [
      "state/batchNorm_1/mean: the variables have [5], the network wants [3]",
      () => predict(net, { ...own, state: others.state }, x),
    ],
    ["params/dense_1/bias: the variables have none, the network wants [3]", () => predict(head, own.params, x)],
    [
      "params/dense_1: the variables have [3], the network wants a group of tensors",
      () => predict(head, { params: { dense_1: T.zeros([3]) } }, x),
    ],
    [
      "params/dense_1/bias: the variables have [3] f64, the network wants [3]",
      () => predict(head, { params: half, state: {} }, x),
    ],
    ["params/dense_1/bias: the variables have none, the network wants [3]", () => predict(head, undefined, x)],
  ]
  test.each(refused)("%s", (what, call) => {
    expect(call).toThrow(new ShapeError(`network: ${what}; take those of Net.init or Net.load for it`))
  })
})
test("more than the network has is left alone", () => {
  expect(Net.predict(head, own, x).shape).toEqual([7, 3])
  expect(Net.predict(head, { params: own.params }, x).shape).toEqual([7, 3])
})
