// The workloads of the peer benchmark, under its names: layouts NHWC, HWIO and [in, out]. `size` shrinks one for the check against the
// float64 reference; 1 is what is timed.
import { mapTree, type RawTensor } from "../src/core/index.ts"
import { hostLeaf } from "../src/core/leaf.ts"
import { valueAndGradOf } from "../src/transform/reverse.ts"
import * as T from "../src/tensor.ts"

type Any = T.AnyTensor
export interface Workload {
  readonly name: string
  readonly f: (...args: never[]) => unknown
  readonly args: readonly unknown[]
  /** Arguments that the step overwrites: the first result takes the place of the first. */
  readonly donate: readonly number[]
  readonly flops?: number
  readonly bytes?: number
  /** Steps per call, where one call is many. */
  readonly steps?: number
  /** Largest |got - want| / max |want| of an output. */
  readonly tolerance: number
}
export type Make = (size: number) => Workload

/** Uniform in (-scale, scale), the same on every run (mulberry32). */
const uniform = (name: string, shape: readonly number[], scale = 1, center = 0): RawTensor => {
  let s = [...name].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261)
  const out = new Float32Array(shape.reduce((a, b) => a * b, 1))
  for (let i = 0; i < out.length; i++) {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    out[i] = center + (((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1) * scale
  }
  return hostLeaf(out, shape)
}
const onehot = (rows: number): RawTensor => {
  const out = new Float32Array(rows * 10)
  for (let i = 0; i < rows; i++) out[i * 10 + ((i * 7) % 10)] = 1
  return hostLeaf(out, [rows, 10])
}
const crossEntropy = (logits: Any, y: Any): Any => T.neg(T.mean(T.sum(T.mul(T.logSoftmax(logits), y), [1])))
/** SGD on the first argument; the second result is the loss. */
const sgd =
  (loss: (...args: never[]) => Any, lr: number) =>
  (p: unknown, ...rest: unknown[]): unknown => {
    const [l, g] = valueAndGradOf("bench", loss as (...args: unknown[]) => unknown, {})(p, ...rest)
    return [mapTree(p, (w, _, d) => T.sub(w, T.mul(d!, lr)), g), l]
  }
type Params = Readonly<Record<string, Any>>
const dense = (x: Any, p: Params, k: number): Any => T.add(T.matmul(x, p[`w${k}`]!), p[`b${k}`]!)
const at = (n: number, size: number): number => Math.max(2, Math.round(n * size))

const matmul =
  (n: number): Make =>
  (size) => {
    const m = at(n, size)
    return {
      name: `matmul_${n}`,
      args: [uniform("a", [m, m]), uniform("b", [m, m])],
      f: (a: Any, b: Any) => T.matmul(a, b),
      donate: [],
      flops: 2 * m ** 3,
      tolerance: 2e-5,
    }
  }
const conv =
  (tag: string, n: number, s: number, c: number, both: boolean): Make =>
  (size) => {
    const [b, h, ch] = [at(n, size), at(s, size), at(c, size)]
    const x = uniform("x", [b, h, h, ch])
    const w = uniform("w", [3, 3, ch, ch], 1 / Math.sqrt(9 * ch))
    const flops = 2 * b * h * h * ch * ch * 9
    const y = (x: Any, w: Any): Any => T.conv2d(x, w, { padding: "same" })
    const gradient = (x: Any, w: Any, dy: Any): unknown =>
      valueAndGradOf("bench", ((x: Any, w: Any) => T.sum(T.mul(y(x, w), dy))) as (...args: unknown[]) => unknown, {
        argnums: [0, 1],
      })(x, w)[1]
    return both
      ? {
          name: `conv_fwdbwd_${tag}`,
          args: [x, w, uniform("dy", [b, h, h, ch])],
          f: (x: Any, w: Any, dy: Any) => [y(x, w), gradient(x, w, dy)],
          donate: [],
          flops: 3 * flops,
          tolerance: 1e-4,
        }
      : { name: `conv_fwd_${tag}`, args: [x, w], f: y, donate: [], flops, tolerance: 2e-5 }
  }
const mlp: Make = (size) => {
  const [b, i, h] = [at(128, size), at(784, size), at(512, size)]
  const p = {
    w1: uniform("w1", [i, h], 1 / 28),
    b1: uniform("b1", [h], 0.01),
    w2: uniform("w2", [h, h], 1 / 22.6),
    b2: uniform("b2", [h], 0.01),
    w3: uniform("w3", [h, 10], 1 / 22.6),
    b3: uniform("b3", [10], 0.01),
  }
  const m = i * h + h * h + h * 10
  const loss = (p: Params, x: Any, y: Any): Any => crossEntropy(dense(T.tanh(dense(T.tanh(dense(x, p, 1)), p, 2)), p, 3), y)
  return {
    name: "mlp_train",
    args: [p, uniform("x", [b, i]), onehot(b)],
    f: sgd(loss as never, 0.1) as never,
    donate: [0],
    flops: b * (4 * m + 2 * (h * h + h * 10)),
    tolerance: 1e-3,
  }
}
const cnn: Make = (size) => {
  const [b, c, h] = [at(128, size), at(32, size), at(128, size)]
  const flat = 12 * 12 * c
  const p = {
    k1: uniform("k1", [3, 3, 1, c], 1 / 3),
    c1: uniform("c1", [c], 0.01),
    k2: uniform("k2", [3, 3, c, c], 1 / 17),
    c2: uniform("c2", [c], 0.01),
    w1: uniform("w1", [flat, h], 1 / 68),
    b1: uniform("b1", [h], 0.01),
    w2: uniform("w2", [h, 10], 1 / 11.3),
    b2: uniform("b2", [10], 0.01),
  }
  const loss = (p: Params, x: Any, y: Any): Any => {
    const a = T.relu(T.add(T.conv2d(x, p["k1"]!), p["c1"]!))
    const z = T.maxPool2d(T.relu(T.add(T.conv2d(a, p["k2"]!), p["c2"]!)), 2)
    return crossEntropy(dense(T.relu(dense(T.reshape(z, [b, flat]), p, 1)), p, 2), y)
  }
  const [first, rest] = [26 * 26 * c * 9, 24 * 24 * c * c * 9 + flat * h + h * 10]
  return {
    name: "cnn_train",
    args: [p, uniform("x", [b, 28, 28, 1]), onehot(b)],
    f: sgd(loss as never, 0.01) as never,
    donate: [0],
    flops: 2 * b * (2 * first + 3 * rest),
    tolerance: 5e-3,
  }
}
const xor: Make = () => {
  const p = {
    w1: uniform("w1", [2, 16]),
    b1: uniform("b1", [16], 0.1),
    w2: uniform("w2", [16, 1], 0.5),
    b2: uniform("b2", [1], 0.1),
  }
  const loss = (p: Params, x: Any, y: Any): Any => T.mean(T.square(T.sub(dense(T.tanh(dense(x, p, 1)), p, 2), y)))
  return {
    name: "xor_train",
    args: [p, uniform("x", [4, 2]), uniform("t", [4, 1])],
    f: sgd(loss as never, 0.1) as never,
    donate: [0],
    tolerance: 1e-3,
  }
}
const lstm: Make = (size) => {
  const [steps, n, h] = [at(32, size), at(32, size), at(128, size)]
  const p = { wx: uniform("wx", [h, 4 * h], 1 / 11.3), wh: uniform("wh", [h, 4 * h], 1 / 11.3), b: uniform("b", [4 * h], 0.1) }
  const part = (z: Any, k: number): Any => T.slice(z, [null, [k * h, (k + 1) * h]])
  const loss = (p: Params, xs: Any): Any => {
    const zero = T.zeros([n, h]) as Any
    const [[last]] = T.scan(
      ([hidden, cell]: readonly [Any, Any], x: Any) => {
        const z = T.add(T.add(T.matmul(x, p["wx"]!), T.matmul(hidden, p["wh"]!)), p["b"]!)
        const next = T.add(T.mul(T.sigmoid(part(z, 1)), cell), T.mul(T.sigmoid(part(z, 0)), T.tanh(part(z, 2))))
        const out = T.mul(T.sigmoid(part(z, 3)), T.tanh(next))
        return [[out, next], out] as const
      },
      [zero, zero] as const,
      xs,
    ) as unknown as [[Any, Any], Any]
    return T.mean(T.square(last))
  }
  return {
    name: "lstm_train",
    args: [p, uniform("x", [steps, n, h])],
    f: sgd(loss as never, 0.1) as never,
    donate: [0],
    flops: 2 * steps * n * h * 4 * h * 5,
    tolerance: 1e-3,
  }
}
const rows =
  (name: string, n: number, f: (x: Any) => Any, bytes: number, tolerance = 2e-5): Make =>
  (size) => ({
    name,
    args: [uniform("x", [at(n, size), at(n, size)], 4)],
    f,
    donate: [],
    bytes,
    tolerance,
  })
const layerNorm = (x: Any, s: Any, b: Any): Any => {
  const d = T.sub(x, T.mean(x, [-1], { keepDims: true }))
  return T.add(T.mul(T.mul(d, T.rsqrt(T.add(T.variance(x, [-1], { keepDims: true }), 1e-5))), s), b)
}
/** In the order in which they run. */
export const workloads: readonly Make[] = [
  ...[64, 128, 256, 512, 1024].map(matmul),
  (size) => {
    const [b, m, k, n] = [at(32, size), at(128, size), at(64, size), at(128, size)]
    return {
      name: "bmm_32x128x64x128",
      args: [uniform("a", [b, m, k]), uniform("b", [b, k, n])],
      f: (a: Any, c: Any) => T.matmul(a, c),
      donate: [],
      flops: 2 * b * m * k * n,
      tolerance: 2e-5,
    }
  },
  (size) => {
    const n = at(1e6, size)
    const f = (a: Any, b: Any, c: Any): Any => T.mul(T.tanh(T.add(T.mul(a, b), c)), T.sigmoid(a))
    return {
      name: "ewise_1e6",
      args: [uniform("a", [n], 2), uniform("b", [n]), uniform("c", [n])],
      f,
      donate: [],
      bytes: 16e6,
      tolerance: 2e-5,
    }
  },
  rows("softmax_1024", 1024, (x) => T.softmax(x), 8 * 2 ** 20),
  (size) => {
    const n = at(1024, size)
    return {
      name: "layernorm_1024",
      args: [uniform("x", [n, n], 2), uniform("g", [n], 0.1, 1), uniform("b", [n], 0.1)],
      f: layerNorm,
      donate: [],
      bytes: 8 * 2 ** 20,
      tolerance: 2e-5,
    }
  },
  rows("sum_axis0_2048", 2048, (x) => T.sum(x, 0), 16 * 2 ** 20, 1e-4),
  rows("sum_axis1_2048", 2048, (x) => T.sum(x, 1), 16 * 2 ** 20, 1e-4),
  conv("N32_28x28x32", 32, 28, 32, false),
  conv("N32_28x28x32", 32, 28, 32, true),
  conv("N8_56x56x64", 8, 56, 64, false),
  conv("N8_56x56x64", 8, 56, 64, true),
  mlp,
  cnn,
  xor,
  lstm,
]
