// What training needs: a convolutional network of layers, a loss, an optimizer, compiled steps on the CPU. By effects.
import * as Effect from "effect/Effect"
import { Device, jit, Loss, Net, Optim, Random, read, run, type Tensor, valueAndGrad } from "../../src/index.ts"
import * as T from "../../src/tensor.ts"

const net = Net.network(
  ["batch", 28, 28, 1],
  Net.conv2d({ filters: 16, kernel: 3 }),
  Net.relu,
  Net.maxPool2d(2),
  Net.flatten,
  Net.dropout(0.5),
  Net.dense(10),
)
const optimizer = Optim.adam({ lr: 0.001 })
const lossOf = Net.loss(net, (logits, label: Tensor<["batch"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))

const start = () => {
  const vars = Net.init(net, Random.key(1))
  return { vars, opt: optimizer.init(vars.params), step: T.fromArray(Int32Array.of(0), []) }
}
type State = ReturnType<typeof start>
const step = jit(
  (s: State, x: Tensor<[64, 28, 28, 1]>, y: Tensor<[64], "i32">) => {
    const key = Random.fold(Random.key(2), s.step)
    const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(s.vars, { x, y, key })
    const [params, opt] = optimizer.update(g.params, s.opt, s.vars.params)
    return [{ vars: { params, state }, opt, step: T.add(s.step, 1) }, loss] as const
  },
  { donate: [0] },
)
export const train = (batches: Iterable<readonly [Tensor<[64, 28, 28, 1]>, Tensor<[64], "i32">]>): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      let [s, last]: [State, number] = [yield* run(start()), 0]
      for (const [x, y] of batches) {
        const [next, loss] = yield* step(s, x, y)
        s = next
        last = (yield* read(loss))[0]!
      }
      return last
    }).pipe(Effect.scoped, Effect.provide(Device.wasm)),
  )
