// Matrix products handed to the system's BLAS: the same programs, the same values. Skipped, with the reason, where there is no BLAS.
import { afterAll, describe, expect, it } from "vitest"
import type { Backend } from "../../../src/backends/backend.ts"
import { DeviceUnavailable } from "../../../src/backends/errors.ts"
import { evaluate } from "../../../src/backends/reference/index.ts"
import { wasmNative } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { captured, type HostArray, hostArray, inline, inSession, type RawTensor, trace } from "../../../src/core/index.ts"
import { hostLeaf } from "../../../src/core/leaf.ts"
import * as T from "../../../src/tensor.ts"
import { programs } from "../../zoo.ts"
import { convolutions } from "./_convolutions.ts"
import { random } from "./random.ts"

const SEED = 20261121
const opened = await wasmNative({ least: 0, threads: 1 }).catch((e: unknown) => {
  if (!(e instanceof DeviceUnavailable)) throw e
  return e
})
const device = opened instanceof DeviceUnavailable ? undefined : opened
if (opened instanceof DeviceUnavailable) console.log(`native programs are skipped: ${opened.message}`)
const team = device && (await wasmNative({ least: 0, threads: 2 }))
// Everything is divided, and the other thread is called every time.
const pair = device && (await wasmNative({ least: 0, threads: 2 }, { least: 0, always: true }))
afterAll(async () => {
  await device?.close()
  await team?.close()
  await pair?.close()
})

const run = (dev: Backend, program: ReturnType<typeof trace>, values: readonly Float64Array[]): Float64Array[] => {
  const exe = dev.compile({ program, lowered: () => lower(program, { limits: dev.limits }) })
  if (exe instanceof Promise) throw new Error("native compiles synchronously")
  const args = [...program.params, ...captured(program)].map((t, k) => {
    const h = hostArray(t.dtype, values[k]!.length)
    h.set(values[k]!)
    return dev.upload(h, t)
  })
  const outs = exe.run(
    args as never,
    args.map(() => false),
  ) as never[]
  const got = outs.map((b) => Float64Array.from(dev.download(b) as HostArray))
  for (const b of [...args, ...outs]) dev.free(b as never)
  exe.dispose()
  return got
}
const close = (got: readonly Float64Array[], want: readonly Float64Array[]): void => {
  want.forEach((w, k) => {
    const scale = w.reduce((s, v) => Math.max(s, Math.abs(v)), 1)
    const worst = w.reduce((m, v, i) => Math.max(m, Number.isNaN(got[k]![i]!) ? Infinity : Math.abs(got[k]![i]! - v)), 0)
    expect(worst / scale, `output ${k}`).toBeLessThan(2e-5)
  })
}
describe.skipIf(!device)("native", () => {
  for (const { name, program, values } of programs())
    it(`${name}: agrees with the reference`, () => {
      const all = [...program.params, ...captured(program)]
      const inputs = evaluate([...values, ...captured(program)]).map((v, k) => (all[k]!.dtype === "f32" ? v.map(Math.fround) : v))
      close(run(device!, program, inputs), evaluate(inSession(() => inline(program, values))))
      expect(device!.live().buffers).toBe(0)
    })
  it("two threads each call it for their part", async () => {
    const next = random(SEED + 1)
    const square = (n: number): RawTensor =>
      hostLeaf(
        Float32Array.from({ length: n * n }, () => next() - 0.5),
        [n, n],
      )
    const xs = [square(256), square(256)]
    const program = trace((a, b) => [T.tanh(T.matmul(a as never, b as never) as never) as unknown as RawTensor], xs)
    const inputs = xs.map((x) => Float64Array.from(evaluate([x])[0]!))
    const want = evaluate(inSession(() => inline(program, xs)))
    for (let round = 0; round < 100; round++) {
      close(run(team!, program, inputs), want)
      if (round % 20 === 19) await new Promise((done) => setTimeout(done, 30)) // workers start, and fall asleep
    }
  })
  it("takes both operands as they lie, and what surrounds the sums", async () => {
    const next = random(SEED)
    const tensor = (shape: readonly number[]): RawTensor =>
      hostLeaf(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => next() - 0.5),
        shape,
      )
    let products = 0
    for (let round = 0; round < 40; round++) {
      const size = (): number => 1 + Math.floor(next() * (round % 4 === 0 ? 90 : 20))
      const [b, m, n, k] = [1 + (round % 3), size(), size(), size()]
      const flip = (on: boolean, x: T.AnyTensor): T.AnyTensor => (on ? T.transpose(x, [0, 2, 1] as never) : x) as T.AnyTensor
      const [ta, tb] = [next() < 0.5, next() < 0.5]
      const xs = [tensor(ta ? [b, k, m] : [b, m, k]), tensor(tb ? [b, n, k] : [b, k, n]), tensor([n])]
      const program = trace((x, w, bias) => {
        const y = T.matmul(flip(ta, x as never) as never, flip(tb, w as never) as never)
        const z = round % 2 ? y : T.tanh(T.add(y as never, bias as never) as never)
        return [z as unknown as RawTensor]
      }, xs)
      const exe = await device!.compile({ program, lowered: () => lower(program, { limits: device!.limits }) })
      products += Number(/: (\d+) products$/.exec(await exe.listing())?.[1])
      close(
        run(
          device!,
          program,
          xs.map((x) => Float64Array.from(evaluate([x])[0]!)),
        ),
        evaluate(inSession(() => inline(program, xs))),
      )
    }
    expect(products).toBeGreaterThan(20)
  })
  convolutions(SEED + 2, 60).forEach(({ name, program, inputs: xs }, round) =>
    it(`convolution with its gradients, ${name}`, async () => {
      const inputs = xs.map((x) => Float64Array.from(evaluate([x])[0]!))
      const want = evaluate(inSession(() => inline(program, xs)))
      for (const dev of [device!, pair!]) close(run(dev, program, inputs), want)
      if (round % 10 === 0) await new Promise((done) => setTimeout(done, 30)) // workers start, and fall asleep
    }),
  )
})
describe("native where something is missing", () => {
  it("says what was tried", async () => {
    await expect(wasmNative({ library: "/no/such/library.so" })).rejects.toThrow(
      /^native: not available: (no BLAS found \(tried \/no\/such\/library.so\)|the package koffi is not installed)/,
    )
  })
  it.each([0, -1, 1.5, Number.NaN])("%d threads", (threads) =>
    expect(wasmNative({ threads })).rejects.toThrow(
      `native: not available: there cannot be ${threads} threads; give a whole number, 1 or more`,
    ),
  )
  it("refuses a library without cblas_sgemm", async () => {
    if (process.platform !== "linux") return
    await expect(wasmNative({ library: "libc.so.6" })).rejects.toThrow(
      /^native: not available: (no BLAS found \(tried libc.so.6 \(no cblas_sgemm in it\)\)|the package koffi is not installed)/,
    )
  })
})
