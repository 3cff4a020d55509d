// What every op costs at about a million elements: npm run bench -- --ops [--only a,b], or this file alone. Time of the compiled
// program's run, nothing copied; one line each. `x memory`: how many times longer than reading and writing its operands once.
import { wasm } from "../src/backends/wasm/index.ts"
import { lower } from "../src/compiler/index.ts"
import { bytesOf } from "../src/core/dtype.ts"
import { type DType, flatten, hostArray, type RawTensor, size, trace } from "../src/core/index.ts"
import * as random from "../src/random/index.ts"
import * as typed from "../src/tensor.ts"
import { valueAndGradOf } from "../src/transform/reverse.ts"

type Any = typed.AnyTensor
type Spec = { readonly shape: readonly number[]; readonly dtype?: DType; readonly range?: readonly [number, number] }
/** The public functions, their types set aside. */
const T = typed as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>
const R = random as unknown as Readonly<Record<string, (...args: readonly unknown[]) => Any>>
/** `flops`: multiplications and additions that the result needs, for products. */
type Case = readonly [name: string, args: readonly Spec[], f: (...x: Any[]) => unknown, flops?: number]

/** Bytes a nanosecond that one core streams when nothing else is in the way. */
const STREAM = 40
const N = 1 << 20
const f = (shape: readonly number[], range: readonly [number, number] = [-1, 1]): Spec => ({ shape, range })
const d = (shape: readonly number[], range: readonly [number, number] = [-1, 1]): Spec => ({ shape, range, dtype: "f64" })
const i = (shape: readonly number[], below = 1000): Spec => ({ shape, dtype: "i32", range: [0, below] })
const u = (shape: readonly number[]): Spec => ({ shape, dtype: "u32", range: [0, 4e9] })
const b = (shape: readonly number[]): Spec => ({ shape, dtype: "bool", range: [0, 2] })
const square = [1024, 1024]
const grad = (g: (x: Any) => Any) => (x: Any, ct: Any) =>
  valueAndGradOf("bench", ((y: Any) => T["sum"]!(T["mul"]!(g(y), ct))) as (...args: unknown[]) => unknown, {})(x)[1]
const map = (name: string, range?: readonly [number, number]): Case => [name, [f([N], range)], (x) => T[name]!(x)]
const image = [16, 64, 64, 16]

