// Programs of thousands of ops: nothing recurses over them, and nothing looks at all pairs of statements. What took minutes takes
// a second; the time allowed is far from both.
import { describe, expect, it } from "vitest"
import type { Compiled, DeviceBuffer } from "../../src/backends/backend.ts"
import { compileWasm, wasm } from "../../src/backends/wasm/index.ts"
import { lower, type Lowered, noLimits } from "../../src/compiler/index.ts"
import { flatten, type RawTensor, upto } from "../../src/core/index.ts"
import { hostLeaf, storageOf } from "../../src/core/leaf.ts"
import { traceTree } from "../../src/transform/call.ts"
import { grad } from "../../src/transform/index.ts"
import * as T from "../../src/tensor.ts"

type Any = RawTensor
// the rules of types would count to ten thousand, too
type Ops =
  | "add"
  | "cast"
  | "concat"
  | "exp"
  | "flip"
  | "matmul"
  | "mul"
  | "pad"
  | "reshape"
  | "scan"
  | "slice"
  | "stack"
  | "sub"
  | "sum"
  | "tanh"
  | "transpose"
const { add, cast, concat, exp, flip, matmul, mul, pad, reshape, scan, slice, stack, sub, sum, tanh, transpose } =
  T as unknown as Readonly<Record<Ops, (...a: any[]) => any>>
const x = (...shape: number[]): Any =>
  hostLeaf(
    Float32Array.from(upto(shape.reduce((a, b) => a * b, 1)), (v) => (v % 7) / 7),
    shape,
  )
const loweredOf = (f: (...a: never[]) => unknown, args: readonly unknown[], donated = false): Lowered => {
  const { leaves, spec } = flatten(args)
  const { program } = traceTree(f as never, spec, leaves)
  return lower(program, { limits: noLimits, donated: leaves.map(() => donated) })
}
const chain =
  (n: number, step: (h: Any, k: number, first: Any) => Any) =>
  (a: Any): Any =>
    upto(n).reduce((h, k) => step(h, k, a), a)
const total = (f: (a: Any) => Any) => grad(((a: Any) => sum(f(a))) as never) as (a: Any) => Any
const LIMIT_MS = 60_000

const N = 10_000
const chains: readonly (readonly [string, (h: Any, k: number, first: Any) => Any, Any])[] = [
  ["maps", (h, k) => (k % 2 ? tanh(h) : exp(h)), x(4, 4)],
  ["squares", (h) => mul(h, h), x(4, 4)],
  ["sums", (h, _, a) => add(h, a), x(4, 4)],
  ["transposes", (h) => transpose(h, [1, 0]), x(4, 5)],
  ["flips", (h, k) => flip(h, [k % 2]), x(4, 5)],
  ["reshapes", (h, k) => reshape(h, k % 2 ? [6, 4] : [8, 3]), x(6, 4)],
  ["slices", (h) => slice(h, [[1, h.shape[0]]]), x(N + 3)],
  ["paddings", (h) => pad(h, [[1, 0]]), x(3)],
  ["casts", (h, k) => cast(h, k % 2 ? "f32" : "i32"), x(3)],
  ["rolls", (h) => concat([slice(h, [[1, 8]]), slice(h, [[0, 1]])], 0), x(8)],
]
describe(`chains of ${N} ops`, () => {
  it.each(chains)(
    "%s",
    (_, step, a) => {
      expect(loweredOf(chain(N, step), [a]).outs.length).toBe(1)
      expect(compileWasm(loweredOf(chain(N / 10, step), [a])).bytes.length).toBeGreaterThan(0)
    },
    LIMIT_MS,
  )
  it(
    "and derivatives",
    () => {
      for (const [, step, a] of chains.slice(0, 1)) expect(loweredOf(total(chain(N, step)), [a]).outs.length).toBe(1)
      const layers = (h: Any, w: Any): Any => upto(900).reduce((v) => tanh(matmul(v, w)), h)
      expect(
        loweredOf(
          total((w) => layers(x(2, 4), w)),
          [x(4, 4)],
        ).outs.length,
      ).toBe(1)
    },
    LIMIT_MS,
  )
  it("and they mean what they say", async () => {
    const device = wasm()
    const run = (f: (a: Any) => Any, a: Any): number[] => {
      const { leaves, spec } = flatten([a])
      const { program } = traceTree(f as never, spec, leaves)
      const exe = device.compile({ program, lowered: () => lower(program, { limits: device.limits }) }) as Compiled
      const [out] = exe.run([device.upload(storageOf(a)!.host!, a) as DeviceBuffer], [false]) as readonly DeviceBuffer[]
      return [...(device.download(out!) as Float32Array)]
    }
    const eight = x(8)
    const values = run((a) => a, eight)
    expect(
      run(
        chain(1001, (h) => concat([slice(h, [[1, 8]]), slice(h, [[0, 1]])], 0)),
        eight,
      ),
    ).toEqual([...values.slice(1), values[0]])
    expect(
      run(
        chain(1001, (h) => flip(h, [0])),
        eight,
      ),
    ).toEqual(values.toReversed())
    expect(
      run(
        chain(1000, (h) => slice(h, [[1, h.shape[0]]])),
        x(1003),
      ),
    ).toEqual(run((a) => slice(a, [[1000, 1003]]), x(1003)))
    expect(
      run(
        chain(1000, (h) => pad(h, [[1, 0]])),
        x(3),
      ),
    ).toEqual([...upto(1000).map(() => 0), ...run((a) => a, x(3))])
    await device.close()
  })
})

