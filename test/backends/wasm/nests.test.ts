// Nests of pointwise statements over several plain axes, some of whose results are read elsewhere: with two threads, the bits of one.
// Their axes are merged, and 64 elements or fewer are not divided, so the small programs of other tests do not come this way.
import * as fc from "fast-check"
import { afterAll, expect, test } from "vitest"
import type { Backend, Compiled, DeviceBuffer } from "../../../src/backends/backend.ts"
import { wasm, wasmThreads } from "../../../src/backends/wasm/index.ts"
import { lower } from "../../../src/compiler/index.ts"
import { type Program, type RawTensor, size, trace } from "../../../src/core/index.ts"
import * as T from "../../../src/tensor.ts"
import { vjpOf } from "../../../src/testing/programs.ts"
import { random } from "./random.ts"

type Any = T.AnyTensor
const one = wasm()
/** The last one never gets workers: it runs the divided module alone. */
const two = [wasmThreads(2, { least: 0, always: true }), wasmThreads(2, { least: 0 })]
afterAll(async () => {
  for (const d of [one, ...two]) await d.close()
})
/** Results of one run, every value that may have a buffer having one where `all`. */
const results = (device: Backend, p: Program, all: boolean): Float32Array[] => {
  const next = random(7)
  const options = { limits: device.limits, ...(all && { roots: () => true }) }
  const exe = device.compile({ program: p, lowered: () => lower(p, options) }) as Compiled
  const args = p.params.map(
    (t) =>
      device.upload(
        Float32Array.from({ length: size(t.shape) }, () => 2 * next() - 1),
        t,
      ) as DeviceBuffer,
  )
  const outs = exe.run(
    args,
    args.map(() => false),
  ) as DeviceBuffer[]
  const values = outs.map((b) => device.download(b) as Float32Array)
  for (const b of [...args, ...outs]) device.free(b)
  exe.dispose()
  return values
}
const same = (p: Program): void => {
  for (const all of [false, true]) {
    const want = results(one, p, all)
    for (const device of two) expect(results(device, p, all)).toEqual(want)
  }
}
const f32 = (...shape: number[]) => ({ shape, dtype: "f32" }) as const
const traced = (f: (...x: Any[]) => Any[], ...shapes: (readonly number[])[]): Program =>
  trace(
    (...x) => f(...x) as RawTensor[],
    shapes.map((s) => f32(...s)),
  )

test("values of a nest that products outside it read", () => {
  const dim = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(dim, dim, fc.integer({ min: 1, max: 3 }), (n, m, b) => {
      const f = (x: Any, y: Any, w: Any): Any[] => {
        const a = T.mul(x, y)
        const t = T.tanh(a)
        const c = T.mul(T.add(t, a), 0.5)
        return [T.matmul(t as never, w as never), T.matmul(c as never, w as never)]
      }
      same(traced(f, [b, n, m], [b, n, m], [m, 5]))
    }),
    {
      numRuns: 60,
      seed: 1,
      examples: [
        [40, 6, 1],
        [33, 7, 2],
        [16, 24, 1],
      ],
    },
  ) // prettier-ignore
})
test("gelu of a layer whose tanh the gradient needs", () => {
  const gelu = (x: Any): Any => {
    const inner = T.mul(T.add(x, T.mul(T.mul(T.mul(x, x), x), 0.044715)), 0.7978845608)
    return T.mul(T.mul(x, 0.5), T.add(T.tanh(inner), 1))
  }
  const f = (x: Any, w: Any, b: Any, u: Any): Any[] => [
    T.matmul(gelu(T.add(T.matmul(x as never, w as never), b)) as never, T.tanh(u) as never),
  ]
  for (const [n, m] of [
    [64, 128],
    [40, 6],
  ] as const)
    same(vjpOf(traced(f, [n, 32], [32, m], [m], [m, 8]))) // prettier-ignore
})
