// Linear regression by gradient descent: a loss is an ordinary function, its gradient a transformation of it.
import { Device, jit, read, run, valueAndGrad, Random, type Tensor } from "adjoint"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"

interface Line {
  readonly slope: Tensor<[3]>
  readonly offset: Tensor<[]>
}
const predict = (p: Line, x: Tensor<[number, 3]>) => T.add(T.matmul(x, p.slope), p.offset) //   [n]
const loss = (p: Line, x: Tensor<[number, 3]>, y: Tensor<[number]>) => T.mean(T.square(T.sub(predict(p, x), y)))

// A whole step, forward, backward and update, is one compiled program; the old parameters are given away to it.
const step = jit(
  (p: Line, x: Tensor<[number, 3]>, y: Tensor<[number]>, lr: Tensor<[]>) => {
    const [value, g] = valueAndGrad(loss)(p, x, y)
    return [{ slope: T.sub(p.slope, T.mul(g.slope, lr)), offset: T.sub(p.offset, T.mul(g.offset, lr)) }, value] as const
  },
  { donate: [0] },
)

const main = Effect.gen(function* () {
  const [kx, kn] = [Random.fold(Random.key(1), "x"), Random.fold(Random.key(1), "noise")]
  const x = Random.normal(kx, [200, 3])
  const y = T.add(T.add(T.matmul(x, T.fromArray([2, -3, 0.5])), 1), T.mul(Random.normal(kn, [200]), 0.01))
  const data = yield* run({ x, y })
  let p: Line = yield* run({ slope: T.zeros([3]), offset: T.zeros([]) })
  for (let k = 0; k <= 100; k++) {
    const [next, value] = yield* step(p, data.x, data.y, 0.1)
    p = next
    if (k % 25 === 0) console.log(`step ${k}: loss ${(yield* read(value))[0]!.toFixed(5)}`)
  }
  console.log("slope", yield* read(p.slope), "offset", yield* read(p.offset)) //  close to [2, -3, 0.5] and 1
})
await Effect.runPromise(main.pipe(Effect.scoped, Effect.provide(Device.wasm)))
