// A layer of one's own, without a type lambda: shapes over names, parameters over the same names, and a function.
import { Device, Init, jit, Loss, Net, Optim, Random, read, run, type Tensor, valueAndGrad } from "adjoint"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"

// Gated linear unit (Dauphin et al. 2017): (x w) * sigmoid(x v). The body is checked once, for all n.
const gated = (units: number) =>
  Net.layer({
    name: "gated",
    in: ["batch", "n"],
    out: ["batch", "n"],
    params: {
      w: Net.param(["n", "n"], Init.glorotUniform),
      v: Net.param(["n", "n"], Init.glorotUniform),
      scale: Net.param(["n"], Init.constant(units)),
    },
    apply: ({ w, v, scale }, x) => T.mul(T.mul(T.matmul(x, w), T.sigmoid(T.matmul(x, v))), scale),
  })

const net = Net.network(["batch", 2], Net.dense(16), Net.residual(gated(1)), Net.dense(2))
console.log(Net.summary(net)) //     ["batch", 2] -> ["batch", 2]; parameters { dense_1: ..., residual_1: ..., dense_2: ... }

const optimizer = Optim.adam({ lr: 0.02 })
const lossOf = Net.loss(net, (logits, label: Tensor<["batch"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))
const main = Effect.gen(function* () {
  // two moons would do as well: points inside or outside a ring
  const points = yield* run(Random.uniform(Random.key(3), [256, 2], { lo: -1, hi: 1 }))
  const label = yield* run(T.cast(T.greater(T.sum(T.square(points), 1), 0.5), "i32"))
  const vars = Net.init(net, Random.key(42))
  const step = jit(
    (
      v: Net.VariablesOf<typeof net>,
      opt: Optim.StateOf<typeof optimizer, Net.ParamsOf<typeof net>>,
      x: Tensor<[256, 2]>,
      y: Tensor<[256], "i32">,
    ) => {
      const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(v, { x, y })
      const [params, next] = optimizer.update(g.params, opt, v.params)
      return [{ params, state }, next, loss] as const
    },
    { donate: [0, 1] },
  )
  let s = yield* run({ vars, opt: optimizer.init(vars.params) })
  for (let k = 0; k <= 200; k++) {
    const [v, opt, loss] = yield* step(s.vars, s.opt, points, label)
    s = { vars: v, opt }
    if (k % 50 === 0) console.log(`step ${k}: loss ${(yield* read(loss))[0]!.toFixed(4)}`)
  }
  const guess = yield* read(T.argmax(Net.predict(net, s.vars, points), 1))
  const truth = yield* read(label)
  console.log("accuracy", guess.filter((g, k) => g === truth[k]).length / truth.length)
})
await Effect.runPromise(main.pipe(Effect.scoped, Effect.provide(Device.wasm)))
