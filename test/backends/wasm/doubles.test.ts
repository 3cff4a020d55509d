// float64 kernels that threads divide: right, and the same bits on any number of threads.
import { afterAll, describe, expect, it } from "vitest"
import { hostArray } from "../../../src/core/index.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { hostLeaf } from "../../../src/core/leaf.ts"
import { size } from "../../../src/core/shape.ts"
import { type Any, crews, T, traced } from "./_divided.ts"
import { random } from "./random.ts"

const SEED = 20261124
const { all, close } = crews()
afterAll(close)
const programs: Readonly<Record<string, (x: Any, y: Any) => Any>> = {
  add: (x, y) => T["add"]!(x, y),
  "exp, tanh and a quotient": (x, y) => T["div"]!(T["tanh"]!(T["mul"]!(x, y)), T["add"]!(T["exp"]!(x), 1)),
  "to float32": (x, y) => T["cast"]!(T["sub"]!(x, y), "f32"),
  "to integers": (x, y) => T["cast"]!(T["mul"]!(T["sub"]!(x, y), 100), "i32"),
  "to bools": (x, y) => T["less"]!(x, y),
  where: (x, y) => T["where"]!(T["less"]!(x, y), x, T["mul"]!(y, 2)),
  transpose: (x) => T["transpose"]!(x),
  "sum of columns": (x, y) => T["sum"]!(T["mul"]!(x, y), [0]),
  "sum of rows": (x, y) => T["sum"]!(T["mul"]!(x, y), [1]),
  "largest of all": (x, y) => T["max"]!(T["sub"]!(x, y)),
  softmax: (x) => T["softmax"]!(x),
  "running sums": (x) => T["cumsum"]!(x, 1),
}
describe(`float64, divided (seed ${SEED})`, () => {
  const next = random(SEED)
  const shapes = [
    [1, 1],
    [1, 130],
    [131, 1],
    [67, 3],
    [3, 67],
    [64, 64],
    [5, 1030],
    [0, 7],
    [700, 9],
  ]
  for (const [name, f] of Object.entries(programs))
    it(name, async () => {
      for (const shape of shapes) {
        if (name.startsWith("largest") && size(shape) === 0) continue
        const values = [0, 1].map(() => {
          const v = hostArray("f64", size(shape))
          for (let i = 0; i < v.length; i++) v[i] = 4 * next() - 2
          return v
        })
        const [one, ...others] = await all(
          traced(
            values.map(() => ({ shape, dtype: "f64" })),
            f,
          ),
          values,
        )
        for (const o of others) expect(o).toEqual(one)
        const [want] = evaluate([f(...(values.map((v) => hostLeaf(v, shape)) as unknown as [Any, Any])) as never])
        const got = [...one[0]!].map(Number)
        expect(got.length).toBe(want!.length)
        got.forEach((v, i) =>
          expect(Math.abs(v - Number(want![i]))).toBeLessThanOrEqual(
            (name.endsWith("float32") ? 1e-6 : 1e-11) * Math.max(1, Math.abs(v)),
          ),
        )
      }
    })
})
