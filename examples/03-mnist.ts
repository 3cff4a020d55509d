// The main job: train a network on generated digits, or on the real files, and show what it learnt.
//   npm start
//   npm start -- --data mnist --dir data/mnist --model mlp --epochs 5 --json out.json
import { Data, Device, Random, Train } from "adjoint"
import * as Effect from "effect/Effect"
import { writeFile } from "node:fs/promises"
import { type Recipe, recipeFor } from "./mnist/models.ts"
import { layers, pictures } from "./mnist/show.ts"

const devices = { auto: Device.auto, wasm: Device.wasm, reference: Device.reference, gpujs: Device.gpujs() }
const generated = (seed: number) =>
  Effect.sync(() => ({ train: Data.digits({ seed, count: 10_000 }), test: Data.digits({ seed, count: 4_000, part: "test" }) }))

/** Trains one recipe; shows a progress bar unless told to be quiet. */
const fit = (recipe: Recipe, o: Train.Options, data: { train: Data.ImageDataset; test: Data.ImageDataset }, out: Train.Output, quiet = false) =>
  Effect.gen(function* () {
    const epochs = quiet ? recipe.epochs : (o.epochs ?? recipe.epochs)
    const batch = quiet ? recipe.batch : (o.batch ?? recipe.batch)
    const steps = Data.batchCount(data.train.rows, { size: batch, shuffle: o.seed })
    const optimizer = recipe.optimizer(quiet ? recipe.lr : (o.lr ?? recipe.lr), steps * epochs)
    const session = yield* Train.start(recipe.model, optimizer, Random.key(o.seed))
    const bar = yield* Train.progress(out, { epochs, steps })
    const losses: number[] = []
    const history = yield* Train.run(session, {
      train: data.train,
      epochs,
      batch,
      seed: o.seed,
      onStep: ({ epoch, step, metrics }) => {
        losses.push(metrics["loss"]!)
        return quiet ? Effect.void : bar.report({ epoch, step, loss: metrics["loss"], accuracy: metrics["accuracy"] })
      },
    })
    const { accuracy, loss } = yield* Train.evaluate(session, data.test, batch)
    return { session, history, losses, batch, epochs, accuracy: accuracy!, loss: loss! }
  })

const main = (o: Train.Options) =>
  Effect.gen(function* () {
    const out = yield* Train.standardOutput
    const say = (text: string): void => out.write(`${text}\n`)
    const style = Train.styleFor(out)
    const device = yield* Device
    say(`${style.bold("device")}  ${device.name}: ${device.why}`)
    const sets = yield* o.data === "digits" ? generated(o.seed) : Data.loadMnist(o.dir!)
    const data = { train: Data.imageDataset(sets.train), test: Data.imageDataset(sets.test) }
    const recipe = recipeFor(o.model, o.data === "digits")
    say(`${style.bold("data")}    ${o.data}: ${Train.count(data.train.rows)} to learn from, ${Train.count(data.test.rows)} to be tested on\n`)
    say(`${layers(recipe.net, style)}\n`)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const began = performance.now()
        const r = yield* fit(recipe, o, data, out)
        say(`\n${yield* pictures(r.session, recipe, sets.test, data.test, r.losses, r.batch, style)}\n`)
        if (o.data === "digits" && o.model !== "linear") {
          const baseline = yield* Effect.scoped(fit(recipeFor("linear", true), o, data, out, true))
          say(`linear classifier  ${Train.percent(baseline.accuracy, 2)} of the test digits (these data are made so that it stays below 90 %)`)
        }
        say(`${o.model.padEnd(17)}  ${style.bold(Train.percent(r.accuracy, 2))} of the test digits, loss ${r.loss.toFixed(4)}`)
        const ms = r.history.secondsPerStep * 1000
        say(`${Train.duration((performance.now() - began) / 1000)} in all, ${ms.toFixed(2)} ms per step of ${r.batch}`)
        if (o.json === undefined) return
        const numbers = {
          testAccuracy: r.accuracy,
          trainLoss: r.history.epochs.map((e) => e.train["loss"]),
          secondsPerStep: r.history.secondsPerStep,
          parameters: recipe.net.parameters,
          device: device.name,
          options: { ...o, epochs: r.epochs, batch: r.batch, lr: o.lr ?? recipe.lr },
        }
        const path = o.json
        yield* Effect.tryPromise({ try: () => writeFile(path, `${JSON.stringify(numbers, null, 2)}\n`), catch: (e) => new Error(`--json ${path}: ${(e as Error).message}; give a file that can be written`) })
      }),
    )
  })

const options = Train.parseOptions(process.argv.slice(2))
if ("error" in options) {
  console.error(options.error)
  process.exitCode = 1
} else if (options.help) console.log(Train.usage())
else
  await Effect.runPromise(main(options).pipe(Effect.provide(devices[options.device]))).catch((e: unknown) => {
    console.error(e instanceof Error ? e.message : String(e))
    process.exitCode = 1
  })
