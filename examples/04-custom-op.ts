// An op of one's own: a scalar body with its derivative, and a function whose derivative is replaced.
import { Device, grad, read, type Tensor } from "adjoint"
import { defineOp, emit, ir, lift, make, type OpDef } from "adjoint/core"
import { mul, sub } from "adjoint/scalar"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"

// The squared Euclidean distance of two points as a primitive: y = sum_k (a_k - b_k)^2, over the last axis.
const op: OpDef<null> = defineOp<null>({
  name: "distance2",
  shape: ([a]) => ({ shape: a!.shape.slice(0, -1), dtype: a!.dtype }),
  // out[i] as an expression: reads its inputs at any index; fusion and memory are the compiler's business
  body: ([a, b], { i, ins }) =>
    ir.reduce("add", ins[0]!.shape.slice(-1), (k) => {
      const d = ir.call(sub, [a!([...i, ...k]), b!([...i, ...k])])
      return ir.call(mul, [d, d])
    }),
  // dy = sum_k 2 (a_k - b_k) (da_k - db_k): each tangent is used once
  jvp: ({ ins: [a, b], tans: [da, db] }) => {
    const d = T.mul(T.sub(a!, b!), 2)
    const change = da && db ? T.sub(da, db) : (da ?? T.neg(db!))
    return T.sum(T.mul(change, d), -1)
  },
  batch: (args) => make(op, lift(args), null),
})
const distance2 = <const S extends readonly number[]>(a: Tensor<[...S, 3]>, b: Tensor<[...S, 3]>): Tensor<S> => emit(op, [a, b])

// A straight-through estimator: rounds forward, passes the gradient backward as if it had not.
const round = T.customJvp(
  (x: Tensor<[3]>): Tensor<[3]> => T.floor(T.add(x, 0.5)),
  ({ tans: [dx] }) => dx,
)

const main = Effect.gen(function* () {
  const a = T.fromArray([1, 2, 3])
  const b = T.fromArray([0, 2, 5])
  console.log("distance", yield* read(distance2(a, b))) //                                                     [5]
  console.log("gradient", yield* read(grad((v: Tensor<[3]>) => distance2<[]>(v, b))(a))) //           [2, 0, -4]
  const through = grad((v: Tensor<[3]>) => T.sum(T.square(round(v))))(T.fromArray([0.6, 1.2, 2.4])) // 2 round(v)
  console.log("straight through", yield* read(through)) //                                           [2, 2, 4]
})
await Effect.runPromise(main.pipe(Effect.scoped, Effect.provide(Device.wasm)))
