// A small GPT learns to count: its training step, forward and backward with a tied table, groups of heads and dropped weights, is the
// same on WebAssembly (f32) as on the reference (float64).
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { storageOf } from "../../src/core/leaf.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { flatten } from "../../src/core/tree.ts"
import { Loss, Net } from "../../src/nn/index.ts"
import * as Optim from "../../src/optim/index.ts"
import * as Random from "../../src/random/index.ts"
import { Device, jit, readTree, run } from "../../src/runtime/index.ts"
import * as T from "../../src/tensor.ts"
import { valueAndGrad } from "../../src/transform/index.ts"

// no biases in the attention: the gradient of a key's is 0 but for rounding, and Adam would make steps of full length of it
const block = Net.sequential(
  Net.residual(
    Net.sequential(
      Net.layerNorm(),
      Net.multiHeadAttention({ heads: 4, keyHeads: 2, causal: true, fused: true, bias: false, dropout: 0.1 }),
    ),
  ),
  Net.residual(Net.sequential(Net.layerNorm(), Net.dense(32), Net.gelu, Net.dense(16))),
)
const net = Net.network(
  Net.input(["batch", 6], "i32"),
  Net.shared("words", Net.embedding(9, 16)),
  Net.positionEmbedding(8),
  block,
  Net.layerNorm(),
  Net.shared("words", Net.unembedding(9)),
)
const lossOf = Net.loss(net, (scores, next: T.Tensor<["batch", 6], "i32">) => T.mean(Loss.softmaxCrossEntropy(scores, next)))
const optimizer = Optim.adam({ lr: 1e-2 })
const variables = Net.init(net, Random.key(5))
const start = { variables, optimizer: optimizer.init(variables.params) }
type State = typeof start
const step = jit((s: State, x: T.Tensor<[9, 6], "i32">, y: T.Tensor<[9, 6], "i32">, key: Random.Key) => {
  const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(s.variables, { x, y, key })
  const [params, next] = optimizer.update(g.params, s.optimizer, s.variables.params)
  return [{ variables: { params, state }, optimizer: next } as State, loss] as const
})
/** Row r counts from r on, modulo 9. */
const counting = (from: number) =>
  T.fromArray(
    Int32Array.from({ length: 54 }, (_, k) => (Math.floor(k / 6) + (k % 6) + from) % 9),
    [9, 6],
  )
const numbers = (t: RawTensor): number[] => [...storageOf(t)!.host!]
const training = Effect.gen(function* () {
  let s = yield* run(start)
  const losses: number[] = []
  for (let k = 0; k < 12; k++) {
    const [next, loss] = yield* step(s, counting(0), counting(1), Random.fold(Random.key(1), k))
    s = next
    losses.push(...numbers((yield* readTree(loss)) as unknown as RawTensor))
  }
  return { losses, leaves: flatten(yield* readTree(s.variables.params)).leaves.map(numbers) }
})

describe("a small GPT", () => {
  it("learns, and on wasm as on the reference", { timeout: 120_000 }, async () => {
    const of = (device: typeof Device.wasm) => Effect.runPromise(training.pipe(Effect.scoped, Effect.provide(device)))
    const [want, got] = [await of(Device.reference), await of(Device.wasm)]
    got.losses.forEach((l, k) => expect(Math.abs(l - want.losses[k]!)).toBeLessThan(1e-5))
    want.leaves.forEach((v, k) => v.forEach((n, i) => expect(Math.abs(n - got.leaves[k]![i]!)).toBeLessThan(1e-5)))
    expect(want.losses[0]!).toBeGreaterThan(1.5)
    expect(want.losses[11]!).toBeLessThan(want.losses[0]! / 2)
  })
})
