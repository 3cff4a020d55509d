// How a step's time grows with batch, width, depth and sequence length; compile time with the size of the program; memory against what
// no plan can do without. npm run bench -- --curves [a,b] --json FILE keeps the points; --draw FILE makes pictures and tables of them.
import { execFileSync } from "node:child_process"
import { compileWasm } from "../src/backends/wasm/index.ts"
import { lower, type Lowered, noLimits } from "../src/compiler/index.ts"
import { bytesOf } from "../src/core/dtype.ts"
import { flatten, type RawTensor, size } from "../src/core/index.ts"
import { type Buf, kernelsOf, readsOf } from "../src/core/ir/index.ts"
import { hostLeaf } from "../src/core/leaf.ts"
import { closeDevice } from "../src/runtime/open.ts"
import * as T from "../src/tensor.ts"
import { remat } from "../src/transform/remat.ts"
import { traceTree } from "../src/transform/call.ts"
import { openPeer } from "./devices.ts"
import { stepTime } from "./measure.ts"
import { valuesOf } from "./specs.ts"
import { dense, lstm, sgd, transformer } from "./workloads.ts"

type Any = T.AnyTensor
export interface Point {
  readonly curve: string
  /** What grows. */
  readonly axis: string
  readonly x: number
  readonly series: string
  readonly y: number
  readonly unit: string
  readonly gflops?: number
}
/** A step of training and what it costs. */
interface Model {
  readonly f: (...args: never[]) => unknown
  readonly args: readonly unknown[]
  readonly flops: number
}
const uniform = (name: string, shape: readonly number[], scale = 1, center = false): RawTensor => {
  const input = { shape, scale, kind: center ? "one" : "uniform" } as const
  return hostLeaf(valuesOf({ op: "curve" }, name, input), shape)
}
const square = (y: Any): Any => T.mean(T.square(y))

/** `depth` layers of tanh from `width` to `width`, one input of 784. */
export const mlp = ({ batch = 128, width = 512, depth = 3 }): Model => {
  const sizes = [784, ...Array.from({ length: depth - 1 }, () => width), 10]
  const params = Object.fromEntries(
    sizes.slice(1).flatMap((n, k) => [
      [`w${k}`, uniform(`w${k}`, [sizes[k]!, n], 1 / Math.sqrt(sizes[k]!))],
      [`b${k}`, uniform(`b${k}`, [n], 0.01)],
    ]),
  )
  const net = (p: Readonly<Record<string, Any>>, x: Any): Any =>
    square(sizes.slice(1).reduce((h, _, k) => (k === depth - 1 ? dense(h, p, k) : T.tanh(dense(h, p, k))), x))
  const weights = sizes.slice(1).map((n, k) => n * sizes[k]!)
  const flops = 2 * batch * weights.reduce((sum, n, k) => sum + (k === 0 ? 2 : 3) * n, 0)
  return { f: sgd(net, 0.1) as never, args: [params, uniform("x", [batch, 784])], flops }
}
/** `depth` blocks of attention and dense layers; `again`: their intermediate values are computed a second time for the gradient. */
export const blocks = ({ batch = 8, length = 64, width = 128, depth = 1, heads = 4, again = false }): Model => {
  const s = 1 / Math.sqrt(width)
  const params = Array.from({ length: depth }, (_, k) => {
    const w = (name: string, shape: readonly number[], scale: number, center = false): [string, RawTensor] => [
      name,
      uniform(`${name}${k}`, shape, scale, center),
    ]
    return Object.fromEntries([
      w("g1", [width], 0.1, true),
      w("h1", [width], 0.1),
      ...["wq", "wk", "wv", "wo"].map((name) => w(name, [width, width], s)),
      w("g2", [width], 0.1, true),
      w("h2", [width], 0.1),
      w("w1", [width, 4 * width], s),
      w("b1", [4 * width], 0.1),
      w("w2", [4 * width, width], s / 2),
      w("b2", [width], 0.1),
    ])
  })
  const block = (p: Readonly<Record<string, Any>>, x: Any): Any => transformer(p, x, heads)
  const one = again ? (remat(block) as typeof block) : block
  const net = (p: readonly Readonly<Record<string, Any>>[], x: Any): Any => square(p.reduce((h, block) => one(block, h), x))
  const flops = 6 * depth * (batch * length * 12 * width ** 2 + 2 * batch * length ** 2 * width)
  return { f: sgd(net as never, 0.1) as never, args: [params, uniform("x", [batch, length, width])], flops }
}
export const recurrent = ({ batch = 32, length = 32, width = 128 }): Model => {
  const w = [width, 4 * width]
  const s = 1 / Math.sqrt(width)
  const params = { wx: uniform("wx", w, s), wh: uniform("wh", w, s), b: uniform("b", [4 * width], 0.1) }
  const f = sgd((p, x) => square(lstm(p, x!)), 0.1) as never
  return { f, args: [params, uniform("x", [length, batch, width])], flops: 10 * length * batch * width * 4 * width }
}

