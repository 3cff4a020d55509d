// A whole training step, forward, backward and update, is one program: WebAssembly (f32) must give what the reference (float64)
// gives.
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Loss, Net } from "../../src/nn/index.ts"
import * as Optim from "../../src/optim/index.ts"
import * as Random from "../../src/random/index.ts"
import { Device, jit, readTree, run } from "../../src/runtime/index.ts"
import { storageOf } from "../../src/core/leaf.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { flatten, paths } from "../../src/core/tree.ts"
import { valueAndGrad } from "../../src/transform/index.ts"
import * as T from "../../src/tensor.ts"

// no bias in front of batchNorm: its gradient is 0 but for rounding, and Adam would make steps of full length of it
const net = Net.network(
  ["batch", 8, 8, 2],
  Net.conv2d({ filters: 6, kernel: 3, padding: "same", bias: false }),
  Net.batchNorm(),
  Net.relu,
  Net.maxPool2d(2),
  Net.conv2d({ filters: 8, kernel: 3, groups: 2, stride: 2, padding: 1 }),
  Net.gelu,
  Net.avgPool2d(2, { stride: 1, padding: "same" }),
  Net.flatten,
  Net.layerNorm(),
  Net.residual(Net.sequential(Net.dense(32), Net.tanh, Net.dropout(0.25))),
  Net.dense(5),
)
const optimizer = Optim.accumulate(
  2,
  Optim.clipByGlobalNorm(1, Optim.adamW({ lr: Optim.warmup(2, Optim.cosine({ lr: 1e-2, steps: 20 })) })),
)
const lossOf = Net.loss(net, (logits, label: T.Tensor<["batch"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))
const variables = Net.init(net, Random.key(42))
const start = { variables, optimizer: optimizer.init(variables.params) }
type State = typeof start
const step = jit(
  (s: State, x: T.Tensor<[10, 8, 8, 2]>, y: T.Tensor<[10], "i32">, key: Random.Key) => {
    const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(s.variables, { x, y, key })
    const [params, next] = optimizer.update(g.params, s.optimizer, s.variables.params)
    return [{ variables: { params, state }, optimizer: next } as State, loss] as const
  },
  { donate: [0] },
)
const numbers = (t: RawTensor): number[] => [...storageOf(t)!.host!]
const training = Effect.gen(function* () {
  const x = yield* run(Random.normal(Random.key(3), [10, 8, 8, 2]))
  const y = T.fromArray(
    Int32Array.from({ length: 10 }, (_, k) => k % 5),
    [10],
  )
  let s = yield* run(start)
  const losses: number[] = []
  for (let k = 0; k < 6; k++) {
    const [next, loss] = yield* step(s, x, y, Random.fold(Random.key(1), k))
    s = next
    losses.push(...numbers((yield* readTree(loss)) as unknown as RawTensor))
  }
  const host = yield* readTree(s)
  return { losses, names: paths(host), leaves: flatten(host).leaves.map(numbers) }
})

describe("six steps of training", () => {
  it("are the same on wasm as on the reference", { timeout: 120_000 }, async () => {
    const of = (device: typeof Device.wasm) => Effect.runPromise(training.pipe(Effect.scoped, Effect.provide(device)))
    const [want, got] = [await of(Device.reference), await of(Device.wasm)]
    expect(got.names).toEqual(want.names)
    // f32 against float64: the steps of Adam divide rounding errors by the gradient's size
    got.losses.forEach((l, k) => expect(Math.abs(l - want.losses[k]!)).toBeLessThan(1e-5))
    want.leaves.forEach((v, k) => {
      const worst = Math.max(...v.map((n, i) => Math.abs(n - got.leaves[k]![i]!) / (1 + Math.abs(n))))
      expect(worst, want.names[k]!).toBeLessThan(2e-4)
    })
    expect(want.losses[5]!).toBeLessThan(want.losses[0]!)
  })
})
