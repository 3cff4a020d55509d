// Looking at a session: metrics and predictions over a whole dataset. The session goes on as if nobody had looked.
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { refuse } from "../core/errors.ts"
import { type AnyTensor, raw } from "../core/tensor.ts"
import { batches, type Dataset, type Fields } from "../data/dataset.ts"
import type { Device } from "../runtime/device.ts"
import { attempt, jit, read, type RunError } from "../runtime/jit.ts"
import { type BatchTensors, type Session, toTensors, unpacked, type Variables } from "./session.ts"

/** Batches in their order, the last one padded and masked. */
const inOrder = <F extends Fields>(data: Dataset<F>, size: number) =>
  attempt(() => (data.rows > 0 ? batches(data, { size }) : refuse("evaluate: the dataset has no rows; give it at least one")))
const variables = <P, S>(session: Session<P, S>): Effect.Effect<Variables<P, S>> =>
  Effect.map(Ref.get(session.at), ({ state: { params, state } }) => ({ params, state }))

/**
 * Metrics of a session over a whole dataset, `batch` rows at a time: the last partial batch is padded and masked.
 *
 * @example
 * const { loss, accuracy } = yield* Train.evaluate(session, test, 128)
 */
export const evaluate = <P, S, F extends Fields>(
  session: Session<P, S>,
  data: Dataset<F>,
  batch: number,
): Effect.Effect<Record<string, number>, RunError, Device> =>
  Effect.gen(function* () {
    const vars = yield* variables(session)
    const sums: Record<string, number> = {}
    yield* Stream.runForEach(yield* inOrder(data, batch), (b) =>
      session.measure(vars, toTensors(b)).pipe(
        Effect.flatMap(unpacked),
        Effect.map((now) => {
          for (const [name, v] of Object.entries(now)) sums[name] = (sums[name] ?? 0) + v
        }),
        Effect.scoped,
        Effect.andThen(Effect.yieldNow), // others get their turn, an interruption among them
      ),
    )
    return Object.fromEntries(Object.entries(sums).map(([name, v]) => [name, v / data.rows]))
  })
/**
 * What a function of a session's variables gives for every row of a dataset, batch by batch: predictions, say. f is pure and
 * gives one row of numbers for each row of the batch.
 *
 * @example
 * const guesses = yield* Train.predict(session, test, 128, (vars, { x }) => T.argmax(Net.predict(net, vars, x), 1))
 */
export const predict = <P, S, F extends Fields>(
  session: Session<P, S>,
  data: Dataset<F>,
  batch: number,
  f: (vars: Variables<P, S>, b: BatchTensors) => AnyTensor,
): Effect.Effect<number[][], RunError, Device> =>
  Effect.gen(function* () {
    const vars = yield* variables(session)
    const call = jit((v: Variables<P, S>, b: BatchTensors): AnyTensor => {
      const y = f(v, b)
      if (raw(y).shape[0] !== batch) refuse(`predict: ${y} is not one row for each of ${batch}; keep the batch as axis 0`)
      return y
    })
    const rows: number[][] = []
    yield* Stream.runForEach(yield* inOrder(data, batch), (b) =>
      call(vars as never, toTensors(b) as never).pipe(
        Effect.flatMap((y) => read(y as never)),
        Effect.map((values: ArrayLike<number>) => {
          const each = values.length / batch
          for (let r = 0; r < b.rows; r++) rows.push(Array.from({ length: each }, (_, k) => values[r * each + k]!))
        }),
        Effect.scoped,
        Effect.andThen(Effect.yieldNow),
      ),
    )
    return rows
  })
