// The workloads of the peers' benchmark: names, inputs, cost, tolerance; layouts NHWC, HWIO and [in, out].

export interface Input {
  readonly shape: readonly number[]
  /** "uniform" in (-scale, scale); "one": 1 more than that; "onehot" rows; "index": whole numbers from 0 below scale. */
  readonly kind: "uniform" | "one" | "onehot" | "index"
  readonly scale: number
}
export interface Spec {
  readonly name: string
  readonly op: string
  readonly inputs: Readonly<Record<string, Input>>
  /** What one step is: "ms"; "us/op" where it is 1000 ops (so that the figures are equal); "us/step". */
  readonly unit: "ms" | "us/op" | "us/step"
  /** Largest |got - want| / max |want| of an output; of updated parameters, of their change. */
  readonly tol: number
  readonly flops?: number
  readonly bytes?: number
  /** Inputs that the step replaces. */
  readonly params?: readonly string[]
  readonly lr?: number
  readonly heads?: number
  readonly axis?: number
}
const u = (shape: readonly number[], scale = 1): Input => ({ shape, scale, kind: "uniform" })
const onehot = (rows: number): Input => ({ shape: [rows, 10], scale: 1, kind: "onehot" })
const spec = (name: string, o: Omit<Spec, "name" | "unit" | "tol"> & Partial<Spec>): Spec => ({
  name,
  unit: "ms",
  tol: 2e-5,
  ...o,
})