// ---- time of a step ------------------------------------------------------------------------------------------------
interface Curve {
  readonly name: string
  readonly axis: string
  readonly xs: readonly number[]
  readonly model: (x: number) => Model
}
const times: readonly Curve[] = [
  { name: "mlp", axis: "batch", xs: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], model: (batch) => mlp({ batch }) },
  { name: "mlp", axis: "width", xs: [16, 32, 64, 128, 256, 512, 1024, 2048], model: (width) => mlp({ width }) },
  { name: "mlp", axis: "depth", xs: [1, 2, 4, 8, 16, 32], model: (depth) => mlp({ depth, width: 256 }) },
  { name: "transformer", axis: "batch", xs: [1, 2, 4, 8, 16, 32], model: (batch) => blocks({ batch }) },
  { name: "transformer", axis: "length", xs: [8, 16, 32, 64, 128, 256, 512], model: (length) => blocks({ length, batch: 4 }) },
  { name: "transformer", axis: "width", xs: [32, 64, 128, 256, 512], model: (width) => blocks({ width }) },
  { name: "transformer", axis: "depth", xs: [1, 2, 4, 8], model: (depth) => blocks({ depth }) },
  { name: "lstm", axis: "batch", xs: [1, 2, 4, 8, 16, 32, 64, 128], model: (batch) => recurrent({ batch }) },
  { name: "lstm", axis: "length", xs: [4, 8, 16, 32, 64, 128, 256], model: (length) => recurrent({ length }) },
  { name: "lstm", axis: "width", xs: [16, 32, 64, 128, 256, 512], model: (width) => recurrent({ width }) },
]
const timePoints = async (c: Curve, peers: readonly string[]): Promise<Point[]> => {
  const points: Point[] = []
  for (const peer of peers)
    for (const x of c.xs) {
      const device = await openPeer(peer)
      if (!device) continue
      const m = c.model(x)
      const y = await stepTime(device, { ...m, donate: [0] })
      await closeDevice(device)
      const gflops = +(m.flops / y / 1e6).toFixed(1)
      points.push({ curve: c.name, axis: c.axis, x, series: peer, y, unit: "ms", gflops })
    }
  return points
}

// ---- compile time and memory ---------------------------------------------------------------------------------------
const depths: readonly Curve[] = [
  { name: "mlp", axis: "depth", xs: [1, 2, 3, 6, 12, 24, 48, 96, 192], model: (depth) => mlp({ depth }) },
  { name: "transformer", axis: "depth", xs: [1, 2, 3, 6, 12, 24, 48, 96], model: (depth) => blocks({ depth }) },
]
const engine = (globalThis as unknown as { readonly WebAssembly: { Module: new (bytes: Uint8Array) => object } }).WebAssembly
let stamp = 0
/** The same module with a section that nobody reads: the engine knows modules again by their bytes, and would not compile. */
const unlike = (bytes: Uint8Array): Uint8Array => {
  const text = [...String(++stamp + Date.now())].map((c) => c.charCodeAt(0))
  return Buffer.concat([bytes, Uint8Array.of(0, text.length + 1, text.length, ...text)])
}
/** Bytes of temporaries that hold something at the worst statement, counted here anew: no plan for these statements in this order can
 *  need less. What a loop touches counts while the loop runs. */
