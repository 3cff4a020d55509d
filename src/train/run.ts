// The training loop: one compiled program per step, state that stays on the device, interruption at any step with nothing lost.
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { refuse } from "../core/errors.ts"
import { type Batch, batchCount, batches, type Dataset, type Fields, prefetch } from "../data/dataset.ts"
import type { Device } from "../runtime/device.ts"
import { attempt, type RunError } from "../runtime/jit.ts"
import { NonFinite } from "./errors.ts"
import { evaluate } from "./evaluate.ts"
import { type Position, type Session, toTensors, unpacked } from "./session.ts"

export interface RunOptions<F extends Fields, E = never, R = never> {
  readonly train: Dataset<F>
  /** Evaluated after every epoch. */
  readonly validation?: Dataset<F>
  readonly epochs: number
  readonly batch: number
  /** Seed of the order of the rows. */
  readonly seed: number
  /** Called after every step. If it fails, the run does; the step is done all the same. */
  readonly onStep?: (s: StepReport) => Effect.Effect<unknown, E, R>
  /** Called after every epoch and its evaluation. If it fails, the run does, and the next run reports this epoch again. */
  readonly onEpoch?: (e: EpochReport) => Effect.Effect<unknown, E, R>
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
  /** Means over the epoch's steps, those before an interruption among them. */
  readonly train: Readonly<Record<string, number>>
  readonly validation: Readonly<Record<string, number>> | undefined
}
export interface History {
  /** The epochs that this call ended. */
  readonly epochs: readonly EpochReport[]
  /** Median, in seconds, over this call's steps; 0 when it made none. */
  readonly secondsPerStep: number
}
const plus = (sums: Position<never, never>["sums"], more: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(more).map(([name, v]) => [name, (sums[name] ?? 0) + v]))

/** One step: the session's state is replaced at once, so that no interruption finds it given away. */
const stepOn = <P, S, F extends Fields>(session: Session<P, S>, batch: Batch<F>) =>
  Effect.gen(function* () {
    const before = yield* Ref.get(session.at)
    const [state, numbers] = yield* Effect.provideService(
      session.step(before.state, toTensors(batch)),
      Scope.Scope,
      session.scope,
    )
    const after = { ...before, state, steps: before.steps + 1, inEpoch: before.inEpoch + 1 }
    yield* Ref.set(session.at, after)
    const metrics = yield* unpacked(numbers)
    const loss = metrics["loss"]!
    if (!Number.isFinite(loss)) {
      yield* Ref.set(session.at, { ...before, state }) // the program has left the state as it was
      return yield* new NonFinite({ step: after.steps, loss })
    }
    yield* Ref.set(session.at, { ...after, sums: plus(before.sums, metrics) })
    return metrics
  })

/**
 * Trains a session up to `epochs` epochs from its beginning, in random order, dropping the last partial batch.
 *
 * Interrupted, or failed, the session stands after its last whole step; running it again with the same options goes on exactly
 * there, and ends with the same parameters, bit by bit. Fails with NonFinite when the loss is not finite (the state is then that
 * before the step), with a ShapeError for options that do not fit, and with what the device, `onStep` or `onEpoch` fail with.
 *
 * @example
 * yield* Train.run(session, { train, validation, epochs: 3, batch: 128, seed: 1 })
 */
export const runSession = <P, S, F extends Fields, E = never, R = never>(
  session: Session<P, S>,
  o: RunOptions<F, E, R>,
): Effect.Effect<History, RunError | NonFinite | E, Device | R> =>
  Effect.gen(function* () {
    const options = { size: o.batch, shuffle: o.seed }
    const steps = yield* attempt(() =>
      Number.isInteger(o.epochs) && o.epochs >= 0
        ? batchCount(o.train.rows, options)
        : refuse(`train: ${o.epochs} epochs; give a whole number from 0`),
    )
    const times: number[] = []
    const reports: EpochReport[] = []
    const one = (epoch: number, batch: Batch<F>) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const began = yield* Clock.currentTimeNanos
          const metrics = yield* stepOn(session, batch)
          const milliseconds = Number((yield* Clock.currentTimeNanos) - began) / 1e6
          times.push(milliseconds)
          const report = { epoch: epoch + 1, step: batch.index + 1, steps, metrics, milliseconds }
          if (o.onStep) yield* restore(o.onStep(report))
        }),
      )
    for (let at = yield* Ref.get(session.at); at.epochs < o.epochs; at = yield* Ref.get(session.at)) {
      const epoch = at.epochs
      const stream = yield* attempt(() => batches(o.train, { ...options, epoch }))
      yield* stream.pipe(
        Stream.drop(at.inEpoch),
        prefetch(1),
        // a wasm step never waits: without this yield no other fiber, and no interruption, would get its turn
        Stream.runForEach((b) => Effect.andThen(one(epoch, b), Effect.yieldNow)),
      )
      const { sums } = yield* Ref.get(session.at)
      const report: EpochReport = {
        epoch: epoch + 1,
        train: Object.fromEntries(Object.entries(sums).map(([name, v]) => [name, v / steps])),
        validation: o.validation && (yield* evaluate(session, o.validation, o.batch)),
      }
      if (o.onEpoch) yield* o.onEpoch(report)
      reports.push(report)
      yield* Ref.update(session.at, (now) => ({ ...now, epochs: epoch + 1, inEpoch: 0, sums: {} }))
    }
    times.sort((a, b) => a - b)
    return { epochs: reports, secondsPerStep: (times[times.length >> 1] ?? 0) / 1000 }
  })