// ---- convolutions --------------------------------------------------------------------------------------------------
interface Conv {
  readonly x: readonly number[]
  readonly k: readonly number[]
  readonly options?: object
}
/** Forward, and the gradients with respect to the input and the filter. */
const convolution = (name: string, { x, k, options = {} }: Conv): Case[] => {
  const conv = (a: Any, b: Any): Any => T["conv2d"]!(a, b, options)
  const y = conv(T["zeros"]!(x), T["zeros"]!(k)).shape as readonly number[]
  const back = (arg: 0 | 1) => (a: Any, b: Any, ct: Any) =>
    valueAndGradOf("bench", ((...given: Any[]) => T["sum"]!(T["mul"]!(conv(given[0]!, given[1]!), ct))) as never, {
      argnums: arg,
    })(a, b)[1]
  const flops = 2 * size(y) * size(k.slice(0, 3))
  return [
    [`${name}`, [f(x), f(k)], conv, flops],
    [`${name} input`, [f(x), f(k), f(y)], back(0), flops],
    [`${name} filter`, [f(x), f(k), f(y)], back(1), flops],
  ]
}
const transposed = (name: string, { x, k, options = {} }: Conv): Case => [
  name,
  [f(x), f(k)],
  (a, b) => T["convTranspose2d"]!(a, b, options),
  2 * size(x) * size(k.slice(0, 3)),
]
const convolutions: readonly Case[] = [
  ...convolution("conv 3x3", { x: [16, 32, 32, 32], k: [3, 3, 32, 32], options: { padding: "same" } }),
  ...convolution("conv 3x3 stride 2", { x: [16, 64, 64, 32], k: [3, 3, 32, 32], options: { padding: "same", stride: 2 } }),
  ...convolution("conv 3x3 stride 2 odd", { x: [16, 63, 63, 32], k: [3, 3, 32, 32], options: { padding: "same", stride: 2 } }),
  ...convolution("conv 1x1 stride 2", { x: [16, 64, 64, 64], k: [1, 1, 64, 64], options: { stride: 2 } }),
  ...convolution("conv 5x5 stride 3 wide 2", {
    x: [16, 64, 64, 32],
    k: [5, 5, 32, 32],
    options: { padding: "same", stride: 3, dilation: 2 },
  }),
  transposed("transposed 3x3 stride 2", { x: [16, 32, 32, 32], k: [3, 3, 32, 32], options: { padding: "same", stride: 2 } }),
  transposed("transposed 4x4 stride 2", { x: [16, 32, 32, 32], k: [4, 4, 32, 32], options: { padding: "same", stride: 2 } }),
  ...convolution("conv of 1 channel", { x: [64, 28, 28, 1], k: [3, 3, 1, 32], options: { padding: "same" } }),
  ...convolution("conv of 1 channel to 8", { x: [64, 28, 28, 1], k: [3, 3, 1, 8], options: { padding: "same" } }),
  ...convolution("conv of 1 channel to 64", { x: [64, 28, 28, 1], k: [3, 3, 1, 64], options: { padding: "same" } }),
  ...convolution("conv of 1 channel 2x2", { x: [64, 28, 28, 1], k: [2, 2, 1, 32], options: { padding: "same" } }),
  ...convolution("conv of 4 channels 1x3", { x: [64, 28, 28, 4], k: [1, 3, 4, 32], options: { padding: "same" } }),
  ["matmul k 12", [f([4096, 12]), f([12, 64])], (x, y) => T["matmul"]!(x, y), 2 * 4096 * 12 * 64],
  ["matmul k 8", [f([4096, 8]), f([8, 64])], (x, y) => T["matmul"]!(x, y), 2 * 4096 * 8 * 64],
  ["matmul k 8 n 512", [f([4096, 8]), f([8, 512])], (x, y) => T["matmul"]!(x, y), 2 * 4096 * 8 * 512],
  ...convolution("conv depthwise", { x: [16, 64, 64, 32], k: [3, 3, 1, 32], options: { padding: "same", groups: 32 } }),
  ...convolution("conv depthwise 128", { x: [16, 32, 32, 128], k: [3, 3, 1, 128], options: { padding: "same", groups: 128 } }),
  ...convolution("conv of 4 groups", { x: [16, 32, 32, 64], k: [3, 3, 16, 64], options: { padding: "same", groups: 4 } }),
]

