// Pictures of a trained network, in characters.
import { type Data, Net, Train } from "adjoint"
import * as T from "adjoint/tensor"
import * as Effect from "effect/Effect"
import type { Recipe } from "./models.ts"

/** The layer table. */
export const layers = (net: Net.AnyNetwork, style: Train.Style): string => `${style.bold("network")}\n${Net.summary(net)}`

/** Loss curve, confusion matrix, and a few digits that were misread. */
export const pictures = (
  session: Train.Session<unknown, unknown>,
  recipe: Recipe,
  images: Data.ImageSet,
  test: Data.ImageDataset,
  losses: readonly number[],
  batch: number,
  style: Train.Style,
) =>
  Effect.gen(function* () {
    const read = yield* Train.predict(session, test, batch, (vars, b) => T.argmax(Net.predict(recipe.net, vars, b["x"]!), -1))
    const guess = read.map((r) => r[0]!)
    const matrix = Train.confusion(images.labels, guess, 10)
    const wrong = guess.flatMap((g, k) => (g === images.labels[k] ? [] : [k])).slice(0, 3)
    const art = wrong.map(
      (k) =>
        `a ${images.labels[k]} read as ${guess[k]}\n${Train.imageArt(images.images.subarray(k * 784, (k + 1) * 784), [28, 28])}`,
    )
    return [
      Train.curve(losses, { title: "training loss", x: "step", style }),
      `${style.bold("confusion")} (rows: what it is, columns: what was read)\n${Train.confusionTable(matrix, undefined, style)}`,
      ...Train.worstConfusions(matrix, 3),
      Train.beside(art, 4),
    ].join("\n\n")
  })
