// Small trainings.
import { type AnyTensor, raw } from "../../src/core/index.ts"
import { storageOf } from "../../src/core/leaf.ts"
import { flatten } from "../../src/core/tree.ts"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { dataset } from "../../src/data/index.ts"
import { Loss, Net } from "../../src/nn/index.ts"
import * as Random from "../../src/random/index.ts"
import { readTree } from "../../src/runtime/index.ts"
import { type BatchTensors, type Model, model, type Session } from "../../src/train/index.ts"

/** Points in the square with the quadrant they lie in: rows of 2, 4 classes. Made by a linear congruence, so always the same. */
export const quadrants = (rows: number, seed = 1) => {
  let s = seed
  const next = (): number => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1
  const x = Float32Array.from({ length: 2 * rows }, next)
  const label = Int32Array.from({ length: rows }, (_, r) => (x[2 * r]! > 0 ? 1 : 0) + (x[2 * r + 1]! > 0 ? 2 : 0))
  return dataset({ x: { data: x, shape: [2], dtype: "f32" }, label: { data: label, shape: [], dtype: "i32" } })
}
export const classifier = {
  loss: (logits: AnyTensor, { label }: BatchTensors) => Loss.softmaxCrossEntropy(logits, label!),
  metrics: {
    accuracy: (logits: AnyTensor, { label }: BatchTensors) => Loss.accuracy(logits, label!),
  },
}
export const plainNet = Net.network(["batch", 2], Net.dense(8), Net.tanh, Net.dense(4))
/** Everything that makes training different from use: random numbers and state. */
export const richNet = Net.network(["batch", 2], Net.dense(16), Net.batchNorm(), Net.relu, Net.dropout(0.2), Net.dense(4))
export const plain = model(plainNet, classifier) as Model<unknown, unknown>
export const rich = model(richNet, classifier) as Model<unknown, unknown>
export const seed = Random.key(5)

/** All numbers of a session's state, in order. */
export const stateOf = <P, S>(session: Session<P, S>) =>
  Effect.gen(function* () {
    const { state } = yield* Ref.get(session.at)
    return flatten(yield* readTree(state)).leaves.map((t) => [...storageOf(raw(t))!.host!])
  })
