// A network and a loss as something to train.
import type { AnyTensor, RawTensor, Tensor } from "../core/tensor.ts"
import { raw } from "../core/tensor.ts"
import { refuse } from "../core/errors.ts"
import { same, show } from "../core/shape.ts"
import { init } from "../nn/variables.ts"
import { applyOf } from "../nn/variables.ts"
import type { Network } from "../nn/network.ts"
import { mean } from "../ops/mean.ts"
import { greater } from "../ops/greater.ts"
import { sum } from "../ops/sum.ts"
import { where } from "../ops/where.ts"
import type { BatchTensors, Metrics, Model, Variables } from "./session.ts"

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
 * A network with its loss and metrics, ready for `Train.start`. In training the loss is the mean over the batch; in evaluation
 * padded rows do not count. A loss or metric that is not one number for each row is refused.
 *
 * @example
 * const model = Train.model(net, { loss: (logits, { label }) => Loss.softmaxCrossEntropy(logits, label!) })
 */
export const model = <I, O, P, S, N>(net: Network<I, O, P, S, N>, o: ModelOptions<BatchTensors>): Model<P, S> => {
  const inputOf = (b: BatchTensors): RawTensor => {
    const name = o.input ?? "x"
    return raw(
      b[name] ?? refuse(`train: the batch has no field ${name}, only ${Object.keys(b).join(", ")}; say which is the input`),
    )
  }
  const perRow = (name: string, f: PerRow<BatchTensors>, y: AnyTensor, b: BatchTensors): RawTensor => {
    const v = raw(f(y, b))
    const wanted = raw(b["mask"]!).shape
    return same(v.shape, wanted)
      ? v
      : refuse(
          `train: ${name} has shape ${show(v.shape)}; give one number for each row, ${show(wanted)}, without taking the mean`,
        )
  }
  const watched = [["loss", o.loss] as const, ...Object.entries(o.metrics ?? {})]
  return {
    init: (key) => init(net, key),
    loss: (vars: Variables<P, S>, batch, key) => {
      const [y, state] = applyOf(net, vars, inputOf(batch), { train: true, key })
      const means = watched.map(([name, f]) => [name, mean(perRow(name, f, y, batch)) as unknown as Tensor<[]>] as const)
      const { loss, ...metrics } = Object.fromEntries(means) as Metrics
      return [loss!, { state: state as S, metrics }]
    },
    evaluate: (vars, batch) => {
      const [y] = applyOf(net, vars, inputOf(batch), {})
      const real = raw(greater(raw(batch["mask"]!), 0)) as never
      // chosen, not multiplied: what a padded row gives may be NaN
      const total = (v: RawTensor): Tensor<[]> => raw(sum(raw(where(real, v as never, 0)))) as unknown as Tensor<[]>
      return Object.fromEntries(watched.map(([name, f]) => [name, total(perRow(name, f, y, batch))]))
    },
  }
}