const cases: readonly Case[] = [
  ["add", [f([N]), f([N])], (x, y) => T["add"]!(x, y)],
  ["mul add", [f([N]), f([N]), f([N])], (x, y, z) => T["add"]!(T["mul"]!(x, y), z)],
  ["div", [f([N]), f([N])], (x, y) => T["div"]!(x, y)],
  ["maximum", [f([N]), f([N])], (x, y) => T["maximum"]!(x, y)],
  ["minimum", [f([N]), f([N])], (x, y) => T["minimum"]!(x, y)],
  ["abs", [f([N])], (x) => T["abs"]!(x)],
  ["sign", [f([N])], (x) => T["sign"]!(x)],
  ["floor", [f([N])], (x) => T["floor"]!(x)],
  ["sqrt", [f([N], [0, 4])], (x) => T["sqrt"]!(x)],
  ["rsqrt", [f([N], [0, 4])], (x) => T["rsqrt"]!(x)],
  ["relu", [f([N])], (x) => T["relu"]!(x)],
  map("exp", [-8, 8]),
  map("expm1"),
  map("log", [0, 9]),
  map("log1p", [0, 9]),
  map("tanh", [-4, 4]),
  map("sigmoid", [-8, 8]),
  map("softplus", [-8, 8]),
  map("silu", [-8, 8]),
  map("elu", [-8, 8]),
  map("gelu", [-4, 4]),
  ["gelu tanh", [f([N], [-4, 4])], (x) => T["gelu"]!(x, { approximate: "tanh" })],
  map("erf", [-4, 4]),
  map("erfInv"),
  map("sin", [-9, 9]),
  map("cos", [-9, 9]),
  ["pow", [f([N], [0, 4]), f([N], [-2, 2])], (x, y) => T["pow"]!(x, y)],
  [
    "tanh(ab+c) sigmoid(a)",
    [f([N]), f([N]), f([N])],
    (x, y, z) => T["mul"]!(T["tanh"]!(T["add"]!(T["mul"]!(x, y), z)), T["sigmoid"]!(x)),
  ],
  ["less", [f([N]), f([N])], (x, y) => T["less"]!(x, y)],
  ["where", [b([N]), f([N]), f([N])], (c, x, y) => T["where"]!(c, x, y)],
  ["logicalAnd", [b([N]), b([N])], (x, y) => T["logicalAnd"]!(x, y)],
  ["cast f32 i32", [f([N], [-99, 99])], (x) => T["cast"]!(x, "i32")],
  ["cast i32 f32", [i([N])], (x) => T["cast"]!(x, "f32")],
  ["cast bool f32", [b([N])], (x) => T["cast"]!(x, "f32")],
  ["i32 mul add", [i([N]), i([N])], (x, y) => T["add"]!(T["mul"]!(x, y), y)],
  ["u32 xor shift", [u([N])], (x) => T["bitwiseXor"]!(x, T["shiftRight"]!(x, 15))],
  ["u32 shift by", [u([N]), u([N])], (x, y) => T["shiftRight"]!(x, T["bitwiseAnd"]!(y, 31))],
  ["random bits", [u([2])], (k) => R["bits"]!(k, [N])],
  ["random uniform", [u([2])], (k) => R["uniform"]!(k, [N])],
  ["random normal", [u([2])], (k) => R["normal"]!(k, [N])],
  ["broadcast row", [f(square), f([1024])], (x, y) => T["add"]!(x, y)],
  ["broadcast column", [f(square), f([1024, 1])], (x, y) => T["add"]!(x, y)],
  ["broadcast outer", [f([1024, 1]), f([1, 1024])], (x, y) => T["mul"]!(x, y)],
  ["broadcast channels 3", [f([N / 4, 3]), f([3])], (x, y) => T["mul"]!(x, y)],
  ["broadcast last of 3", [f([N / 4, 3]), f([N / 4, 1])], (x, y) => T["mul"]!(x, y)],
  ["copy transposed", [f(square)], (x) => T["transpose"]!(x, [1, 0])],
  ["copy transposed odd", [f([1023, 1021])], (x) => T["transpose"]!(x, [1, 0])],
  ["NHWC to NCHW", [f(image)], (x) => T["transpose"]!(x, [0, 3, 1, 2])],
  ["heads", [f([8, 128, 16, 64])], (x) => T["transpose"]!(x, [0, 2, 1, 3])],
  ["add transposed", [f(square), f(square)], (x, y) => T["add"]!(x, T["transpose"]!(y, [1, 0]))],
  [
    "slice",
    [f([1100, 1100])],
    (x) =>
      T["slice"]!(x, [
        [7, 1031],
        [5, 1029],
      ]),
  ],
  ["slice step 2", [f([1024, 2048])], (x) => T["slice"]!(x, [null, [0, 2048, 2]])],
  ["flip", [f(square)], (x) => T["flip"]!(x, [1])],
  ["concat 0", [f([512, 1024]), f([512, 1024])], (x, y) => T["concat"]!([x, y], 0)],
  ["concat 1", [f([1024, 512]), f([1024, 512])], (x, y) => T["concat"]!([x, y], 1)],
  ["concat 3 of 2", [f([N / 4, 2]), f([N / 4, 2])], (x, y) => T["concat"]!([x, y], 1)],
  ["stack last", [f([N / 2]), f([N / 2])], (x, y) => T["stack"]!([x, y], 1)],
  [
    "pad",
    [f([1000, 1000])],
    (x) =>
      T["pad"]!(x, [
        [12, 12],
        [12, 12],
      ]),
  ],
  ["tile", [f([256, 256])], (x) => T["tile"]!(x, [4, 4])],
  ["repeat last", [f([256, 256, 1])], (x) => T["broadcastTo"]!(x, [256, 256, 16])],
  ["sum all", [f([N])], (x) => T["sum"]!(x)],
  ["sum rows", [f(square)], (x) => T["sum"]!(x, [1])],
  ["sum columns", [f(square)], (x) => T["sum"]!(x, [0])],
  ["sum short rows 10", [f([N / 8, 10])], (x) => T["sum"]!(x, [1])],
  ["sum short rows 3", [f([N / 4, 3])], (x) => T["sum"]!(x, [1])],
  ["sum short columns 10", [f([N / 8, 10])], (x) => T["sum"]!(x, [0])],
  ["sum middle", [f([64, 128, 128])], (x) => T["sum"]!(x, [1])],
  ["sum both ends", [f([64, 128, 128])], (x) => T["sum"]!(x, [0, 2])],
  ["sum channels", [f(image)], (x) => T["sum"]!(x, [0, 1, 2])],
  ["max rows", [f(square)], (x) => T["max"]!(x, [1])],
  ["max columns", [f(square)], (x) => T["max"]!(x, [0])],
  ["prod rows", [f(square, [0.9, 1.1])], (x) => T["prod"]!(x, [1])],
  ["mean all", [f([N])], (x) => T["mean"]!(x)],
  ["variance rows", [f(square)], (x) => T["variance"]!(x, [1])],
  ["variance columns", [f(square)], (x) => T["variance"]!(x, [0])],
  ["logSumExp rows", [f(square)], (x) => T["logSumExp"]!(x, [1])],
  ["argmax rows", [f(square)], (x) => T["argmax"]!(x, 1)],
  ["argmax columns", [f(square)], (x) => T["argmax"]!(x, 0)],
  ["argmax short rows", [f([N / 8, 10])], (x) => T["argmax"]!(x, 1)],
  ["any i32 sum", [i(square)], (x) => T["sum"]!(x, [1])],
  ["count", [f(square)], (x) => T["sum"]!(T["cast"]!(T["greater"]!(x, 0), "i32"))],
  ["cumsum rows", [f(square)], (x) => T["cumsum"]!(x, 1)],
  ["cumsum columns", [f(square)], (x) => T["cumsum"]!(x, 0)],
  ["softmax rows", [f(square, [-4, 4])], (x) => T["softmax"]!(x)],
  ["softmax columns", [f(square, [-4, 4])], (x) => T["softmax"]!(x, 0)],
  ["softmax [N/8, 10]", [f([N / 8, 10], [-4, 4])], (x) => T["softmax"]!(x)],
  ["logSoftmax rows", [f(square, [-4, 4])], (x) => T["logSoftmax"]!(x)],
  ["logSoftmax [N/8, 10]", [f([N / 8, 10], [-4, 4])], (x) => T["logSoftmax"]!(x)],
  ["softmax gradient", [f(square, [-4, 4]), f(square)], grad((x) => T["softmax"]!(x))],
  ["softmax gradient [N/8, 10]", [f([N / 8, 10], [-4, 4]), f([N / 8, 10])], grad((x) => T["softmax"]!(x))],
  ["logSoftmax gradient", [f(square, [-4, 4]), f(square)], grad((x) => T["logSoftmax"]!(x))],
  [
    "cross entropy gradient",
    [f(square, [-4, 4]), i([1024], 1024)],
    (x, y) =>
      valueAndGradOf(
        "bench",
        ((z: Any) => T["neg"]!(T["mean"]!(T["sum"]!(T["mul"]!(T["logSoftmax"]!(z), T["oneHot"]!(y, 1024)), [1])))) as (
          ...a: unknown[]
        ) => unknown,
        {},
      )(x),
  ],
  ["layer norm", [f(square), f([1024]), f([1024])], (x, g, c) => layerNorm(x, g, c)],
  ["layer norm [N/4, 3]", [f([N / 4, 3]), f([3]), f([3])], (x, g, c) => layerNorm(x, g, c)],
  [
    "layer norm gradient",
    [f(square), f([1024]), f([1024]), f(square)],
    (x, g, c, ct) =>
      valueAndGradOf(
        "bench",
        ((y: Any, h: Any, e: Any) => T["sum"]!(T["mul"]!(layerNorm(y, h, e), ct))) as (...a: unknown[]) => unknown,
        { argnums: [0, 1, 2] },
      )(x, g, c)[1],
  ],
  [
    "batch norm",
    [f(image), f([16]), f([16])],
    (x, g, c) => {
      const m = T["sub"]!(x, T["mean"]!(x, [0, 1, 2], { keepDims: true }))
      return T["add"]!(
        T["mul"]!(T["mul"]!(m, T["rsqrt"]!(T["add"]!(T["variance"]!(x, [0, 1, 2], { keepDims: true }), 1e-5))), g),
        c,
      )
    },
  ],
  ...[3, 4, 6, 8, 10, 12, 16, 24].flatMap((n): Case[] => [
    [`short of ${n} softmax`, [f([Math.round(N / n), n], [-4, 4])], (x) => T["softmax"]!(x)],
    [`short of ${n} layer norm`, [f([Math.round(N / n), n]), f([n]), f([n])], (x, g, c) => layerNorm(x, g, c)],
  ]),
  ["maxPool 2", [f(image)], (x) => T["maxPool2d"]!(x, 2)],
  ["maxPool 3 stride 2", [f(image)], (x) => T["maxPool2d"]!(x, 3, { stride: 2 })],
  ["maxPool 2 gradient", [f(image), f([16, 32, 32, 16])], grad((x) => T["maxPool2d"]!(x, 2))],
  ["maxPool 3 gradient", [f(image), f([16, 31, 31, 16])], grad((x) => T["maxPool2d"]!(x, 3, { stride: 2 }))],
  ["avgPool 2", [f(image)], (x) => T["avgPool2d"]!(x, 2)],
  ["avgPool 3 stride 1 same", [f(image)], (x) => T["avgPool2d"]!(x, 3, { stride: 1, padding: "same" })],
  ["maxPool 3 stride 1 gradient", [f(image), f(image)], grad((x) => T["maxPool2d"]!(x, 3, { stride: 1, padding: "same" }))],
  ["avgPool 3 gradient", [f(image), f([16, 32, 32, 16])], grad((x) => T["avgPool2d"]!(x, 3, { stride: 2, padding: "same" }))],
  ["avgPool 2 gradient", [f(image), f([16, 32, 32, 16])], grad((x) => T["avgPool2d"]!(x, 2))],
  ["globalAvgPool", [f(image)], (x) => T["globalAvgPool2d"]!(x)],
  ...convolutions,
  ["take rows", [f([5000, 256]), i([4096], 5000)], (t, x) => T["take"]!(t, x)],
  ["take elements", [f([5000]), i([N], 5000)], (t, x) => T["take"]!(t, x)],
  ["take columns", [f([256, 5000]), i([4096], 5000)], (t, x) => T["take"]!(t, x, 1)],
  ["takeAlongAxis", [f(square), i(square, 1024)], (t, x) => T["takeAlongAxis"]!(t, x, 1)],
  ["scatterAdd rows", [f([5000, 256]), i([4096], 5000), f([4096, 256])], (t, x, y) => T["scatterAdd"]!(t, x, y)],
  ["scatterAdd elements", [f([5000]), i([N], 5000), f([N])], (t, x, y) => T["scatterAdd"]!(t, x, y)],
  ["oneHot", [i([1024], 1024)], (x) => T["oneHot"]!(x, 1024)],
  ["iota", [], () => T["iota"]!([1024, 1024], 1)],
  ["full", [], () => T["full"]!([N], 3)],
  ["f64 mul add", [d([N]), d([N])], (x, y) => T["add"]!(T["mul"]!(x, y), y)],
  ["f64 sqrt div", [d([N], [0, 4]), d([N], [1, 2])], (x, y) => T["div"]!(T["sqrt"]!(x), y)],
  ["f64 exp", [d([N])], (x) => T["exp"]!(x)],
  ["f64 tanh", [d([N])], (x) => T["tanh"]!(x)],
  ["f64 log", [d([N], [0, 9])], (x) => T["log"]!(x)],
  ["f64 sum rows", [d(square)], (x) => T["sum"]!(x, [1])],
  ["f64 sum columns", [d(square)], (x) => T["sum"]!(x, [0])],
  ["f64 softmax", [d(square)], (x) => T["softmax"]!(x)],
  ["f64 where", [d([N]), d([N])], (x, y) => T["where"]!(T["less"]!(x, y), x, y)],
  ["f64 to f32", [d([N])], (x) => T["cast"]!(x, "f32")],
  ["f64 matmul 128", [d([128, 128]), d([128, 128])], (x, y) => T["matmul"]!(x, y)],
  ["sum axis0 2048", [f([2048, 2048])], (x) => T["sum"]!(x, [0])],
  ["sum axis1 2048", [f([2048, 2048])], (x) => T["sum"]!(x, [1])],
]
const layerNorm = (x: Any, g: Any, c: Any): Any => {
  const m = T["sub"]!(x, T["mean"]!(x, [-1], { keepDims: true }))
  return T["add"]!(T["mul"]!(T["mul"]!(m, T["rsqrt"]!(T["add"]!(T["variance"]!(x, [-1], { keepDims: true }), 1e-5))), g), c)
}