const leastBytes = (l: Lowered): number => {
  const temps = new Set(l.temps.map((t) => t.buf))
  const lives = new Map<Buf, [number, number]>()
  l.stmts.forEach((s, at) => {
    const kernels = kernelsOf([s])
    for (const b of kernels.flatMap((k) => [k.out, ...readsOf(k).map((r) => r.buf)]))
      if (temps.has(b)) lives.set(b, [lives.get(b)?.[0] ?? at, at])
  })
  const live = l.stmts.map((_, at) =>
    [...lives].reduce((sum, [b, [a, z]]) => (a <= at && at <= z ? sum + size(b.shape) * bytesOf(b.dtype) : sum), 0),
  )
  return Math.max(0, ...live)
}
const lowered = ({ f, args }: Model): Lowered => {
  const { leaves, spec } = flatten(args)
  const { program } = traceTree(f as (...a: unknown[]) => unknown, spec, leaves)
  const params = flatten(args[0]).leaves.length
  return lower(program, { limits: noLimits, donated: leaves.map((_, k) => k < params) })
}
const rooms = { functions: await import("../src/backends/wasm/functions.ts") }
/** From the function to a module that can run, in parts; and the memory that it takes. */
const compilePoints = (c: Curve, x: number): Point[] => {
  const { f, args } = c.model(x)
  const clock: [string, number][] = []
  let from = performance.now()
  const lap = (part: string): void => {
    clock.push([part, performance.now() - from])
    from = performance.now()
  }
  const { leaves, spec } = flatten(args)
  const { program } = traceTree(f as (...a: unknown[]) => unknown, spec, leaves)
  lap("trace and differentiate")
  const params = flatten(args[0]).leaves.length
  const low = lower(program, { limits: noLimits, donated: leaves.map((_, k) => k < params) })
  lap("lower")
  const { bytes, arena } = compileWasm(low, { rooms })
  lap("emit")
  new engine.Module(unlike(bytes))
  lap("engine")
  const at = { curve: c.name, axis: c.axis, x }
  const sum = clock.reduce((s, [, t]) => s + t, 0)
  return [
    ...clock.map(([series, y]): Point => ({ ...at, curve: `${c.name} compile`, series, y, unit: "ms" })),
    { ...at, curve: `${c.name} compile`, series: "all", y: sum, unit: "ms" },
    { ...at, curve: `${c.name} module`, series: "bytes", y: bytes.length, unit: "bytes" },
    { ...at, curve: `${c.name} memory`, series: "arena", y: low.arena, unit: "bytes" },
    { ...at, curve: `${c.name} memory`, series: "arena with packing", y: arena, unit: "bytes" },
    { ...at, curve: `${c.name} memory`, series: "lower bound", y: leastBytes(low), unit: "bytes" },
  ]
}
const median = (a: readonly number[]): number => [...a].sort((p, q) => p - q)[a.length >> 1]!
/** The median of five, after the compiler itself has become warm; and what the first program of a process takes. */
const steadily = (c: Curve, x: number): Point[] => {
  const runs = Array.from({ length: 6 }, () => compilePoints(c, x)).slice(1)
  const points = runs[0]!.map((p, k) => ({ ...p, y: median(runs.map((r) => r[k]!.y)) }))
  const args = [...process.execArgv, process.argv[1]!, "--compile", `${c.name},${x}`]
  const fresh = [0, 1, 2].map(() => Number(execFileSync(process.execPath, args, { encoding: "utf8" })))
  const all = points.find((p) => p.series === "all")!
  const again = c.name === "transformer" ? lowered(blocks({ depth: x, again: true })) : undefined
  const memory: Point = { ...all, curve: `${c.name} memory`, series: "arena with remat", y: again?.arena ?? 0, unit: "bytes" }
  return [...points, ...(again ? [memory] : []), { ...all, series: "first of a process", y: median(fresh) }]
}
/** ms of the first compilation: for a process that does nothing else. */
export const compileOnce = (name: string, x: number): number =>
  compilePoints(depths.find((c) => c.name === name)!, x).find((p) => p.series === "all")!.y
export const curves = async (only: readonly string[] | undefined, peers: readonly string[]): Promise<Point[]> => {
  const wanted = (name: string): boolean => !only || only.some((o) => name.startsWith(o))
  const points: Point[] = []
  const keep = (p: readonly Point[]): void => {
    for (const point of p) console.log(JSON.stringify(point))
    points.push(...p)
  }
  for (const c of times) if (wanted(`${c.name}/${c.axis}`)) keep(await timePoints(c, peers))
  for (const c of depths) if (wanted(`compile/${c.name}`)) for (const x of c.xs) keep(steadily(c, x))
  return points
}
