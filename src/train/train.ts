// The training loop: one compiled program per step, state that stays on the device, interruption at any step with nothing lost.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { hostLeaf, storageOf } from "../core/leaf.ts"
import { refuse } from "../core/errors.ts"
import type { AnyTensor, RawTensor, Tensor } from "../core/tensor.ts"
import { type Batch, batchCount, batches, type Dataset, type Fields, type HostTensor, prefetch } from "../data/dataset.ts"
import type { Optimizer } from "../optim/index.ts"
import { add } from "../ops/add.ts"
import { fold, type Key } from "../random/index.ts"
import { Device } from "../runtime/device.ts"
import { item, jit, read, run, type RunError } from "../runtime/jit.ts"
import { DeviceStorage } from "../runtime/store.ts"
import { valueAndGrad } from "../transform/index.ts"
import { NonFinite } from "./errors.ts"

/** Numbers by name: sums over the rows of a batch, or means, as said where they are used. */
export type Metrics = Readonly<Record<string, Tensor<[]>>>
/** A batch as tensors: the dataset's fields, and `mask`, 1 for real rows. */
export type BatchTensors = Readonly<Record<string, AnyTensor>>
export interface Variables<P, S> {
  readonly params: P
  readonly state: S
}
/** What can be trained. Pure: `Train.model` makes one of a network and a loss; anything of this shape will do. */
export interface Model<P, S> {
  readonly init: (key: Key) => Variables<P, S>
  /** Mean loss of a batch, and with it the new state and further means. */
  readonly loss: (
    vars: Variables<P, S>,
    batch: BatchTensors,
    key: Key,
  ) => readonly [Tensor<[]>, { readonly state: S; readonly metrics: Metrics }]
  /** Sums over the real rows of a batch; divided by the number of rows they are the metrics of a dataset. */
  readonly evaluate: (vars: Variables<P, S>, batch: BatchTensors) => Metrics
}
/** Everything a run needs to go on: a tree of values. */
export interface TrainState<P, S> extends Variables<P, S> {
  readonly optimizer: unknown
  readonly key: Key
  /** Steps done so far, on the device: randomness and schedules follow it. */
  readonly step: Tensor<[], "i32">
}
/** A training in progress. Its state is always that after a whole number of steps, whenever one looks. */
export interface Session<P, S> {
  readonly model: Model<P, S>
  readonly optimizer: Optimizer
  readonly at: Ref.Ref<{ readonly steps: number; readonly state: TrainState<P, S> }>
}
type Env = Device | Scope.Scope

/**
 * Starts a training: initial parameters and optimizer state, as values on the device, owned by the scope.
 *
 * @example
 * const session = yield* Train.start(model, Optim.adam(), Random.key(42))
 */
export const start = <P, S>(model: Model<P, S>, optimizer: Optimizer, key: Key): Effect.Effect<Session<P, S>, RunError, Env> =>
  Effect.gen(function* () {
    const vars = model.init(fold(key, "init"))
    const step = hostLeaf(Int32Array.of(0), [], "i32") as unknown as Tensor<[], "i32">
    const state = yield* run({ ...vars, optimizer: optimizer.init(vars.params), key: fold(key, "train"), step })
    return { model, optimizer, at: yield* Ref.make({ steps: 0, state: state as TrainState<P, S> }) }
  })

/** One step as a pure function: forward, backward, update. */
export const stepOf =
  <P, S>(model: Model<P, S>, optimizer: Optimizer) =>
  (s: TrainState<P, S>, batch: BatchTensors): readonly [TrainState<P, S>, Metrics] => {
    const key = fold(s.key, s.step) as Key
    const lossOf = (params: P) => model.loss({ params, state: s.state }, batch, key)
    const [[loss, { state, metrics }], grads] = valueAndGrad(lossOf as never, { aux: true })(s.params as never) as unknown as [
      readonly [Tensor<[]>, { state: S; metrics: Metrics }],
      P,
    ]
    const [params, next] = optimizer.update(grads, s.optimizer as never, s.params)
    const step = add(s.step, 1) as Tensor<[], "i32">
    return [
      { params, state, optimizer: next, key: s.key, step },
      { loss, ...metrics },
    ]
  }
const tensorOf = (h: HostTensor): AnyTensor => hostLeaf(h.data, h.shape, h.dtype)
/** A batch of host arrays as tensors. */
export const toTensors = <F extends Fields>(b: Batch<F>): BatchTensors => ({
  ...Object.fromEntries(Object.entries(b.fields).map(([name, f]) => [name, tensorOf(f as HostTensor)])),
  mask: tensorOf(b.mask),
})
/** Reads scalars and frees them: metrics of a thousand steps leave nothing behind. */
const takeNumbers = (m: Metrics): Effect.Effect<Record<string, number>, RunError, Device> =>
  Effect.gen(function* () {
    const out: Record<string, number> = {}
    for (const [name, t] of Object.entries(m)) {
      out[name] = yield* item(t)
      const s = storageOf(t)
      if (s instanceof DeviceStorage) s.release()
    }
    return out
  })

export interface RunOptions<F extends Fields> {
  readonly train: Dataset<F>
  /** Evaluated after every epoch. */
  readonly validation?: Dataset<F>
  readonly epochs: number
  readonly batch: number
  /** Seed of the order of the rows. */
  readonly seed: number
  /** Called after every step. */
  readonly onStep?: (s: StepReport) => Effect.Effect<void>
  readonly onEpoch?: (e: EpochReport) => Effect.Effect<void>
}
export interface StepReport {
  /** Epoch and step in it, from 1. */
  readonly epoch: number
  readonly step: number
  readonly steps: number
  readonly metrics: Readonly<Record<string, number>>
  readonly milliseconds: number
}
export interface EpochReport {
  readonly epoch: number
  /** Means over the epoch's steps. */
  readonly train: Readonly<Record<string, number>>
  readonly validation: Readonly<Record<string, number>> | undefined
}
export interface History {
  readonly epochs: readonly EpochReport[]
  /** Median, in seconds, over this call's steps. */
  readonly secondsPerStep: number
}

