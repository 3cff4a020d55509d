// Kernels at sizes that the laws over single ops do not reach: several blocks of columns, long rows, tails, cut loops, float64.
import { afterAll, describe, expect, it } from "vitest"
import type { Compiled } from "../../../src/backends/backend.ts"
import { evaluator } from "../../../src/backends/reference/index.ts"
import { wasm } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { print } from "../../../src/compiler/print.ts"
import { type DType, emit, flatten, type HostArray, mapOp, type Program, size, trace } from "../../../src/core/index.ts"
import type { Scalar } from "../../../src/core/ir/index.ts"
import * as typed from "../../../src/tensor.ts"
import { once } from "./_once.ts"
import { withRooms } from "./_rooms.ts"
import { random } from "./random.ts"

const SEED = 20261120
const device = await withRooms(wasm())
afterAll(() => device.close())
type Any = typed.AnyTensor
/** The public functions, their types set aside. */
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>> &
  Readonly<Record<keyof typeof typed, (...args: readonly unknown[]) => Any>>
const arg = (shape: readonly number[], dtype: DType = "f32"): Any => T.zeros(shape, dtype)
const programOf = (args: readonly Any[], f: (...x: Any[]) => unknown): Program =>
  trace((...x) => flatten(f(...(x as Any[]))).leaves, flatten(args).leaves)
const inputsFor = (p: Program): Float64Array[] => {
  const next = random(SEED)
  return p.params.map((t) =>
    Float64Array.from({ length: size(t.shape) }, () =>
      t.dtype === "f32"
        ? Math.fround(2 * next() - 1)
        : t.dtype === "f64"
          ? 2 * next() - 1
          : t.dtype === "bool"
            ? Number(next() < 0.5)
            : Math.floor(next() * 11),
    ),
  )
}
const run = (p: Program, inputs: readonly Float64Array[]): readonly HostArray[] => {
  const lowered = lower(p, { limits: device.limits })
  const values = once(device, device.compile({ program: p, lowered: () => lowered }) as Compiled, p, inputs)
  expect(device.live().buffers, print(lowered)).toBe(0)
  return values
}
/** Equal to the reference within `tolerance`, relative to the largest element. */
const agrees = (args: readonly Any[], f: (...x: Any[]) => unknown, tolerance = 2e-6): void => {
  const p = programOf(args, f)
  const inputs = inputsFor(p)
  const want = evaluator(p)(inputs)
  run(p, inputs).forEach((got, k) => {
    const scale = want[k]!.reduce((s, v) => Math.max(s, Number.isFinite(v) ? Math.abs(v) : 0), 1e-30)
    let worst = 0
    let at = 0
    want[k]!.forEach((v, i) => {
      const e = Object.is(v, got[i]) || v === got[i] ? 0 : Math.abs(got[i]! - v) / scale
      if (!(e <= worst)) [worst, at] = [e, i]
    })
    expect(worst, `output ${k}, element ${at}: ${got[at]}, not ${want[k]![at]}`).toBeLessThanOrEqual(tolerance)
  })
}

