// What inference needs: a convolutional network on the CPU, its weights given as tensors.
import { session, type Tensor } from "../../src/promise.ts"
import * as T from "../../src/tensor.ts"

interface Weights {
  readonly kernel: Tensor<[3, 3, 1, 8]>
  readonly weights: Tensor<[1352, 10]>
  readonly bias: Tensor<[10]>
}
export const predictor = async (p: Weights): Promise<(image: Tensor<[1, 28, 28, 1]>) => Promise<Float32Array>> => {
  const s = await session({ device: "wasm" })
  const here = await s.run(p)
  const classify = s.jit((p: Weights, image: Tensor<[1, 28, 28, 1]>) => {
    const features = T.maxPool2d(T.relu(T.conv2d(image, p.kernel)), 2)
    return T.softmax(T.add(T.matmul(T.reshape(features, [1, 1352]), p.weights), p.bias))
  })
  return async (image) => s.read(await classify(here, image))
}
