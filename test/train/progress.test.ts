import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import { logLine, type Output, progress, progressLine, secondsLeft } from "../../src/train/progress.ts"
import { coloured, columnsOf } from "../../src/train/terminal.ts"

const at = { epoch: 2, epochs: 5, step: 123, steps: 250, loss: 0.12345, accuracy: 0.971, seconds: 13 }

describe("lines", () => {
  test("one line, the bar gives way first, then the end is cut", () => {
    expect(progressLine(at, 120)).toBe("epoch 2/5  ███████████▊              123/250  loss 0.1235  accuracy 97.1 %  31 s left")
    expect(progressLine(at, 68)).toBe("epoch 2/5  ███     123/250  loss 0.1235  accuracy 97.1 %  31 s left")
    expect(progressLine(at, 67)).toBe("epoch 2/5  123/250  loss 0.1235  accuracy 97.1 %  31 s left")
    expect(progressLine(at, 30)).toBe("epoch 2/5  123/250  loss 0.12")
    for (let columns = 1; columns < 130; columns++) expect(columnsOf(progressLine(at, columns, coloured))).toBeLessThan(columns)
  })
  test("what is not known is left out; a loss that is not finite is said", () => {
    const start = { epoch: 1, epochs: 1, step: 0, steps: 20, seconds: 0 }
    expect(progressLine(start, 50)).toBe(`epoch 1/1  ${" ".repeat(24)}   0/20`)
    expect(secondsLeft(start)).toBeUndefined()
    expect(secondsLeft(at)).toBeCloseTo((13 / 373) * 877, 10)
    expect(logLine({ ...start, step: 5, loss: NaN, seconds: 2 })).toBe("epoch 1/1  step 5/20  loss NaN  6.0 s left")
    expect(logLine({ ...start, step: 20, loss: 1, seconds: 80 })).toBe("epoch 1/1  step 20/20  loss 1.0000  1 min 20 s")
  })
})

const output = (isTTY: boolean): Output & { readonly written: string[] } => {
  const written: string[] = []
  return { isTTY, columns: 70, env: { NO_COLOR: "1" }, write: (t) => void written.push(t), written }
}
/** Two epochs of four steps, a second each. */
const run = (out: Output, steps = 4, stop = Infinity) =>
  Effect.gen(function* () {
    const shown = yield* progress(out, { epochs: 2, steps, redraw: 1500, log: 3000 })
    let done = 0
    for (let epoch = 1; epoch <= 2; epoch++) {
      for (let step = 1; step <= steps; step++) {
        if (done++ === stop) return yield* Effect.interrupt
        yield* TestClock.adjust("1 second")
        yield* shown.report({ epoch, step, loss: 1 / done })
      }
      yield* shown.print(`test ${epoch}`)
    }
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

describe("progress", () => {
  test("no terminal: a line every three seconds and at the end of each epoch", async () => {
    const out = output(false)
    await Effect.runPromise(run(out))
    expect(out.written.join("")).toBe(`epoch 1/2  step 3/4  loss 0.3333  5.0 s left
epoch 1/2  step 4/4  loss 0.2500  4.0 s left
test 1
epoch 2/2  step 3/4  loss 0.1429  1.0 s left
epoch 2/2  step 4/4  loss 0.1250  8.0 s
test 2
`)
  })

  test("terminal: one line rewritten, not more often than told, the last of an epoch stays", async () => {
    const out = output(true)
    await Effect.runPromise(run(out))
    expect(out.written.map((w) => w.replaceAll(/█|▏|▎|▍|▌|▋|▊|▉/g, "").replaceAll(/ +/g, " "))).toEqual([
      "\r\u001b[Kepoch 1/2 1/4 loss 1.0000 7.0 s left",
      "\r\u001b[Kepoch 1/2 3/4 loss 0.3333 5.0 s left",
      "\r\u001b[Kepoch 1/2 4/4 loss 0.2500 4.0 s left\n",
      "test 1\n",
      "\r\u001b[Kepoch 2/2 2/4 loss 0.1667 2.0 s left",
      "\r\u001b[Kepoch 2/2 4/4 loss 0.1250 8.0 s\n",
      "test 2\n",
    ])
  })

  test("terminal: text goes above the bar, and an interruption leaves a fresh line", async () => {
    const out = output(true)
    await Effect.runPromiseExit(run(out, 4, 1))
    expect(out.written.length).toBe(2)
    expect(out.written[1]).toBe("\n")
    const again = output(true)
    await Effect.runPromise(
      Effect.gen(function* () {
        const shown = yield* progress(again, { epochs: 1, steps: 9 })
        yield* shown.report({ epoch: 1, step: 1 })
        yield* shown.print("a note")
      }).pipe(Effect.scoped, Effect.provide(TestClock.layer())),
    )
    const [first, second] = again.written
    expect(second).toBe(`\r\u001b[Ka note\n${(first as string).slice("\r\u001b[K".length)}`)
  })
})
