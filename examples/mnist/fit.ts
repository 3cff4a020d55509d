// One training of the main job, with a progress bar unless it is told to be quiet.
import { Data, Random, Train } from "adjoint"
import * as Effect from "effect/Effect"
import type { Recipe } from "./models.ts"

export interface Sets {
  readonly train: Data.ImageDataset
  readonly test: Data.ImageDataset
}
/** What differs from the recipe. */
export interface Settings {
  readonly epochs?: number | undefined
  readonly batch?: number | undefined
  readonly lr?: number | undefined
  readonly seed: number
}
export const fit = (recipe: Recipe, settings: Settings, data: Sets, out?: Train.Output) =>
  Effect.gen(function* () {
    const { epochs = recipe.epochs, batch = recipe.batch, lr = recipe.lr, seed } = settings
    const steps = Data.batchCount(data.train.rows, { size: batch, shuffle: seed })
    const session = yield* Train.start(recipe.model, recipe.optimizer(lr, steps * epochs), Random.key(seed))
    const bar = out && (yield* Train.progress(out, { epochs, steps }))
    const losses: number[] = []
    const history = yield* Train.run(session, {
      train: data.train,
      epochs,
      batch,
      seed,
      onStep: ({ epoch, step, metrics: { loss, accuracy } }) => {
        losses.push(loss!)
        return bar ? bar.report({ epoch, step, loss, accuracy }) : Effect.void
      },
    })
    const { accuracy, loss } = yield* Train.evaluate(session, data.test, batch)
    return { session, history, losses, epochs, batch, lr, accuracy: accuracy!, loss: loss! }
  })