const device = wasm()
const fill = (s: Spec): ReturnType<typeof hostArray> => {
  const h = hostArray(s.dtype ?? "f32", size(s.shape))
  const [lo, hi] = s.range ?? [-1, 1]
  let state = 12345
  const whole = s.dtype !== undefined && s.dtype !== "f64"
  for (let k = 0; k < h.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const v = lo + (state / 2 ** 32) * (hi - lo)
    h[k] = whole ? Math.floor(v) : v
  }
  return h
}
export interface Row {
  readonly op: string
  readonly ms: number
  readonly least: number
  readonly nsPerElement: number
  readonly timesMemory: number
  readonly gflops: number | undefined
}
const time = async ([name, specs, g, flops]: Case, listing: boolean): Promise<Row> => {
  const params = specs.map((s) => T["zeros"]!(s.shape, s.dtype ?? "f32") as unknown as RawTensor)
  const program = trace((...x) => flatten(g(...(x as unknown as Any[]))).leaves, params)
  const lowered = lower(program, { limits: device.limits })
  const compiled = await device.compile({ program, lowered: () => lowered })
  if (listing) console.log(await compiled.listing())
  const args = await Promise.all(specs.map((s) => device.upload(fill(s), { shape: s.shape, dtype: s.dtype ?? "f32" })))
  const kept = args.map(() => false)
  const once = (): number => {
    const from = performance.now()
    const outs = compiled.run(args, kept)
    const took = performance.now() - from
    for (const o of outs as readonly never[]) device.free(o)
    return took
  }
  for (let spent = 0, k = 0; k < 3 || (spent < 60 && k < 60); k++) spent += once()
  const samples: number[] = []
  for (let spent = 0; samples.length < 7 || (spent < 120 && samples.length < 150); ) {
    const t = once()
    samples.push(t)
    spent += t
  }
  samples.sort((p, q) => p - q)
  const [least, ms] = [samples[0]!, samples[samples.length >> 1]!]
  const outs = lowered.outs.reduce((n, o) => n + size(o.shape) * bytesOf(o.dtype), 0)
  const bytes = specs.reduce((n, s) => n + size(s.shape) * bytesOf(s.dtype ?? "f32"), outs)
  const elements = Math.max(...specs.map((s) => size(s.shape)), ...lowered.outs.map((o) => size(o.shape)))
  for (const x of args) device.free(x)
  compiled.dispose()
  const timesMemory = least / (bytes / STREAM / 1e6)
  return { op: name, ms, least, nsPerElement: (1e6 * least) / elements, timesMemory, gflops: flops && flops / least / 1e6 }
}
const at = process.argv.indexOf("--only")
const only = at < 0 ? undefined : process.argv[at + 1]!.split(",")
const listing = process.argv.includes("--listing")
for (const c of cases) {
  if (only && !only.some((o) => c[0].startsWith(o))) continue
  const row = await time(c, listing)
  const text = [row.ms, row.least, row.nsPerElement, row.timesMemory].map((v) => v.toFixed(3).padStart(9)).join(" ")
  console.log(`${row.op.padEnd(32)}${text}${row.gflops ? `   ${row.gflops.toFixed(1)} GFLOP/s` : ""}`)
}
