// The oracle itself, against arithmetic written out by hand.
import { describe, expect, it } from "vitest"
import { InternalError, evaluate, evaluator, reference } from "../../../src/backends/reference/index.ts"
import { Donated } from "../../../src/backends/errors.ts"
import type { Lowered } from "../../../src/compiler/lowered.ts"
import { hostLeaf, type Program, type RawTensor, trace } from "../../../src/core/index.ts"
import { add, cube, exp, f64, i32, loop, mul, outside, padBy, running, scatter, sumRows, u32, wrong } from "./ops.ts"

const values = (t: RawTensor): number[] => [...evaluate([t])[0]!]
const source = (program: Program) => ({
  program,
  lowered: (): Lowered => {
    throw new Error("the oracle asked for the lowering")
  },
})

describe("values", () => {
  const x = f64([1, 2, 3, 4, 5, 6], [2, 3])
  it("maps, reduces, pads, accumulates", () => {
    expect(values(add(x, x))).toEqual([2, 4, 6, 8, 10, 12])
    expect(values(exp(f64([1])))).toEqual([Math.E])
    expect(values(sumRows(x))).toEqual([6, 15])
    expect(values(sumRows(f64([], [2, 0])))).toEqual([0, 0])
    expect(values(running(f64([1, 2, 3, 4])))).toEqual([1, 3, 6, 10])
    expect(values(padBy(f64([1, 2]), 2))).toEqual([-5, -5, 1, 2, -5, -5])
    expect(values(scatter(i32([2, 0, 2]), f64([1, 2, 4]), 4))).toEqual([2, 0, 5, 0])
  })
  it("clamps computed indices", () => expect(values(scatter(i32([-7, 9]), f64([1, 2]), 3))).toEqual([1, 0, 2]))
  it("wraps integers by dtype, and multiplies them exactly", () => {
    expect(values(add(i32([2147483647]), i32([1])))).toEqual([-2147483648])
    expect(values(add(u32([4294967295]), u32([2])))).toEqual([1])
    expect(values(mul(i32([123456789]), i32([987654321])))).toEqual([Math.imul(123456789, 987654321)])
    expect(values(mul(u32([4000000000]), u32([4000000000])))).toEqual([Math.imul(4000000000, 4000000000) >>> 0])
    expect(values(running(u32([4294967295, 3])))).toEqual([4294967295, 2])
  })
  it("keeps f32 values in float64 until they are read back", () => {
    const y = add(hostLeaf(Float32Array.of(1), [1]), hostLeaf(Float32Array.of(2 ** -30), [1]))
    expect(values(y)).toEqual([1 + 2 ** -30])
  })
  it("enters composites", () => expect(values(cube(f64([2, 3])))).toEqual([8, 27]))
  it("runs loops, both ways", () => {
    const xs = f64([1, 2, 3, 4, 5, 6], [3, 2])
    const step = (c: RawTensor, r: RawTensor): [RawTensor, RawTensor] => [add(c, r), mul(c, r)]
    const [c, ys] = evaluate(loop(step, f64([10, 20]), xs, false))
    expect([...c!]).toEqual([19, 32])
    expect([...ys!]).toEqual([10, 40, 33, 88, 70, 156])
    const [d, zs] = evaluate(loop(step, f64([10, 20]), xs, true))
    expect([...d!]).toEqual([19, 32])
    expect([...zs!]).toEqual([18, 60, 45, 104, 50, 120])
  })
})

describe("cost", () => {
  it("computes a shared expression once: 200 squarings of one element", () => {
    let x = f64([1])
    for (let k = 0; k < 200; k++) x = mul(x, x)
    expect(values(x)).toEqual([1])
  })
  it("walks a chain of 100,000 nodes", () => {
    let x = f64([0])
    const one = f64([1])
    for (let k = 0; k < 100_000; k++) x = add(x, one)
    expect(values(x)).toEqual([100_000])
  })
})

describe("mistakes of rules are errors, not numbers", () => {
  it("an index outside its buffer", () =>
    expect(() => values(outside(f64([1, 2])))).toThrow(/outside f64\[2\]: index 2 is outside axis 0 of a buffer of shape \[2\]/))
  it("an expansion of another shape than the rule says", () =>
    expect(() => values(wrong(f64([1])))).toThrow("wrong: its shape rule says f64[1, 1], its expansion computes f64[1]"))
  it("a placeholder that nobody bound", () => {
    const p = trace((x) => [x], [{ shape: [1], dtype: "f32" }])
    expect(() => evaluate(p.outs)).toThrow(InternalError)
  })
  it("an input of the wrong size", () => {
    const p = trace((x) => [add(x, x)], [{ shape: [2], dtype: "f64" }])
    expect(() => evaluator(p)([Float64Array.of(1)])).toThrow("input 0: f64[2] wanted, 1 elements given")
  })
})

describe("rounding", () => {
  it("is applied to every function and every step of a sum, and to nothing else", () => {
    let calls = 0
    const rounding = () => (v: number) => {
      calls++
      return v
    }
    evaluate([sumRows(exp(f64([1, 2, 3, 4, 5, 6], [2, 3])))], { rounding })
    expect(calls).toBe(12)
    evaluate([add(i32([1]), i32([1])), padBy(f64([1]), 1)], { rounding })
    expect(calls).toBe(12)
  })
  it("of Math.fround gives float32 arithmetic", () => {
    const [y] = evaluate([add(f64([1]), f64([2 ** -30]))], { rounding: () => Math.fround })
    expect([...y!]).toEqual([1])
  })
})

describe("as a device", () => {
  const like = { shape: [2], dtype: "f32" } as const
  const program = trace((x, y) => [add(x, y), x], [like, like])
  it("counts what is live, keeps results apart from arguments, and consumes donated ones", async () => {
    const dev = reference()
    const exe = await dev.compile(source(program))
    const x = await dev.upload(Float32Array.of(1, 2), like)
    const y = await dev.upload(Float32Array.of(10, 20), like)
    const [s, same] = await exe.run([x, y], [false, true])
    expect(dev.live()).toEqual({ buffers: 3, bytes: 48 })
    dev.free(x)
    expect(await dev.download(s!)).toEqual(Float32Array.of(11, 22))
    expect(await dev.download(same!)).toEqual(Float32Array.of(1, 2))
    expect(() => dev.download(y)).toThrow(Donated)
    expect(() => exe.run([same!, y], [false, false])).toThrow("f32[2] on reference: this value was donated")
    expect(dev.live().buffers).toBe(2)
    dev.close()
    expect(dev.live()).toEqual({ buffers: 0, bytes: 0 })
  })
  it("reads data leaves that the caller passes after the parameters", async () => {
    const dev = reference()
    const w = hostLeaf(Float32Array.of(5, 6), [2])
    const exe = await dev.compile(source(trace((x) => [add(x, w)], [like])))
    const [r] = await exe.run(
      [await dev.upload(Float32Array.of(1, 1), like), await dev.upload(Float32Array.of(7, 8), like)],
      [false, false],
    )
    expect(await dev.download(r!)).toEqual(Float32Array.of(8, 9))
  })
  it("prints the graph it runs", async () => {
    const exe = await reference().compile(source(trace((x) => [cube(x)], [like])))
    expect(exe.listing()).toMatch(/t1: f32\[2\] = cube\(t0\)\nreturn t1$/)
  })
})
