// Scatters that threads divide: every element takes its updates in order, so that the bits are those of a plain loop.
import { afterAll, describe, expect, it } from "vitest"
import { size } from "../../../src/core/shape.ts"
import { type Any, crews, type Input, T, traced } from "./_divided.ts"
import { random } from "./random.ts"

const SEED = 20261125
const { all, close } = crews()
afterAll(close)
const f = Math.fround
const joins: Readonly<Record<string, (a: number, b: number) => number>> = {
  scatterAdd: (a, b) => f(a + b),
  scatterMax: (a, b) => Math.max(a, b),
  scatter: (_, b) => b,
}
/** Shape, axis, number of updates along it. */
const shapes: readonly (readonly [readonly number[], number, number])[] = [
  [[50, 64], 0, 300],
  [[7, 33], 0, 100],
  [[50, 17], 0, 211],
  [[1, 130], 0, 9],
  [[40, 1], 0, 100],
  [[9, 40], 1, 70],
  [[1, 31], 1, 90],
  [[13, 11, 20], 1, 29],
  [[5, 3, 16], 0, 12],
  [[4, 6, 3], 2, 25],
  [[30], 0, 1000],
  [[3, 0], 0, 4],
  [[6, 32], 0, 0],
]
describe(`scatters, divided (seed ${SEED})`, () => {
  const next = random(SEED)
  for (const [name, join] of Object.entries(joins))
    for (const [shape, axis, n] of shapes)
      it(`${name}: ${n} updates along axis ${axis} of [${shape}]`, async () => {
        const updates = shape.with(axis, n)
        const x = Float32Array.from({ length: size(shape) }, () => 2 * next() - 1)
        const i = Int32Array.from({ length: n }, () => Math.floor(next() * shape[axis]!))
        const u = Float32Array.from({ length: size(updates) }, () => (2 * next() - 1) * 10 ** (4 * next()))
        const inputs: readonly Input[] = [
          { shape, dtype: "f32" },
          { shape: [n], dtype: "i32" },
          { shape: updates, dtype: "f32" },
        ]
        const want = Float32Array.from(x)
        const inner = size(shape.slice(axis + 1))
        for (let before = 0; before < size(shape.slice(0, axis)); before++)
          for (let k = 0; k < n; k++)
            for (let j = 0; j < inner; j++) {
              const to = (before * shape[axis]! + i[k]!) * inner + j
              want[to] = join(want[to]!, u[(before * n + k) * inner + j]!)
            }
        const program = traced(inputs, (a, b, c) => T[name]!(a, b, c, axis))
        for (const [got] of await all(program, [x, i, u])) expect(got).toEqual(want)
      })
  it("the gradient of a table of vectors, whose rows are looked up again and again", async () => {
    const [rows, width, n] = [37, 48, 500]
    const i = Int32Array.from({ length: n }, () => Math.floor(next() ** 3 * rows))
    const dy = Float32Array.from({ length: n * width }, () => 2 * next() - 1)
    const inputs: readonly Input[] = [
      { shape: [n], dtype: "i32" },
      { shape: [n, width], dtype: "f32" },
    ]
    const want = new Float32Array(rows * width)
    i.forEach((row, k) => {
      for (let j = 0; j < width; j++) want[row * width + j] = f(want[row * width + j]! + dy[k * width + j]!)
    })
    const table = T["zeros"]!([rows, width])
    for (const [got] of await all(
      traced(inputs, (a: Any, b: Any) => T["scatterAdd"]!(table, a, b)),
      [i, dy],
    ))
      expect(got).toEqual(want)
  })
})
