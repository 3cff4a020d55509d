// Kernels of every shape: random views, element-wise functions and folds, over odd sizes, sizes of 0 and 1, short and long rows, in four
// dtypes; one thread against the reference, two threads against one. ADJOINT_SEED=n draws others, and n is in each failure.
import { afterAll, describe, expect, it } from "vitest"
import type { Backend, Compiled } from "../../../src/backends/backend.ts"
import { evaluator } from "../../../src/backends/reference/index.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { print } from "../../../src/compiler/print.ts"
import { type DType, flatten, type HostArray, size, trace } from "../../../src/core/index.ts"
import * as typed from "../../../src/tensor.ts"
import { once } from "./_once.ts"
import { withRooms } from "./_rooms.ts"
import { random } from "./random.ts"

const SEED = Number(process.env["ADJOINT_SEED"] ?? 20261123)
const PROGRAMS = 240
const one = await withRooms(wasm())
const two = await withRooms(wasmThreads(2, { least: 0, always: true }))
afterAll(async () => {
  await one.close()
  await two.close()
})
type Any = typed.AnyTensor
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>

const drawn = (seed: number) => {
  const next = random(seed)
  const int = (n: number): number => Math.floor(next() * n)
  const pick = <A>(list: readonly A[]): A => list[int(list.length)]!
  const dtype = pick<DType>(["f32", "f32", "f32", "f64", "i32", "u32"])
  const float = dtype === "f32" || dtype === "f64"
  const sizes = [1, 2, 3, 4, 5, 7, 8, 10, 12, 15, 16, 17, 31, 33, 64, 65, 100, 130]
  let shape: number[]
  do shape = Array.from({ length: 1 + int(3) }, () => (int(60) === 0 ? 0 : pick(sizes)))
  while (size(shape) > 40_000)
  const text: string[] = [`${dtype}[${shape}]`]
  const step = (name: string, x: Any, ...rest: readonly unknown[]): Any => {
    text.push(`${name}(${rest.map((r) => JSON.stringify(r)).join()})`)
    return T[name]!(x, ...rest)
  }
  const axisOf = (x: Any): number => int((x as { shape: readonly number[] }).shape.length)
  const shapeOf = (x: Any): readonly number[] => (x as { shape: readonly number[] }).shape
  /** A view of it. */
  const view = (x: Any): Any => {
    const s = shapeOf(x)
    const k = axisOf(x)
    switch (int(7)) {
      case 0:
        return step(
          "transpose",
          x,
          s.map((_, i) => i).sort(() => next() - 0.5),
        )
      case 1:
        return step("flip", x, [k])
      case 2:
        return s[k]! > 3
          ? step(
              "slice",
              x,
              s.map((n, i) => (i === k ? [1, n - 1, 1 + int(2)] : null)),
            )
          : x
      case 3:
        return step(
          "pad",
          x,
          s.map((_, i) => (i === k ? [int(3), int(3)] : [0, 0])),
        )
      case 4:
        return T["concat"]!([x, step("flip", x, [k])], k)
      case 5:
        return size(s) < 5000 ? step("broadcastTo", step("expandDims", x, 0), [3, ...s]) : x
      default:
        return x
    }
  }
  const map = (x: Any, y: Any): Any => {
    text.push("map")
    const both = T["add"]!(T["mul"]!(x, y), x)
    const choices = [
      () => both,
      () => T["maximum"]!(x, y),
      () => T["where"]!(T["less"]!(x, y), both, y),
      ...(float
        ? [
            () => T["exp"]!(T["neg"]!(x)),
            () => T["tanh"]!(both),
            () => T["sqrt"]!(T["abs"]!(both)),
            () => T["div"]!(x, T["add"]!(T["abs"]!(y), 1)),
            () => T["cast"]!(T["cast"]!(T["mul"]!(x, 8), "i32"), dtype),
          ]
        : [() => T["cast"]!(T["cast"]!(both, "f32"), dtype), () => T["sub"]!(both, y)]),
    ]
    return pick(choices)()
  }
  const fold = (x: Any): Any => {
    const s = shapeOf(x)
    const k = axisOf(x)
    const axes = int(3) === 0 ? s.map((_, i) => i).filter(() => int(2) === 0) : [k]
    const some = s.every((n) => n > 0)
    const float = ["f32", "f64"].includes((x as { dtype: string }).dtype) // an argmax is an integer
    const names = ["sum", "sum", "cumsum", ...(some ? ["max", "min", "argmax"] : [])]
    const name = pick(float && some ? [...names, "mean", "variance", "softmax", "logSoftmax", "logSumExp"] : names)
    if (["cumsum", "argmax", "softmax", "logSoftmax"].includes(name)) return step(name, x, k)
    return step(name, x, axes.length > 0 ? axes : [k])
  }
  return {
    text,
    dtype,
    shape,
    next,
    f: (x: Any, y: Any): readonly Any[] => {
      let z = view(x)
      const w = int(2) === 0 && shapeOf(z).join() === shapeOf(y).join() ? y : z
      z = int(4) === 0 ? z : map(z, w)
      const outs = [z]
      if (shapeOf(z).length > 0 && int(5) > 0) outs.push(fold(z))
      if (int(3) === 0 && shapeOf(outs.at(-1)!).length > 0 && float) outs.push(fold(outs.at(-1)!))
      return int(3) === 0 ? outs : outs.slice(-1)
    },
  }
}
const run = (device: Backend, seed: number): readonly HostArray[] => {
  const { program, inputs } = programOf(seed)
  const lowered = lower(program, { limits: device.limits })
  return once(device, device.compile({ program, lowered: () => lowered }) as Compiled, program, inputs)
}
const programOf = (seed: number) => {
  const d = drawn(seed)
  const args = [0, 1].map(() => T["zeros"]!(d.shape, d.dtype))
  const program = trace((x, y) => flatten(d.f(x as unknown as Any, y as unknown as Any)).leaves, flatten(args).leaves)
  const float = d.dtype === "f32" || d.dtype === "f64"
  const inputs = program.params.map((t) =>
    Float64Array.from({ length: size(t.shape) }, () => {
      const v = 0.25 + d.next()
      return float ? (d.dtype === "f32" ? Math.fround(v) : v) : Math.floor(9 * v)
    }),
  )
  return { program, inputs, text: d.text.join(" ") }
}

describe(`kernels of every shape (seed ${SEED})`, () => {
  it(`${PROGRAMS} programs agree with the reference, on one thread and on two`, async () => {
    for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
      const { program, inputs, text } = programOf(seed)
      const want = evaluator(program)(inputs)
      const got = run(one, seed)
      const say = (): string => `seed ${seed}: ${text}\n${print(lower(program, { limits: one.limits }))}`
      got.forEach((y, k) => {
        const tolerance = program.outs[k]!.dtype === "f32" ? 2e-5 : program.outs[k]!.dtype === "f64" ? 1e-13 : 0
        // the inputs are of the order of 1, which differences of them may not be; a variance of running sums loses more than a digit
        const scale = want[k]!.reduce((m, v) => Math.max(m, Number.isFinite(v) ? Math.abs(v) : 0), 1)
        want[k]!.forEach((v, i) => {
          if (v === y[i] || (Number.isNaN(v) && Number.isNaN(y[i]!))) return
          if (!(Math.abs(y[i]! - v) <= tolerance * scale)) expect(y[i], `output ${k}, element ${i} of ${say()}`).toBe(v)
        })
      })
      expect(run(two, seed), say()).toEqual(got)
      if (seed % 40 === 0) await new Promise((done) => setTimeout(done, 0))
    }
  })
})