describe(`wasm kernels (seed ${SEED})`, () => {
  it("products with an epilogue, in several blocks of columns", () => {
    for (const n of [2077, 2078, 2079])
      agrees([arg([5, 20]), arg([20, n]), arg([n])], (a, w, b) => T.tanh(T.add(T.matmul(a, w), b)))
    agrees([arg([70, 600]), arg([33, 600]), arg([70, 33])], (a, w, b) =>
      T.sub(b, T.mul(T.matmul(a, T.transpose(w, [1, 0])), 0.1)),
    )
  })
  it("products that are stored transposed, in heads, or in strides", () => {
    agrees([arg([2, 12, 20]), arg([20, 24])], (a, w) => T.transpose(T.reshape(T.matmul(a, w), [2, 12, 4, 6]), [0, 2, 1, 3]))
    agrees([arg([12, 20]), arg([20, 24])], (a, w) => T.transpose(T.matmul(a, w)))
    agrees([arg([2, 9, 9, 3]), arg([3, 3, 3, 5])], (x, k) => T.conv2d(x, k, { stride: 2, padding: "same" }))
  })
  it("products of float64: alone, stored transposed, with what surrounds them, wide, convolutions", () => {
    const d = (...shape: number[]) => arg(shape, "f64")
    for (const [m, n, k] of [
      [4, 2, 5],
      [5, 3, 17],
      [13, 9, 7],
      [40, 33, 600],
      [4, 2077, 6],
    ] as const) {
      agrees([d(m, k), d(k, n)], (a, b) => T.matmul(a, b), 1e-14)
      agrees([d(m, k), d(k, n), d(n)], (a, b, c) => T.add(T.mul(T.matmul(a, b), 0.5), c), 1e-14)
    }
    agrees([d(20, 12), d(24, 20)], (a, b) => T.transpose(T.matmul(T.transpose(a), T.transpose(b))), 1e-14)
    agrees([d(3, 12, 20), d(3, 20, 7)], (a, b) => T.cast(T.matmul(a, b), "f32"))
    agrees([arg([12, 20]), arg([20, 7])], (a, b) => T.cast(T.matmul(a, b), "f64"))
    agrees([d(2, 9, 9, 4), d(3, 3, 4, 5)], (x, k) => T.conv2d(x, k, { stride: 2, padding: "same" }), 1e-14)
  })
  it("long column sums, alone and with an epilogue", () => {
    agrees([arg([37, 100])], (a) => T.sum(T.exp(a), [0]))
    agrees([arg([5, 19, 70]), arg([70])], (a, b) => T.sub(b, T.mul(T.sum(a, [0, 1]), 0.1)))
    agrees([arg([3, 40, 130])], (a) => T.max(a, [1]))
    agrees([arg([1, 300]), arg([300, 90])], (a, b) => T.matmul(a, b))
  })
  it("row sums with tails, of one and of several axes", () => {
    for (const n of [1, 3, 4, 5, 17, 33, 64, 100])
      agrees([arg([7, n])], (a) => [T.sum(a, [1]), T.max(a, [1]), T.logSumExp(a, [1])])
    agrees([arg([3, 5, 7, 11])], (a) => [T.sum(a), T.mean(a, [1, 2, 3]), T.sum(T.mul(a, a), [0, 2])])
    agrees([arg([200, 90]), arg([90, 1])], (a, b) => T.matmul(a, b))
  })
  it("rows of a few elements, many at once", () => {
    const norm = (x: Any, g: Any): Any => {
      const d = T.sub(x, T.mean(x, [-1], { keepDims: true }))
      return T.mul(T.mul(d, T.rsqrt(T.add(T.variance(x, [-1], { keepDims: true }), 1e-5))), g)
    }
    for (const [rows, n] of [
      [8, 3],
      [9, 10],
      [16, 2],
      [33, 7],
      [50, 12],
      [100, 31],
      [7, 5],
    ] as const)
      agrees([arg([rows, n]), arg([n])], (x, g) => [T.softmax(x), norm(x, g), T.argmax(x, 1), T.logSoftmax(T.mul(x, g))])
    agrees([arg([3, 17, 6])], (x) => [T.softmax(x), T.softmax(x, 1), T.argmax(x, -1), T.variance(x, [-1])])
    agrees([arg([20, 5]), arg([20], "i32")], (x, i) => T.mul(T.softmax(x), T.oneHot(i, 5)))
  })
  it("NaN survives maxima and minima", () => {
    const p = programOf([arg([3, 70]), arg([70, 70])], (a, b) => [T.max(a, [1]), T.min(a, [1]), T.max(b, [0])])
    const inputs = inputsFor(p)
    inputs[0]![75] = Number.NaN
    inputs[1]![70 * 13 + 5] = Number.NaN
    const [high, low, columns] = run(p, inputs) as [HostArray, HostArray, HostArray]
    expect([...high].map(Number.isNaN)).toEqual([false, true, false])
    expect([...low].map(Number.isNaN)).toEqual([false, true, false])
    expect([...columns].map(Number.isNaN).indexOf(true)).toBe(5)
    expect([...columns].filter(Number.isNaN).length).toBe(1)
  })
  it("transpositions in tiles and without", () => {
    agrees([arg([96, 128])], (a) => T.transpose(a, [1, 0]), 0)
    agrees([arg([3, 64, 80])], (a) => T.transpose(a, [2, 0, 1]), 0)
    agrees([arg([97, 101])], (a) => T.mul(T.transpose(a, [1, 0]), 2), 0)
  })
  it("padding, concatenation, slices, reversal: loops cut where a guard changes", () => {
    agrees(
      [arg([5, 40])],
      (a) =>
        T.flip(
          T.pad(a, [
            [0, 0],
            [3, 6],
          ]),
          [1],
        ),
      0,
    ) // prettier-ignore
    agrees([arg([60])], (a) => T.windows(T.flip(T.pad(a, [[3, 4]]), [0]), 0, 24), 0)
    agrees(
      [arg([2, 9, 13])],
      (a) =>
        T.pad(a, [
          [0, 0],
          [1, 2],
          [3, 1],
        ]),
      0,
    ) // prettier-ignore
    agrees([arg([5, 7]), arg([5, 1]), arg([5, 30])], (a, b, c) => T.concat([a, b, c], 1), 0)
    agrees(
      [arg([6, 50])],
      (a) => [
        T.flip(a, [1]),
        T.slice(a, [
          [1, 5],
          [3, 44],
        ]),
      ],
      0,
    )
    agrees([arg([2, 20, 20, 1]), arg([3, 3, 1, 8])], (x, k) => T.conv2d(x, k, { padding: "same" }))
  })
  it("running sums along any axis", () => {
    for (const axis of [0, 1, 2]) agrees([arg([5, 9, 12])], (a) => [T.cumsum(a, axis), T.mul(T.cumsum(a, axis), a)])
  })
  it("gathers and scatters", () => {
    agrees([arg([11, 30]), arg([40], "i32")], (t, i) => T.take(t, i), 0)
    agrees([arg([40], "i32"), arg([40, 30])], (i, u) => T.scatterAdd(T.zeros([11, 30]), i, u))
    agrees([arg([40], "i32"), arg([40])], (i, u) => T.scatterAdd(T.zeros([11]), i, u))
  })
  it("indices outside are moved to the nearest end", () => {
    for (const dtype of ["i32", "u32"] as const)
      agrees([arg([7, 30]), arg([30, 7]), arg([40], dtype)], (t, u, i) => {
        const outside = T.sub(i, dtype === "i32" ? 2 : 0)
        return [T.take(t, outside), T.take(u, outside, 1), T.scatterAdd(t, T.slice(outside, [[0, 3]]), T.ones([3, 30]))]
      })
  })
  it("integers and bools are exact", () => {
    agrees([arg([70], "i32"), arg([70], "i32")], (a, b) => [T.sub(T.mul(a, b), 100), T.maximum(a, b), T.less(a, b), T.sum(a)], 0)
    agrees([arg([5, 33], "bool")], (a) => [T.logicalNot(a), T.sum(T.cast(a, "i32"), [1]), T.where(a, 1, -1)], 0)
  })
  it("floats to integers: cut towards zero, ends of the range, NaN is 0", () => {
    const floats = [0.5, -0.5, 1.9, -1.9, 16777217, 2147483648, -2147483648, 3e9, -3e9, 4294967296, 5e9, Infinity, -Infinity, NaN]
    const p = programOf([arg([floats.length])], (a) => [T.cast(a, "i32"), T.cast(a, "u32"), T.cast(a, "bool")])
    const inputs = [Float64Array.from(floats, Math.fround)]
    const want = evaluator(p)(inputs)
    expect(run(p, inputs).map((v) => [...v])).toEqual(want.map((v) => [...v].map((x) => x + 0))) // no -0 among integers
  })
  it("shared values are computed once: a chain of squares is as long as it looks", () => {
    agrees([arg([40])], (a) => {
      let x = T.mul(a, 1e-3)
      for (let i = 0; i < 60; i++) x = T.sub(T.mul(x, x), T.mul(x, 0.5))
      return x
    })
  })
  it("float64 in scalar instructions", () => {
    agrees(
      [arg([6, 9], "f64"), arg([9, 5], "f64")],
      (a, b) => [T.matmul(a, b), T.exp(T.sin(a)), T.logSoftmax(a), T.cumsum(a, 1), T.max(a, [0])],
      1e-15,
    )
    agrees([arg([6, 9], "f64")], (a) => [T.cast(a, "f32"), T.cast(T.mul(a, 9), "i32"), T.where(T.less(a, 0), a, 1)], 1e-7)
  })
  it("float64 in pairs: tails, strides, broadcasts, every dtype beside it", () => {
    for (const n of [1, 2, 3, 7, 8, 9, 16, 31])
      agrees(
        [arg([5, n], "f64"), arg([n], "f64"), arg([5, n]), arg([5, n], "i32"), arg([5, n], "bool")],
        (x, y, f, i, b) => [
          T.add(T.mul(x, y), T.cast(f, "f64")),
          T.where(T.logicalAnd(b, T.less(x, 0)), x, T.mul(T.cast(i, "f64"), T.cast(b, "f64"))),
          T.cast(T.floor(T.mul(x, 9)), "i32"),
          T.cast(T.mul(x, 9), "u32"),
          T.cast(T.greater(x, y), "f32"),
          T.less(T.abs(x), T.sqrt(T.abs(y))),
          T.where(T.less(f, 0), f, T.cast(x, "f32")),
          T.add(T.iota([5, n], 1, "f64"), T.maximum(x, T.neg(y))),
        ],
        2 ** -24,
      )
    for (const n of [2, 3, 9, 33, 70])
      agrees(
        [arg([n, 6], "f64"), arg([6, n], "f64")],
        (x, y) => [
          T.sum(x),
          T.sum(x, [0]),
          T.sum(x, [1]),
          T.max(y, [1]),
          T.min(y, [0]),
          T.sum(T.mul(T.transpose(x, [1, 0]), y), [1]),
          T.softmax(y),
          T.softmax(y, 0),
          T.tanh(x),
          T.log(T.abs(x)),
          T.exp(T.mul(y, 30)),
          T.erf(x),
          T.flip(y, [1]),
          T.add(T.transpose(x, [1, 0]), y),
        ],
        2e-15,
      )
    agrees([arg([3, 4, 5], "f64")], (x) => [T.sum(x, [0, 2]), T.mean(x, [1]), T.prod(x, [2]), T.argmax(x, 2)], 1e-15)
  })
  it("a scalar function that exists only as JavaScript is called", () => {
    const cubeRoot: Scalar = { name: "cubeRoot", arity: 1, cost: 20, eval: (_, x) => Math.cbrt(x!) }
    const op = mapOp(cubeRoot, { name: "cubeRoot", accepts: () => undefined, jvp: "none" } as never)
    agrees([arg([3, 5])], (a) => emit(op, [T.add(a, 2)]))
    agrees([arg([3, 5], "f64")], (a) => emit(op, [T.add(a, 2)]), 1e-15)
  })
})
