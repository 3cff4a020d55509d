import { describe, expect, test } from "vitest"
import { defaults, editDistance, parseOptions, usage } from "../../src/train/options.ts"

const parse = (line: string) => parseOptions(line.split(" ").filter((w) => w !== ""))

describe("parseOptions", () => {
  test("defaults", () => {
    expect(parse("")).toEqual(defaults)
    expect(parse("--data fashion-mnist")).toEqual({ ...defaults, data: "fashion-mnist", dir: "data/fashion-mnist" })
  })
  test("every flag, with a space and with =", () => {
    const all = {
      data: "mnist",
      dir: "some dir/=x",
      model: "mlp",
      epochs: 3,
      batch: 64,
      seed: 0,
      device: "wasm",
      lr: 0.001,
      json: "out.json",
      help: false,
    }
    const words = [
      "--model mlp",
      "--epochs 3",
      "--batch 64",
      "--seed 0",
      "--device wasm",
      "--lr 1e-3",
      "--json out.json",
      "--data mnist",
    ]
    expect(parseOptions([...words.flatMap((w) => w.split(" ")), "--dir", "some dir/=x"])).toEqual(all)
    expect(parseOptions([...words.map((w) => w.replace(" ", "=")), "--dir=some dir/=x"])).toEqual(all)
  })
  test("--help wins over everything", () => {
    for (const line of ["--help", "-h", "--epochs --help", "--nonsense -h"])
      expect(parse(line)).toEqual({ ...defaults, help: true })
  })
  test("numbers in the usual spellings", () => {
    for (const [text, value] of [
      ["0.5", 0.5],
      [".5", 0.5],
      ["1.", 1],
      ["3E-4", 3e-4],
    ] as const)
      expect(parse(`--lr ${text}`)).toEqual({ ...defaults, lr: value })
  })

  const errors: readonly [line: string, error: string][] = [
    ["--epoch 3", "--epoch: unknown flag; did you mean --epochs?"],
    ["--epocs=3", "--epocs=3: unknown flag; did you mean --epochs?"],
    ["--modle mlp", "--modle: unknown flag; did you mean --model?"],
    ["--sede 1", "--sede: unknown flag; did you mean --seed?"],
    ["--hlep", "--hlep: unknown flag; did you mean --help?"],
    ["-epochs 3", "-epochs: unknown flag; did you mean --epochs?"],
    ["--constructor 1", "--constructor: unknown flag; --help lists the flags"],
    ["--", "--: unknown flag; --help lists the flags"],
    ["mnist", "mnist: not a flag; flags begin with --, and --help lists them"],
    ["--help=yes", "--help=yes: --help takes no value; leave it out"],
    ["--epochs", "--epochs: its value is missing; give a whole number from 1, for instance --epochs 5"],
    ["--batch --seed 3", "--batch: its value is missing; give a whole number from 1, for instance --batch 32"],
    ["--lr=", "--lr: its value is missing; give a number above 0, for instance --lr 0.002"],
    ["--json", "--json: its value is missing; give a path, for instance --json run.json"],
    ["--epochs 0", "--epochs 0: not a whole number from 1; give for instance --epochs 5"],
    ["--epochs 2.5", "--epochs 2.5: not a whole number from 1; give for instance --epochs 5"],
    ["--epochs 1e3", "--epochs 1e3: not a whole number from 1; give for instance --epochs 5"],
    ["--seed -1", "--seed -1: not a whole number from 0; give for instance --seed 42"],
    ["--seed 99999999999999999", "--seed 99999999999999999: not a whole number from 0; give for instance --seed 42"],
    ["--lr 0", "--lr 0: not a number above 0; give for instance --lr 0.002"],
    ["--lr fast", "--lr fast: not a number above 0; give for instance --lr 0.002"],
    ["--lr Infinity", "--lr Infinity: not a number above 0; give for instance --lr 0.002"],
    ["--model rnn", "--model rnn: not one of linear, mlp, cnn; give for instance --model cnn"],
    ["--device cuda", "--device cuda: not one of auto, wasm, native, gpujs, reference; give for instance --device auto"],
    ["--seed 1 --seed=2", "--seed: given twice; leave one out"],
    ["--dir x", "--dir x: digits are generated, not read; leave it out or add --data mnist"],
  ]
  test.each(errors)("%s", (line, error) => {
    expect(parse(line)).toEqual({ error })
  })
})

test("usage names every flag with its default, within 100 columns", () => {
  for (const name of Object.keys(defaults)) expect(usage()).toContain(`--${name}`)
  expect(usage()).toContain("--epochs N                                 passes over the training set (the model's own)")
  for (const line of usage().split("\n")) expect(line.length).toBeLessThanOrEqual(100)
})

test("edit distance", () => {
  expect([
    editDistance("", "abc"),
    editDistance("kitten", "sitting"),
    editDistance("modle", "model"),
    editDistance("a", "a"),
  ]).toEqual([3, 3, 1, 0])
})