/**
 * Trains a session up to `epochs` epochs from its beginning, in random order, dropping the last partial batch.
 *
 * Interrupted, the session stands after its last whole step; running it again with the same options goes on exactly there.
 * Fails with NonFinite when the loss does, and with what the device fails with.
 *
 * @example
 * yield* Train.run(session, { train, validation, epochs: 3, batch: 128, seed: 1 })
 */
export const runSession = <P, S, F extends Fields>(
  session: Session<P, S>,
  o: RunOptions<F>,
): Effect.Effect<History, RunError | NonFinite, Env> =>
  Effect.gen(function* () {
    if (!Number.isInteger(o.epochs) || o.epochs < 0) refuse(`train: ${o.epochs} epochs; give a whole number from 0`)
    const steps = batchCount(o.train.rows, { size: o.batch, shuffle: o.seed })
    const step = jit(stepOf(session.model, session.optimizer), { donate: [0] })
    const times: number[] = []
    const reports: EpochReport[] = []
    for (let epoch = 0; epoch < o.epochs; epoch++) {
      const done = (yield* Ref.get(session.at)).steps - epoch * steps
      if (done >= steps) continue // an earlier run has been here
      const sums = new Map<string, number>()
      const one = (batch: Batch<F>) =>
        Effect.gen(function* () {
          const before = yield* Clock.currentTimeNanos
          const { steps: n, state } = yield* Ref.get(session.at)
          const [next, out] = yield* step(state as never, toTensors(batch) as never)
          yield* Ref.set(session.at, { steps: n + 1, state: next as TrainState<P, S> })
          const metrics = yield* takeNumbers(out as Metrics)
          const milliseconds = Number((yield* Clock.currentTimeNanos) - before) / 1e6
          times.push(milliseconds)
          const loss = metrics["loss"]!
          if (!Number.isFinite(loss)) return yield* new NonFinite({ step: n + 1, loss })
          for (const [name, v] of Object.entries(metrics)) sums.set(name, (sums.get(name) ?? 0) + v)
          if (o.onStep) yield* o.onStep({ epoch: epoch + 1, step: batch.index + 1, steps, metrics, milliseconds })
        }).pipe(Effect.uninterruptible)
      yield* batches(o.train, { size: o.batch, shuffle: o.seed, epoch }).pipe(
        Stream.drop(Math.max(0, done)),
        prefetch(1),
        // a wasm step never waits: without this yield no other fiber, and no interruption, would get its turn
        Stream.runForEach((b) => Effect.andThen(one(b), Effect.yieldNow)),
      )
      const ran = steps - Math.max(0, done)
      const report: EpochReport = {
        epoch: epoch + 1,
        train: Object.fromEntries([...sums].map(([name, v]) => [name, v / ran])),
        validation: o.validation && (yield* evaluate(session, o.validation, o.batch)),
      }
      reports.push(report)
      if (o.onEpoch) yield* o.onEpoch(report)
    }
    times.sort((a, b) => a - b)
    return { epochs: reports, secondsPerStep: (times[times.length >> 1] ?? 0) / 1000 }
  })

/** Metrics of a session over a whole dataset: the last partial batch is padded and masked. */
export const evaluate = <P, S, F extends Fields>(
  session: Session<P, S>,
  data: Dataset<F>,
  batch: number,
): Effect.Effect<Record<string, number>, RunError, Env> =>
  Effect.gen(function* () {
    const { state } = yield* Ref.get(session.at)
    const { params, state: inner } = state
    const measure = jit((v: Variables<P, S>, b: BatchTensors) => session.model.evaluate(v, b))
    const sums = new Map<string, number>()
    yield* batches(data, { size: batch }).pipe(
      Stream.runForEach((b) =>
        Effect.gen(function* () {
          const out = yield* measure({ params, state: inner } as never, toTensors(b) as never)
          for (const [name, v] of Object.entries(yield* takeNumbers(out as Metrics))) sums.set(name, (sums.get(name) ?? 0) + v)
          yield* Effect.yieldNow
        }),
      ),
    )
    return Object.fromEntries([...sums].map(([name, v]) => [name, v / data.rows]))
  })
/** What a function of a session's variables gives for every row of a dataset, batch by batch: predictions, say. */
export const predict = <P, S, F extends Fields>(
  session: Session<P, S>,
  data: Dataset<F>,
  batch: number,
  f: (vars: Variables<P, S>, b: BatchTensors) => AnyTensor,
): Effect.Effect<number[][], RunError, Env> =>
  Effect.gen(function* () {
    const { state } = yield* Ref.get(session.at)
    const call = jit((v: Variables<P, S>, b: BatchTensors) => f(v, b))
    const rows: number[][] = []
    yield* batches(data, { size: batch }).pipe(
      Stream.runForEach((b) =>
        Effect.scoped(
          Effect.gen(function* () {
            const y = (yield* call({ params: state.params, state: state.state } as never, toTensors(b) as never)) as RawTensor
            const values = (yield* read(y as never)) as ArrayLike<number>
            const each = values.length / batch
            for (let r = 0; r < b.rows; r++) rows.push(Array.from({ length: each }, (_, k) => values[r * each + k]!))
          }),
        ),
      ),
    )
    return rows
  })