const contractions = (): Spec[] => [
  ...[64, 128, 256, 512, 1024].map((n) =>
    spec(`matmul_${n}`, { op: "matmul", inputs: { a: u([n, n]), b: u([n, n]) }, flops: 2 * n ** 3 }),
  ),
  spec("bmm_32x128x64x128", {
    op: "bmm",
    inputs: { a: u([32, 128, 64]), b: u([32, 64, 128]) },
    flops: 2 * 32 * 128 * 64 * 128,
  }),
]
/** Narrow products of a large expression: relu(a + c) b, and relu(a)^T b. */
const ofExpressions = (): Spec[] => {
  const [m, k, n] = [4096, 1024, 16]
  const flops = 2 * m * k * n
  return [
    spec("matmul_of_relu_4096x1024x16", { op: "matmul_of_relu", inputs: { a: u([m, k]), c: u([k]), b: u([k, n]) }, flops }),
    spec("matmul_of_relu_t_4096x1024x16", { op: "matmul_of_relu_t", inputs: { a: u([k, m]), b: u([k, n]) }, flops }),
  ]
}
const pointwise = (): Spec[] => [
  spec("ewise_1e6", { op: "ewise", inputs: { a: u([1_000_000], 2), b: u([1_000_000]), c: u([1_000_000]) }, bytes: 16e6 }),
  spec("softmax_1024", { op: "softmax", inputs: { x: u([1024, 1024], 4) }, bytes: 8 * 2 ** 20 }),
  spec("layernorm_1024", {
    op: "layernorm",
    inputs: { x: u([1024, 1024], 2), g: { shape: [1024], scale: 0.1, kind: "one" }, b: u([1024], 0.1) },
    bytes: 8 * 2 ** 20,
  }),
  ...[0, 1].map((axis) =>
    spec(`sum_axis${axis}_2048`, { op: "sum", axis, inputs: { x: u([2048, 2048]) }, bytes: 16 * 2 ** 20, tol: 1e-4 }),
  ),
  // No rows of the peers' table: what threads divide by parts, by columns, by pairs.
  spec("sum_all_2048", { op: "sum", inputs: { x: { ...u([2048, 2048]), kind: "one" } }, bytes: 16 * 2 ** 20 }),
  spec("sum_axis0_65536x64", { op: "sum", axis: 0, inputs: { x: u([65536, 64]) }, bytes: 16 * 2 ** 20, tol: 1e-4 }),
  spec("scatter_add_8192x64", {
    op: "scatter",
    inputs: { x: u([8192, 64]), i: { shape: [16384], scale: 8192, kind: "index" }, u: u([16384, 64]) },
  }),
  spec("ewise_f64_1e6", { op: "ewise64", inputs: { a: u([1_000_000], 2), b: u([1_000_000]), c: u([1_000_000]) } }),
]
/** 3x3, padding "same", stride 1. */
const convolutions = (tag: string, n: number, s: number, c: number): Spec[] => {
  const inputs = { x: u([n, s, s, c]), w: u([3, 3, c, c], 1 / Math.sqrt(9 * c)) }
  const flops = 2 * n * s * s * c * c * 9
  return [
    spec(`conv_fwd_${tag}`, { op: "conv", inputs, flops }),
    spec(`conv_fwdbwd_${tag}`, { op: "convgrad", inputs: { ...inputs, dy: u([n, s, s, c]) }, flops: 3 * flops, tol: 1e-4 }),
  ]
}
const mlp = (): Spec[] => {
  const b = 128
  const weights = {
    w1: u([784, 512], 1 / 28),
    b1: u([512], 0.01),
    w2: u([512, 512], 1 / 22.6),
    b2: u([512], 0.01),
    w3: u([512, 10], 1 / 22.6),
    b3: u([10], 0.01),
  }
  const [first, rest] = [784 * 512, 512 * 512 + 5120]
  const x = u([b, 784])
  return [
    spec("mlp_fwd", { op: "mlp_fwd", inputs: { x, ...weights }, flops: 2 * b * (first + rest) }),
    spec("mlp_train", {
      op: "mlp_train",
      inputs: { x, t: onehot(b), ...weights },
      params: Object.keys(weights),
      lr: 0.1,
      flops: b * (4 * first + 6 * rest),
      tol: 1e-3,
    }),
  ]
}
const cnn = (): Spec[] => {
  const b = 128
  const weights = {
    k1: u([3, 3, 1, 32], 1 / 3),
    c1: u([32], 0.01),
    k2: u([3, 3, 32, 32], 1 / 17),
    c2: u([32], 0.01),
    w1: u([4608, 128], 1 / 68),
    b1: u([128], 0.01),
    w2: u([128, 10], 1 / 11.3),
    b2: u([10], 0.01),
  }
  const [first, rest] = [26 * 26 * 32 * 9, 24 * 24 * 32 * 32 * 9 + 4608 * 128 + 1280]
  const x = u([b, 28, 28, 1])
  return [
    spec("cnn_fwd", { op: "cnn_fwd", inputs: { x, ...weights }, flops: 2 * b * (first + rest) }),
    spec("cnn_train", {
      op: "cnn_train",
      inputs: { x, t: onehot(b), ...weights },
      params: Object.keys(weights),
      lr: 0.01,
      flops: 2 * b * (2 * first + 3 * rest),
      tol: 5e-3,
    }),
  ]
}
/** 1000 dependent additions of 16 numbers. `dispatch_lazy` is no row of the peers' table: the chain as one expression, then read. */
const dispatch = (): Spec[] => {
  const inputs = { x: u([16]), c: u([16], 0.001) }
  const chain = { inputs, unit: "us/op", tol: 1e-4 } as const
  return [
    spec("dispatch_eager", { op: "chain_eager", ...chain }),
    spec("dispatch_lazy", { op: "chain_lazy", ...chain }),
    spec("dispatch_jit_call", { op: "chain_jit_call", ...chain }),
    spec("dispatch_jit_fused", { op: "chain_jit_fused", ...chain }),
  ]
}
const xor = (): Spec => {
  const weights = { w1: u([2, 16]), b1: u([16], 0.1), w2: u([16, 1], 0.5), b2: u([1], 0.1) }
  const inputs = { x: u([4, 2]), t: u([4, 1]), ...weights }
  return spec("xor_train", { op: "xor_train", unit: "us/step", lr: 0.1, tol: 1e-3, inputs, params: Object.keys(weights) })
}
const lstm = (): Spec[] => {
  const [t, n, h] = [32, 32, 128]
  const weights = { wx: u([h, 4 * h], 1 / 11.3), wh: u([h, 4 * h], 1 / 11.3), b: u([4 * h], 0.1) }
  const inputs = { x: u([t, n, h]), ...weights }
  const m = t * n * h * 4 * h
  return [
    spec("lstm_fwd", { op: "lstm_fwd", inputs, flops: 4 * m, tol: 1e-4 }),
    spec("lstm_train", { op: "lstm_train", inputs, params: Object.keys(weights), lr: 0.1, flops: 10 * m, tol: 1e-3 }),
  ]
}
const transformer = (): Spec[] => {
  const [n, t, d, heads, s] = [8, 64, 128, 4, 1 / 11.3]
  const scales: Input = { shape: [d], scale: 0.1, kind: "one" }
  const square = u([d, d], s)
  const inputs = {
    x: u([n, t, d]),
    g1: scales,
    h1: u([d], 0.1),
    wq: square,
    wk: square,
    wv: square,
    wo: square,
    g2: scales,
    h2: u([d], 0.1),
    w1: u([d, 4 * d], s),
    b1: u([4 * d], 0.1),
    w2: u([4 * d, d], s / 2),
    b2: u([d], 0.1),
  }
  const m = n * t * 12 * d * d + 2 * n * t * t * d
  return [
    spec("xfmr_fwd", { op: "xfmr_fwd", heads, inputs, flops: 2 * m, tol: 1e-4 }),
    spec("xfmr_fwdbwd", { op: "xfmr_fwdbwd", heads, inputs: { ...inputs, dy: u([n, t, d]) }, flops: 6 * m, tol: 1e-3 }),
  ]
}
/** In the order in which they run. */
export const specs: readonly Spec[] = [
  ...contractions(),
  ...ofExpressions(),
  ...pointwise(),
  ...convolutions("N32_28x28x32", 32, 28, 32),
  ...convolutions("N8_56x56x64", 8, 56, 64),
  ...mlp(),
  ...cnn(),
  ...dispatch(),
  xor(),
  ...lstm(),
  ...transformer(),
]

/** Mulberry32: the same numbers on every run, and in every peer. */
const random = (seed: number): (() => number) => {
  let s = seed
  return () => {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
const hash = (text: string): number => [...text].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261)

/** The values of an input. */
export const valuesOf = ({ op }: Pick<Spec, "op">, name: string, { shape, scale, kind }: Input): Float32Array<ArrayBuffer> => {
  const next = random(hash(`${op === "chain_lazy" ? "chain_eager" : op}/${name}`))
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1))
  const row = shape.at(-1)!
  if (kind === "onehot") for (let i = 0; i < out.length; i += row) out[i + Math.floor(next() * row)] = 1
  else
    for (let i = 0; i < out.length; i++)
      out[i] = kind === "index" ? Math.floor(next() * scale) : (2 * next() - 1) * scale + (kind === "one" ? 1 : 0)
  return out
}
