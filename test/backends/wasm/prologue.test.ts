// Products whose left operand is an expression: random ones, of odd sizes and sizes of 1, in one block or several, batched or transposed,
// against the reference, and two and three threads against one. ADJOINT_SEED=n draws others, and n is in each failure.
import { afterAll, describe, expect, it } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { evaluator } from "../../../src/backends/reference/index.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { computable, computes } from "../../../src/backends/wasm/prologue.ts"
import { classify, illegal, type Limits, lower } from "../../../src/compiler/index.ts"
import { print } from "../../../src/compiler/print.ts"
import { kernelsOf } from "../../../src/core/ir/index.ts"
import { type HostArray, type Program, type RawTensor, size, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { once } from "./_once.ts"
import { random } from "./random.ts"

// Shapes are drawn: the programs have no types of their own.
type Any = any
const SEED = Number(process.env["ADJOINT_SEED"] ?? 20261121)
const PROGRAMS = 80
const one = wasm()
const more = [2, 3].map((n) => wasmThreads(n, { least: 0, always: true }))
afterAll(async () => {
  for (const d of [one, ...more]) await d.close()
})
/** As on a wasm device, but whether it is worth it or not. */
const limits: Limits = { ...one.limits, computes: computable }
const traced = (f: (...x: Any[]) => Any, shapes: readonly (readonly number[])[], dtype: "f32" | "f64" = "f32"): Program =>
  trace(
    (...x) => [f(...x) as RawTensor],
    shapes.map((shape) => ({ shape, dtype })),
  )
const run = async (device: Backend, program: Program, inputs: readonly Float64Array[]): Promise<HostArray> => {
  const exe = await device.compile({ program, lowered: () => lower(program, { limits }) })
  return once(device, exe, program, inputs)[0]!
}
/** Contractions with an operand that is computed. */
const computed = (p: Program, with_: Limits = limits): number =>
  kernelsOf(lower(p, { limits: with_ }).stmts).filter((k) => {
    const c = classify(k)
    return c && (c.a.k !== "read" || c.b.k !== "read")
  }).length

const drawn = (seed: number) => {
  const next = random(seed)
  const int = (n: number): number => Math.floor(next() * n)
  const pick = <A>(list: readonly A[]): A => list[int(list.length)]!
  const dtype = pick(["f32", "f32", "f32", "f64"] as const)
  const m = pick([1, 2, 4, 5, 7, 12, 13, 16, 33, 64, 65, 100, 130])
  const k = pick([1, 2, 5, 7, 16, 33, 64, 100, 515, 1030, 2050])
  const n = pick([1, 2, 3, 8, 9, 16, 31, 33, 64, 70, 129])
  const batch = pick([[], [], [1], [3], [2, 2], [9]])
  const alike = int(2) === 0 // is B batched, too?
  const transposed = int(3) === 0
  const rest = int(3)
  const matrix = transposed ? [k, m] : [m, k]
  const shapes = [[...batch, ...matrix], [k], [...batch, m, 1], [...(alike ? batch : []), k, n], [n]] // x, c, s, w, e
  const flat = transposed ? [...batch.map((_, d) => d), batch.length + 1, batch.length] : undefined
  const turned = (x: Any): Any => (flat ? (T.transpose as Any)(x, flat) : x)
  const map = pick<(x: Any, c: Any, s: Any) => Any>([
    (x) => turned(T.relu(x)),
    (x) => T.tanh(turned(x)),
    (x, c) => T.relu(T.add(turned(x), c)),
    (x, c, s) => T.mul(T.sub(turned(x), s), T.exp(c)),
    (x, c, s) => T.where(T.less(turned(x), c), T.mul(c, s), T.neg(turned(x))) as Any,
    (x, _, s) => T.div(turned(T.mul(x, x)), T.add(T.abs(s), 1)),
    (x, c) => (T.cast as Any)(T.lessEqual(turned(x), c), dtype),
    (x) => (T.cast as Any)((T.cast as Any)(T.mul(turned(x), 8), "i32"), dtype),
    (x, c) => (T.flip as Any)(T.add(turned(x), c), [-1]),
    (x) =>
      T.relu(
        (T.pad as Any)(
          (T.slice as Any)(turned(x), [...batch.map(() => null), null, [1, k]]),
          [...batch, m].map(() => [0, 0]).concat([[1, 0]]),
        ),
      ), // prettier-ignore
    (x) => (dtype === "f64" ? T.sqrt(T.abs(turned(x))) : (T.cast as Any)(T.tanh((T.cast as Any)(turned(x), "f64")), "f32")),
  ])
  const f = (x: Any, c: Any, s: Any, w: Any, e: Any): Any => {
    const y = T.matmul(map(x, c, s), w)
    return rest === 0 ? y : rest === 1 ? T.relu(T.add(y, e)) : T.sub(s, y)
  }
  const program = traced(f, shapes, dtype)
  const inputs = shapes.map((s) => Float64Array.from({ length: size(s) }, () => Math.fround(2 * next() - 1)))
  return { program, inputs, dtype, k, text: `${dtype} ${m} x ${k} x ${n}, batch [${batch}]` }
}

/** With the reference, and on several threads with one. */
const agree = async (program: Program, inputs: readonly Float64Array[], tolerance: number, say: () => string): Promise<void> => {
  const want = evaluator(program)(inputs)[0]!
  const got = await run(one, program, inputs)
  const scale = want.reduce((m, v) => Math.max(m, Math.abs(v)), 1)
  const worst = want.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0)
  expect(worst, say()).toBeLessThan(tolerance * scale)
  for (const device of more) expect(await run(device, program, inputs), say()).toEqual(got)
}

