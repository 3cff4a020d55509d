// The command line of `npm start`. Pure: words in, options or one sentence out.

export interface Options {
  readonly data: "digits" | "mnist" | "fashion-mnist"
  /** Folder of the four files; undefined for digits, which are generated. */
  readonly dir: string | undefined
  readonly model: "linear" | "mlp" | "cnn"
  /** Epochs, rows in a step and learning rate: undefined where the model's own are meant. */
  readonly epochs: number | undefined
  readonly batch: number | undefined
  readonly seed: number
  readonly device: "auto" | "wasm" | "native" | "gpujs" | "reference"
  readonly lr: number | undefined
  /** File for the numbers of the run. */
  readonly json: string | undefined
  readonly help: boolean
}
export const defaults: Options = {
  data: "digits",
  dir: undefined,
  model: "cnn",
  epochs: undefined,
  batch: undefined,
  seed: 42,
  device: "auto",
  lr: undefined,
  json: undefined,
  help: false,
}

/** What an error shows where there is no default. */
const samples = { dir: "data/mnist", json: "run.json", epochs: 5, batch: 32, lr: 0.002 } as const

/** How a value is read: undefined for a bad one. `wants` finishes the sentence "give ...". */
interface Kind<A> {
  readonly shown: string
  readonly wants: string
  readonly read: (text: string) => A | undefined
}
const oneOf = <const A extends string>(...values: readonly A[]): Kind<A> => ({
  shown: values.join("|"),
  wants: `one of ${values.join(", ")}`,
  read: (text) => values.find((v) => v === text),
})
const whole = (least: number): Kind<number> => ({
  shown: "N",
  wants: `a whole number from ${least}`,
  read: (text) => (/^\d+$/.test(text) && Number(text) >= least && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
})
const positive: Kind<number> = {
  shown: "X",
  wants: "a number above 0",
  read: (text) => {
    const v = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
    return v > 0 && Number.isFinite(v) ? v : undefined
  },
}
const path = (shown: string): Kind<string> => ({ shown, wants: "a path", read: (text) => text || undefined })

type Valued = Exclude<keyof Options, "help">
const flags: { readonly [K in Valued]: { readonly kind: Kind<Options[K] & {}>; readonly about: string } } = {
  data: { kind: oneOf("digits", "mnist", "fashion-mnist"), about: "what to learn; digits are made from the seed" },
  dir: { kind: path("PATH"), about: "folder of the four files, gzipped or not (data/NAME)" },
  model: { kind: oneOf("linear", "mlp", "cnn"), about: "the network" },
  epochs: { kind: whole(1), about: "passes over the training set (the model's own)" },
  batch: { kind: whole(1), about: "rows in a step (the model's own)" },
  seed: { kind: whole(0), about: "of data, parameters and the order of rows" },
  device: { kind: oneOf("auto", "wasm", "native", "gpujs", "reference"), about: "where programs run" },
  lr: { kind: positive, about: "learning rate (the model's own)" },
  json: { kind: path("FILE"), about: "write the numbers of the run to a file" },
}
const names: readonly string[] = [...Object.keys(flags), "help"]

/** Number of insertions, deletions, substitutions and swaps of neighbours between two words (optimal string alignment). */
export const editDistance = (a: string, b: string): number => {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  )
  const at = (i: number, j: number): number => (d[i] as number[])[j] as number
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(i - 2, j - 2) + 1)
      ;(d[i] as number[])[j] = least
    }
  return at(a.length, b.length)
}

/** The flag that was probably meant: the one it begins, or the nearest within a third of its letters (two at most). */
const meant = (word: string): string | undefined => {
  const begun = names.filter((n) => word.length > 0 && (n.startsWith(word) || word.startsWith(n)))
  if (begun.length === 1) return begun[0]
  const near = names.map((n) => ({ n, d: editDistance(word, n) })).sort((p, q) => p.d - q.d)[0]
  return near && near.d <= Math.min(2, Math.ceil(near.n.length / 3)) ? near.n : undefined
}

const example = (name: Valued): string => {
  return `--${name} ${defaults[name] ?? samples[name as keyof typeof samples]}`
}

const isValued = (name: string): name is Valued => Object.hasOwn(flags, name)

/**
 * Reads the words after the program's name; `--flag value` and `--flag=value` are the same. An error is one line that names the
 * flag, what is wrong with it and what to do; --help anywhere wins. `parseOptions(["--epochs", "3", "--model=mlp"])`
 */
export const parseOptions = (argv: readonly string[]): Options | { readonly error: string } => {
  const found: Partial<Record<Valued, string | number>> = {}
  if (argv.includes("--help") || argv.includes("-h")) return { ...defaults, help: true }
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (!word.startsWith("-")) return { error: `${word}: not a flag; flags begin with --, and --help lists them` }
    const [, name = "", given] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? []
    if (!word.startsWith("--") || !isValued(name)) {
      const guess = meant(name)
      const advice = guess === undefined ? "--help lists the flags" : `did you mean --${guess}?`
      return { error: name === "help" ? `${word}: --help takes no value; leave it out` : `${word}: unknown flag; ${advice}` }
    }
    const { kind } = flags[name]
    const next = argv[i + 1]
    const text = given ?? (next === undefined || next.startsWith("--") ? undefined : next)
    if (text === undefined || text === "")
      return { error: `--${name}: its value is missing; give ${kind.wants}, for instance ${example(name)}` }
    if (given === undefined) i++
    const value = kind.read(text)
    if (value === undefined) return { error: `--${name} ${text}: not ${kind.wants}; give for instance ${example(name)}` }
    if (found[name] !== undefined) return { error: `--${name}: given twice; leave one out` }
    found[name] = value
  }
  const options = { ...defaults, ...found } as Options
  if (options.data !== "digits") return { ...options, dir: options.dir ?? `data/${options.data}` }
  return options.dir === undefined
    ? options
    : { error: `--dir ${options.dir}: digits are generated, not read; leave it out or add --data mnist` }
}

/** What --help prints. */
export const usage = (program = "npm start --"): string => {
  const left = (Object.keys(flags) as Valued[]).map((n) => `--${n} ${flags[n].kind.shown}`)
  const width = Math.max(...left.map((l) => l.length))
  const lines = (Object.keys(flags) as Valued[]).map((n, i) => {
    const fallback = defaults[n] === undefined ? "" : ` (${defaults[n]})`
    return `  ${(left[i] as string).padEnd(width)}  ${flags[n].about}${fallback}`
  })
  return [`usage: ${program} [--flag value | --flag=value] ...`, "", ...lines, `  ${"--help".padEnd(width)}  this text`].join(
    "\n",
  )
}
