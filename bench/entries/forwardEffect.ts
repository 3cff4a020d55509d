// What inference needs: a convolutional network on the CPU, its weights given as tensors. By effects.
import * as Effect from "effect/Effect"
import { Device, jit, read } from "../../src/index.ts"
import * as T from "../../src/tensor.ts"
import type { Tensor } from "../../src/index.ts"

interface Weights {
  readonly kernel: Tensor<[3, 3, 1, 8]>
  readonly weights: Tensor<[1352, 10]>
  readonly bias: Tensor<[10]>
}
const classify = jit((p: Weights, image: Tensor<[1, 28, 28, 1]>) => {
  const features = T.maxPool2d(T.relu(T.conv2d(image, p.kernel)), 2)
  return T.softmax(T.add(T.matmul(T.reshape(features, [1, 1352]), p.weights), p.bias))
})
export const predict = (p: Weights, image: Tensor<[1, 28, 28, 1]>): Promise<Float32Array> =>
  Effect.runPromise(
    Effect.gen(function* () {
      return yield* read(yield* classify(p, image))
    }).pipe(Effect.scoped, Effect.provide(Device.wasm)),
  )