const M = 2000
const many = (n: number, ...shape: number[]): Any[] => upto(n).map(() => x(...shape))
describe(`${M} statements, arguments or steps side by side`, () => {
  const wide: readonly (readonly [string, (...a: any[]) => unknown, readonly unknown[], boolean])[] = [
    ["results", (a) => upto(M).map((k) => exp(mul(a, k + 0.5))), [x(4, 4)], false],
    ["products", (a) => upto(M).map((k) => matmul(exp(mul(a, k + 0.5)), a)), [x(4, 4)], false],
    ["pieces", (...a) => concat(a, 0), many(M, 3), false],
    ["rows", (...a) => stack(a, 0), many(M, 3), false],
    [
      "updates in place",
      (p: Any[], g: Any[], m: Any[]) => [p.map((v, k) => sub(v, mul(m[k], 0.1))), m.map((v, k) => add(mul(v, 0.9), g[k]))],
      [many(M, 4, 4), many(M, 4, 4), many(M, 4, 4)],
      true,
    ],
    [
      "loops",
      (a) => upto(M / 2).reduce((h) => scan((c: Any, v: Any) => [tanh(add(c, v)), c], sum(h, 0), h)[1], a),
      [x(6, 4)],
      false,
    ],
    [
      "carries",
      (...p) => scan((c: Any[]) => [c.map((v, k) => tanh(add(v, c[(k + 1) % M]))), null], p, undefined, { length: 3 })[0],
      many(M, 4),
      false,
    ],
    [
      "layers, trained in a loop",
      (p, xs) =>
        scan(
          (c: Any[], v: Any) => {
            const g = (grad(((q: Any[]) => sum(q.reduce((h, w) => tanh(matmul(h, w)), v))) as never) as (q: Any[]) => Any[])(c)
            return [c.map((w, k) => sub(w, mul(g[k], 0.1))), null]
          },
          p,
          xs,
        )[0],
      [many(M / 2, 4, 4), x(3, 2, 4)],
      false,
    ],
  ]
  it.each(wide)(
    "%s",
    (_, f, args, donated) => {
      const l = loweredOf(f, args, donated)
      expect(compileWasm(l).bytes.length).toBeGreaterThan(0)
      if (donated) expect(l.alias).not.toContain(undefined)
    },
    LIMIT_MS,
  )
})
