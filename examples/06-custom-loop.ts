// A training loop of one's own, twice: as an effect, and with promises. Both run the same pure step.
import * as adjoint from "adjoint"
import { Data, Loss, Net, Optim, Random, type Tensor, valueAndGrad } from "adjoint"
import { session } from "adjoint/promise"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

const net = Net.network(["batch", 28, 28, 1], Net.flatten, Net.dense(64), Net.relu, Net.dropout(0.1), Net.dense(10))
const optimizer = Optim.momentum({ lr: Optim.cosine({ lr: 0.1, steps: 120 }) })
const lossOf = Net.loss(net, (logits, label: Tensor<["batch"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))

const start = () => {
  const vars = Net.init(net, Random.key(1))
  return { vars, opt: optimizer.init(vars.params), step: T.fromArray(Int32Array.of(0), []) }
}
type State = ReturnType<typeof start>
/** One step: pure, so that it can be compiled for any device, differentiated again, or tested on the reference. */
const step = (s: State, x: Tensor<[64, 28, 28, 1]>, y: Tensor<[64], "i32">) => {
  const key = Random.fold(Random.key(2), s.step)
  const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(s.vars, { x, y, key })
  const [params, opt] = optimizer.update(g.params, s.opt, s.vars.params)
  return [{ vars: { params, state }, opt, step: T.add(s.step, 1) }, loss] as const
}

const digits = Data.imageDataset(Data.digits({ seed: 7, count: 4096 }))
const batches = (epoch: number) => Data.batches(digits, { size: 64, shuffle: 7, epoch })
const x = (b: { fields: { x: { data: Float32Array } } }) => T.fromArray(b.fields.x.data, [64, 28, 28, 1])
const y = (b: { fields: { label: { data: Int32Array } } }) => T.fromArray(b.fields.label.data, [64])

// ---- as an effect: the scope owns the state, the old one is donated to the step ------------------------------------
const effect = Effect.gen(function* () {
  const compiled = adjoint.jit(step, { donate: [0] })
  let s: State = yield* adjoint.run(start())
  for (const epoch of [0, 1]) {
    let last = 0
    yield* Stream.runForEach(batches(epoch), (b) =>
      Effect.gen(function* () {
        const [next, loss] = yield* compiled(s, x(b), y(b))
        s = next
        last = yield* adjoint.item(loss)
      }),
    )
    console.log(`effect   epoch ${epoch + 1}: loss ${last.toFixed(4)}`)
  }
})
await Effect.runPromise(effect.pipe(Effect.scoped, Effect.provide(adjoint.Device.wasm)))

// ---- with promises: values belong to the session ----------------------------------------------------------------------
await using device = await session({ device: "wasm" })
const compiled = device.jit(step, { donate: [0] })
let s = await device.run(start())
for (const epoch of [0, 1]) {
  let last = 0
  for await (const b of Stream.toAsyncIterable(batches(epoch))) {
    const [next, loss] = await compiled(s, x(b), y(b))
    s = next
    last = (await device.read(loss))[0]!
  }
  console.log(`promises epoch ${epoch + 1}: loss ${last.toFixed(4)}`)
}
