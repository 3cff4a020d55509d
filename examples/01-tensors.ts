// Tensors: expressions whose dimensions are part of their type. Building one computes nothing.
import { Device, read, run, shaped, vmap } from "adjoint"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"

const x = T.fromArray([
  [1, 2, 3],
  [4, 5, 6],
]) //                                          Tensor<[2, 3]>
const w = T.ones([3, 4]) //                    Tensor<[3, 4]>
const y = T.relu(T.matmul(x, w)) //            Tensor<[2, 4]>, not run yet
console.log(String(y))

// What does not fit is refused by the compiler, with the sentence that plain JavaScript gets when it runs:
//   T.matmul(x, T.ones([4, 5]))
//   matmul: inner dimensions differ: [2, 3] x [4, 5]: 3 is not 4; transpose one of them, or make them equal
try {
  T.matmul(x as T.AnyTensor, T.ones([4, 5]) as T.AnyTensor)
} catch (e) {
  console.log((e as Error).message)
}

// Functions over named dimensions are checked once, for all sizes; a call binds the names.
const attention = shaped(
  [
    ["b", "t", "d"],
    ["b", "s", "d"],
    ["b", "s", "e"],
  ],
  (q, k, v, { d }) => T.matmul(T.softmax(T.div(T.matmul(q, T.transpose(k, [0, 2, 1])), T.sqrt(T.dim(d)))), v), // [b, t, e]
)
const out = attention(T.ones([2, 3, 8]), T.ones([2, 5, 8]), T.ones([2, 5, 4])) //  Tensor<[2, 3, 4]>

// vmap: a function of one row as a function of many.
const norm = (row: T.Tensor<[3]>) => T.sqrt(T.sum(T.square(row)))
const norms = vmap(norm)(x) //                 Tensor<[2]>

// Running is an effect: it needs a device, and a scope that owns the values.
const main = Effect.gen(function* () {
  console.log(yield* read(y)) //               [6, 6, 6, 6, 15, 15, 15, 15]
  const values = yield* run({ out, norms }) // one compiled program for the whole tree
  console.log(String(values.out), yield* read(values.norms))
})
await Effect.runPromise(main.pipe(Effect.scoped, Effect.provide(Device.wasm)))
