// A network and a loss as something to train.
import type { AnyTensor, Tensor } from "../core/tensor.ts"
import { raw } from "../core/tensor.ts"
import { init } from "../nn/variables.ts"
import { applyOf } from "../nn/variables.ts"
import type { Network } from "../nn/network.ts"
import { mean } from "../ops/mean.ts"
import { mul } from "../ops/mul.ts"
import { sum } from "../ops/sum.ts"
import type { BatchTensors, Metrics, Model, Variables } from "./train.ts"

/** From the network's output and the batch, one number for each row: shape [batch]. */
export type PerRow<B> = (output: AnyTensor, batch: B) => AnyTensor
export interface ModelOptions<B> {
  readonly loss: PerRow<B>
  /** Further numbers to watch: accuracy, say. */
  readonly metrics?: Readonly<Record<string, PerRow<B>>>
  /** The field of the batch that goes into the network; default "x". */
  readonly input?: string
}
/**
 * A network with its loss and metrics, ready for `Train.start`. In training the loss is the mean over the batch; in evaluation padded rows do
 * not count.
 *
 * @example
 * const model = Train.model(net, { loss: (logits, { label }) => Loss.softmaxCrossEntropy(logits, label) })
 */
export const model = <I, O, P, S, N>(net: Network<I, O, P, S, N>, o: ModelOptions<BatchTensors>): Model<P, S> => {
  const inputOf = (b: BatchTensors): ReturnType<typeof raw> => raw(b[o.input ?? "x"]!)
  const watched = Object.entries(o.metrics ?? {})
  return {
    init: (key) => init(net, key),
    loss: (vars: Variables<P, S>, batch, key) => {
      const [y, state] = applyOf(net, vars, inputOf(batch), { train: true, key })
      const metrics: Metrics = Object.fromEntries(watched.map(([name, f]) => [name, mean(f(y, batch)) as unknown as Tensor<[]>]))
      return [mean(o.loss(y, batch)) as unknown as Tensor<[]>, { state: state as S, metrics }]
    },
    evaluate: (vars, batch) => {
      const [y] = applyOf(net, vars, inputOf(batch), {})
      const total = (f: PerRow<BatchTensors>): Tensor<[]> => sum(mul(f(y, batch), batch["mask"]!)) as unknown as Tensor<[]>
      return Object.fromEntries([["loss", total(o.loss)], ...watched.map(([name, f]) => [name, total(f)] as const)])
    },
  }
}