describe(`products of expressions (seed ${SEED})`, () => {
  it(`${PROGRAMS} agree with the reference, on one thread, two and three`, async () => {
    let some = 0
    for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
      const { program, inputs, dtype, k, text } = drawn(seed)
      some += computed(program)
      const l = lower(program, { limits })
      const say = (): string => `seed ${seed}: ${text}\n${print(l)}`
      expect(illegal(l), say()).toEqual([])
      await agree(program, inputs, dtype === "f32" ? 1e-6 + 1e-8 * k : 1e-13, say)
    }
    expect(some).toBeGreaterThan(PROGRAMS / 3)
  })
})

describe("what is computed on its way into a product", () => {
  /** Shapes as text: "20x30 30x10". */
  const of = (f: (...x: Any[]) => Any, shapes: string): Program =>
    traced(
      f,
      shapes.split(" ").map((s) => s.split("x").map(Number)),
    )
  const kernels = (p: Program, with_: Limits): number => kernelsOf(lower(p, { limits: with_ }).stmts).length
  const product = (x: Any, w: Any): Any => T.matmul(T.tanh(x), w)

  it("an expression that nothing else reads", () => {
    expect(computed(of(product, "20x30 30x10"))).toBe(1)
    const twice = (x: Any, w: Any): Any => T.add(product(x, w), (T.sum as Any)(T.tanh(x)))
    expect(computed(of(twice, "20x30 30x10"))).toBe(0)
    expect(computed(of((x) => T.matmul(T.tanh(x), T.transpose(T.tanh(x))), "20x30"))).toBe(0)
  })
  it("not what ends a row", () => {
    expect(computed(of((x, w) => T.matmul(T.softmax(x), w), "20x30 30x10"))).toBe(0)
    expect(computed(of((x, w) => T.matmul(T.sub(x, T.max(x, [-1], { keepDims: true })), w), "20x30 30x10"))).toBe(0)
  })
  it("not the windows of a convolution, which overlap", () => {
    const conv = (padding: string) => (x: Any, w: Any) => (T.conv2d as Any)(T.relu(x), w, { padding })
    const any: Limits = { ...limits, computes: () => true }
    expect(computed(of(conv("valid"), "2x8x8x8 3x3x8x8"), any)).toBe(0)
    expect(computed(of(conv("same"), "2x8x8x8 3x3x8x8"), any)).toBe(0)
    expect(computed(of(conv("valid"), "2x8x8x8 1x1x8x8"))).toBe(1)
  })
  it("not where a sum is scattered, which computes it term by term", () => {
    const scattered = (x: Any, w: Any, to: Any): Any =>
      (T.scatterAdd as Any)(T.zeros([4, 10]), (T.cast as Any)(to, "i32"), T.relu(product(x, w)))
    expect(kernels(of(scattered, "20x30 30x10 20"), limits)).toBe(3)
  })
  it("large operands only, for a backend that computes them; their buffers are not needed", () => {
    const device: Limits = { ...one.limits, computes }
    expect(computed(of(product, "256x1024 1024x16"), device)).toBe(0)
    expect(computed(of(product, "257x1024 1024x16"), device)).toBe(1)
    expect(lower(of(product, "257x1024 1024x16"), { limits: device }).arena).toBe(0)
    expect(computed(of(product, "257x1024 1024x16"), { reads: 24, f64: true, parts: false })).toBe(0)
  })
})
