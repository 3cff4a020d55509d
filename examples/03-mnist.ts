// The main job: train a network on generated digits, or on the real files, and show what it learnt.
//   npm start
//   npm start -- --data mnist --dir data/mnist --model mlp --json out.json
import { Data, Device, Train } from "adjoint"
import * as Effect from "effect/Effect"
import { jsonFile, Refused, runMain, untilInterrupted } from "./mnist/edge.ts"
import { fit } from "./mnist/fit.ts"
import { recipeFor } from "./mnist/models.ts"
import { layers, pictures } from "./mnist/show.ts"

/** What the generated digits are made for: a convolutional network learns them, a linear classifier does not. */
const [LEAST, MOST] = [0.97, 0.9]
const devices = {
  auto: Device.auto,
  wasm: Device.wasm,
  native: Device.native,
  reference: Device.reference,
  gpujs: Device.gpujs(),
}
const generated = (seed: number) =>
  Effect.sync(() => ({ train: Data.digits({ seed, count: 10_000 }), test: Data.digits({ seed, count: 4_000, part: "test" }) }))

const job = (o: Train.Options) =>
  Effect.gen(function* () {
    const out = yield* Train.standardOutput
    const say = (text: string): void => out.write(`${text}\n`)
    const style = Train.styleFor(out)
    const save = o.json === undefined ? undefined : yield* jsonFile(o.json)
    const device = yield* Device
    say(`${style.bold("device")}  ${device.name}: ${device.why}`)
    const sets = yield* o.data === "digits" ? generated(o.seed) : Data.loadMnist(o.dir!)
    for (const { shape } of [sets.train, sets.test])
      if (shape[1] !== 28 || shape[2] !== 28)
        return yield* new Refused({ message: `${o.dir}: images of ${shape[1]} x ${shape[2]}; the networks take 28 x 28` })
    const data = { train: Data.imageDataset(sets.train), test: Data.imageDataset(sets.test) }
    const recipe = recipeFor(o.model, o.data === "digits")
    const rows = data.train.rows
    if ((o.batch ?? recipe.batch) > rows)
      return yield* new Refused({
        message: `--batch ${o.batch ?? recipe.batch}: there are ${rows} rows to learn from; give at most as many`,
      })
    say(
      `${style.bold("data")}    ${o.data}: ${Train.count(rows)} to learn from, ${Train.count(data.test.rows)} to be tested on\n`,
    )
    say(`${layers(recipe.net, style)}\n`)

    const learn = Effect.gen(function* () {
      const began = performance.now()
      const r = yield* fit(recipe, o, data, out)
      say(`\n${yield* pictures(r.session, recipe, sets.test, data.test, r.losses, r.batch, style)}\n`)
      const compared = o.data === "digits" && o.model !== "linear"
      const baseline = compared
        ? (yield* Effect.scoped(fit(recipeFor("linear", true), { seed: o.seed }, data))).accuracy
        : undefined
      if (baseline !== undefined) say(`linear classifier  ${Train.percent(baseline, 2)} of the test digits`)
      say(`${o.model.padEnd(17)}  ${style.bold(Train.percent(r.accuracy, 2))} of the test digits, loss ${r.loss.toFixed(4)}`)
      const ms = r.history.secondsPerStep * 1000
      say(`${Train.duration((performance.now() - began) / 1000)} in all, ${ms.toFixed(2)} ms per step of ${r.batch}`)
      if (save)
        yield* save({
          testAccuracy: r.accuracy,
          trainLoss: r.history.epochs.map((e) => e.train["loss"]),
          secondsPerStep: r.history.secondsPerStep,
          parameters: recipe.net.parameters,
          device: device.name,
          options: { ...o, epochs: r.epochs, batch: r.batch, lr: r.lr },
        })
      const usual = o.model === "cnn" && o.epochs === undefined && o.batch === undefined && o.lr === undefined
      if (baseline === undefined || !usual) return
      const found = `the network reads ${Train.percent(r.accuracy, 2)}, the linear classifier ${Train.percent(baseline, 2)}`
      const wanted = `at least ${LEAST * 100} % and at most ${MOST * 100} %`
      if (r.accuracy < LEAST || baseline > MOST)
        return yield* new Refused({ message: `digits: ${found}; these data are made for ${wanted}` })
      say(`as these data are made for: ${wanted}`)
    })
    // until here Ctrl-C ends the process at once; from here on the device is given back first
    return yield* untilInterrupted(learn)
  }).pipe(Effect.scoped)

const options = Train.parseOptions(process.argv.slice(2))
if ("error" in options) {
  console.error(options.error)
  process.exitCode = 1
} else if (options.help) console.log(Train.usage())
else
  await runMain(
    job(options).pipe(
      Effect.provide(devices[options.device]),
      Effect.catchTag("DeviceUnavailable", ({ reason }) =>
        Effect.fail(new Refused({ message: `--device ${options.device}: ${reason}; take --device wasm, or leave it out` })),
      ),
    ),
  )
