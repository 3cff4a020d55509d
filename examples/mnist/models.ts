// The three networks of the main job, with the settings that suit them.
import { Loss, Net, Optim, Train, type AnyTensor } from "adjoint"

const classifier = {
  loss: (logits: AnyTensor, { label }: Train.BatchTensors) => Loss.softmaxCrossEntropy(logits, label!),
  metrics: {
    accuracy: (logits: AnyTensor, { label }: Train.BatchTensors) => Loss.accuracy(logits, label!),
  },
}
const input = ["batch", 28, 28, 1] as const

/** Softmax regression: what the main job's data must not be learnable by. */
export const linear = Net.network(input, Net.flatten, Net.dense(10))
/** 784-512-512-10, tanh. */
export const mlp = Net.network(input, Net.flatten, Net.dense(512), Net.tanh, Net.dense(512), Net.tanh, Net.dense(10))
/** Two convolutions of 16 and 32 filters, each pooled: small enough for a minute on a laptop. */
export const small = Net.network(
  input,
  Net.conv2d({ filters: 16, kernel: 3 }),
  Net.relu,
  Net.maxPool2d(2),
  Net.conv2d({ filters: 32, kernel: 3 }),
  Net.relu,
  Net.maxPool2d(2),
  Net.flatten,
  Net.dense(10),
)
/** The convolutional network for the real files: 600,810 parameters, dropout. */
export const large = Net.network(
  input,
  Net.conv2d({ filters: 32, kernel: 3 }),
  Net.relu,
  Net.conv2d({ filters: 32, kernel: 3 }),
  Net.relu,
  Net.maxPool2d(2),
  Net.dropout(0.25),
  Net.flatten,
  Net.dense(128),
  Net.relu,
  Net.dropout(0.5),
  Net.dense(10),
)

export interface Recipe {
  readonly net: Net.AnyNetwork & Net.Counted
  readonly model: Train.Model<unknown, unknown>
  readonly epochs: number
  readonly batch: number
  readonly lr: number
  readonly optimizer: (lr: number, steps: number) => Optim.Optimizer
}
const adam = (lr: number, steps: number): Optim.Optimizer =>
  Optim.adam({ lr: Optim.warmup(Math.ceil(steps / 10), Optim.cosine({ lr, steps })) })
const recipe = (net: Net.AnyNetwork & Net.Counted, settings: Omit<Recipe, "net" | "model">): Recipe => ({
  net,
  model: Train.model(net, classifier),
  ...settings,
})
/** What `--model` means for these data. */
export const recipeFor = (model: "linear" | "mlp" | "cnn", generated: boolean): Recipe =>
  model === "linear"
    ? recipe(linear, { epochs: 5, batch: 128, lr: 0.005, optimizer: adam })
    : model === "mlp"
      ? recipe(mlp, { epochs: 5, batch: 128, lr: 0.002, optimizer: adam })
      : generated
        ? recipe(small, { epochs: 5, batch: 32, lr: 0.002, optimizer: adam })
        : recipe(large, { epochs: 6, batch: 128, lr: 0.002, optimizer: adam })
