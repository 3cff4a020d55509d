import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { bar, columnsOf, duration, percent, plain, type Style, styleFor } from "./terminal.ts"

/** Where a training run stands. Epochs are counted from 1, `step` is how many steps of this epoch are done. */
export interface Standing {
  readonly epoch: number
  readonly epochs: number
  readonly step: number
  readonly steps: number
  readonly loss?: number | undefined
  /** 0 .. 1. */
  readonly accuracy?: number | undefined
  /** Since the run began. */
  readonly seconds: number
}

/** Seconds that remain at the mean speed so far; undefined before the first step. */
export const secondsLeft = ({ epoch, epochs, step, steps, seconds }: Standing): number | undefined => {
  const done = (epoch - 1) * steps + step
  return done === 0 ? undefined : (seconds / done) * (epochs * steps - done)
}

const numbers = (s: Standing, style: Style): string[] => {
  const left = secondsLeft(s)
  const loss = s.loss === undefined ? [] : [`loss ${Number.isFinite(s.loss) ? s.loss.toFixed(4) : style.red(String(s.loss))}`]
  const accuracy = s.accuracy === undefined ? [] : [`accuracy ${percent(s.accuracy)}`]
  const time = left === undefined ? [] : [left === 0 ? duration(s.seconds) : `${duration(left)} left`]
  return [...loss, ...accuracy, ...time]
}

/** The progress as one line of at most `columns - 1` columns; the bar gives way first. */
export const progressLine = (s: Standing, columns: number, style: Style = plain): string => {
  const head = style.bold(`epoch ${s.epoch}/${s.epochs}`)
  const tail = [`${String(s.step).padStart(String(s.steps).length)}/${s.steps}`, ...numbers(s, style)]
  const room = columns - 1 - columnsOf([head, ...tail].join("  ")) - 2
  const whole = [head, ...(room < 6 ? [] : [style.cyan(bar(s.step / s.steps, Math.min(room, 24)))]), ...tail].join("  ")
  return columnsOf(whole) < columns
    ? whole
    : [...[`epoch ${s.epoch}/${s.epochs}`, ...tail].join("  ")].slice(0, columns - 1).join("")
}

/** The progress as a line for a log. */
export const logLine = (s: Standing): string =>
  [`epoch ${s.epoch}/${s.epochs}`, `step ${s.step}/${s.steps}`, ...numbers(s, plain)].join("  ")

/** Where text goes. */
export interface Output {
  readonly isTTY: boolean
  readonly columns: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly write: (text: string) => void
}

/** Standard output of this process (Node). `columns` follows the window. */
export const standardOutput: Effect.Effect<Output> = Effect.sync(() => ({
  isTTY: process.stdout.isTTY === true,
  get columns() {
    return process.stdout.columns || 80
  },
  env: process.env,
  write: (text) => void process.stdout.write(text),
}))

export interface Progress {
  /** Says where the run stands. Cheap enough for every step: it writes only when it is time to. */
  readonly report: (at: Omit<Standing, "epochs" | "steps" | "seconds">) => Effect.Effect<void>
  /** Writes lines above the bar. */
  readonly print: (text: string) => Effect.Effect<void>
}
export interface ProgressOptions {
  readonly epochs: number
  /** Steps in an epoch. */
  readonly steps: number
  /** Least milliseconds between two drawings on a terminal (80), and between two lines elsewhere (5,000). */
  readonly redraw?: number
  readonly log?: number
}

const CLEAR = `\r${String.fromCharCode(27)}[K`

/**
 * Shows a training run: on a terminal one line that is rewritten, elsewhere plain lines now and then; in both the last line of
 * every epoch stays. The end of the scope, an interruption too, leaves the cursor on a line of its own. `const shown = yield*
 * progress(out, { epochs: 5, steps: 250 }); yield* shown.report({ epoch: 1, step: 1, loss: 2.3 })`
 */
export const progress = (out: Output, options: ProgressOptions): Effect.Effect<Progress, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { epochs, steps, redraw = 80, log = 5000 } = options
    const style = styleFor(out)
    const began = yield* Clock.currentTimeMillis
    let written = began - (out.isTTY ? redraw : 0)
    let open = "" // the line that stands rewritable on the terminal
    yield* Effect.addFinalizer(() => Effect.sync(() => (open === "" ? undefined : out.write("\n"))))
    return {
      report: (at) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const last = at.step === steps
          if (!last && now - written < (out.isTTY ? redraw : log)) return
          written = now
          const standing: Standing = { ...at, epochs, steps, seconds: (now - began) / 1000 }
          if (!out.isTTY) return out.write(`${logLine(standing)}\n`)
          const line = progressLine(standing, out.columns, style)
          open = last ? "" : line
          out.write(`${CLEAR}${line}${last ? "\n" : ""}`)
        }),
      print: (text) => Effect.sync(() => out.write(open === "" ? `${text}\n` : `${CLEAR}${text}\n${open}`)),
    }
  })
