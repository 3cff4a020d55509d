// Programs beyond the zoo, and running any of them on a backend.
import * as T from "../../../src/tensor.ts"
import type { Backend } from "../../../src/backends/backend.ts"
import { lower } from "../../../src/compiler/index.ts"
import { captured, hostArray, type Program, type RawTensor } from "../../../src/core/index.ts"
import { gen } from "../../../src/testing/gen.ts"
import { crossEntropy, sgd, zoo as build, type ZooProgram } from "../../zoo.ts"

type Any = T.AnyTensor
const g = gen(11, "small")
const x = (shape: readonly number[], scale = 1): Any => g.tensor(shape, "f32", { lo: -scale, hi: scale })
const labels = (n: number, classes: number): Any =>
  T.oneHot(T.fromArray(Int32Array.from({ length: n }, (_, k) => (k * 7) % classes)), classes)
const key = (): Any => T.fromArray(Uint32Array.of(0x12345678, 0x9abcdef0))
/** Uniform in [0, 1) from threefry: 24 bits, exact in f32. */
const uniform = (k: Any, n: number): Any =>
  T.mul(T.cast(T.shiftRight(T.threefry(k as never, T.iota([n], 0, "u32")) as never, 8 as never), "f32"), 2 ** -24)
const dropout = (k: Any, v: Any, keep: number): Any => {
  const n = v.shape.reduce<number>((a, b) => a * Number(b), 1)
  return T.where(T.less(T.reshape(uniform(k, n), v.shape as never), keep), T.div(v, keep), 0) as Any
}
const heads = (v: Any, h: number): Any => {
  const [b, t, d] = v.shape as readonly number[]
  return T.transpose(T.reshape(v, [b!, t!, h, d! / h]), [0, 2, 1, 3])
}
const normal = (v: Any): Any => {
  const m = T.sub(v, T.mean(v, [-1], { keepDims: true }))
  return T.mul(m, T.rsqrt(T.add(T.variance(v, [-1], { keepDims: true }), 1e-5)))
}
type Weights = Record<string, Any>
const transformer = (p: Weights, v: Any, c: Any): Any => {
  const [b, t, d] = v.shape as readonly number[]
  const flat = (a: Any): Any => T.reshape(a, [b! * t!, d!])
  const project = (a: Any, w: Any): Any => T.reshape(T.matmul(flat(a), w), [b!, t!, d!])
  const n = normal(v)
  const [q, k, u] = [p["q"]!, p["k"]!, p["v"]!].map((w) => heads(project(n, w), 2)) as [Any, Any, Any]
  const weights = T.softmax(T.mul(T.matmul(q, T.transpose(k, [0, 1, 3, 2])), 0.5))
  const mixed = T.reshape(T.transpose(T.matmul(weights, u), [0, 2, 1, 3]), [b!, t!, d!])
  const h = T.add(v, project(mixed, p["o"]!))
  const up = T.gelu(T.matmul(flat(normal(h)), p["up"]!))
  const y = T.add(flat(h), T.matmul(up, p["down"]!))
  return T.mean(T.square(T.sub(y, flat(c))))
}
const weights = (d: number): Weights => ({
  q: x([d, d], d ** -0.5),
  k: x([d, d], d ** -0.5),
  v: x([d, d], d ** -0.5),
  o: x([d, d], d ** -0.5),
  up: x([d, 4 * d], d ** -0.5),
  down: x([4 * d, d], 0.5 * d ** -0.5),
})
interface Net {
  readonly w1: Any
  readonly b1: Any
  readonly w2: Any
}
const dropoutNet = (p: Net, v: Any, y: Any, k: Any): Any =>
  crossEntropy(T.matmul(dropout(k, T.relu(T.add(T.matmul(v, p.w1), p.b1)), 0.75), p.w2), y)
interface Images {
  readonly k1: Any
  readonly k2: Any
  readonly w: Any
}
const images = (p: Images, v: Any, y: Any): Any => {
  const a = T.relu(T.conv2d(v, p.k1, { padding: "same" }))
  const b = T.maxPool2d(T.relu(T.conv2d(a, p.k2, { padding: "same" })), 2)
  return crossEntropy(T.matmul(T.reshape(b, [Number(b.shape[0]), -1]), p.w), y)
}
const recurrent = (p: { readonly w: Any; readonly u: Any }, xs: Any): Any => {
  const h0 = T.zeros([Number(xs.shape[1]), Number(p.u.shape[0])]) as Any
  const [h, ys] = T.scan(
    (h: Any, v: Any) => {
      const n = T.tanh(T.add(T.matmul(v, p.w), T.matmul(h, p.u)))
      return [n, n] as const
    },
    h0,
    xs,
  ) as unknown as [Any, Any]
  return T.add(T.mean(T.square(h)), T.mean(T.square(ys)))
}

/** Small: for tests. */
export const more = (): readonly ZooProgram[] => [
  build("threefry: uniform numbers", [key()], (k: Any) => uniform(k, 300)),
  build(
    "dropout mlp step",
    [{ w1: x([12, 16]), b1: x([16]), w2: x([16, 3]) }, x([8, 12]), labels(8, 3), key()],
    sgd(dropoutNet),
    [0],
  ),
  build("transformer block step", [weights(8), x([2, 5, 8]), x([2, 5, 8])], sgd(transformer), [0]),
  build("rnn step", [{ w: x([6, 8], 0.4), u: x([8, 8], 0.4) }, x([7, 3, 6])], sgd(recurrent), [0]),
  build("long sums", [x([3000]), x([37, 41])], (a: Any, b: Any) => [
    T.mean(a),
    T.sum(T.square(a)),
    T.max(a),
    T.sum(b, [0]),
    T.logSumExp(b, [1]),
  ]),
]
/** Of the sizes that people train: for `device.ts`. */
export const large = (): readonly ZooProgram[] => [
  build(
    "mlp 784-256-10, batch 128",
    [{ w1: x([784, 256], 0.05), b1: x([256], 0.1), w2: x([256, 10], 0.1) }, x([128, 784]), labels(128, 10), key()],
    sgd(dropoutNet),
    [0],
  ),
  build(
    "cnn 28x28, 32-32 filters, batch 64",
    [
      { k1: x([3, 3, 1, 32], 0.3), k2: x([3, 3, 32, 32], 0.06), w: x([14 * 14 * 32, 10], 0.02) },
      x([64, 28, 28, 1]),
      labels(64, 10),
    ],
    sgd(images),
    [0],
  ),
  build("transformer block d=256, 8 x 64 tokens", [weights(256), x([8, 64, 256]), x([8, 64, 256])], sgd(transformer), [0]),
  build("rnn 128, batch 32, 64 steps", [{ w: x([64, 128], 0.1), u: x([128, 128], 0.08) }, x([64, 32, 64])], sgd(recurrent), [0]),
  build("matmul 1024", [x([1024, 1024]), x([1024, 1024])], (a: Any, b: Any) => T.matmul(a, b)),
  build("softmax 4096 x 1024", [x([4096, 1024])], (a: Any) => T.softmax(a)),
  build("sum of 2^22", [x([2 ** 22])], (a: Any) => T.sum(a)),
  build(
    "embedding gradient 8192 x 64, 1024 ids",
    [x([8192, 64]), g.tensor([1024], "i32", { lo: 0, hi: 8191 }), x([1024, 64])],
    (t: Any, ids: Any, c: Any) => sgd((t: Any) => T.sum(T.mul(T.take(t, ids as never), c)))(t),
    [0],
  ),
  build("threefry 2^20", [key()], (k: Any) => uniform(k, 2 ** 20)),
]

/** Outputs, twice: a second run must not depend on what the first left behind. */
export const runProgram = async (b: Backend, program: Program, inputs: readonly Float64Array[], donated: readonly boolean[]) => {
  const all: readonly RawTensor[] = [...program.params, ...captured(program)]
  const flags = all.map((_, k) => donated[k] ?? false)
  const compiled = await b.compile({ program, lowered: () => lower(program, { limits: b.limits, donated: flags }) })
  const once = async (): Promise<number[][]> => {
    const args = await Promise.all(
      all.map((t, k) => {
        const h = hostArray(t.dtype, inputs[k]!.length)
        h.set(inputs[k]!)
        return b.upload(h, t)
      }),
    )
    const outs = await compiled.run(args, flags)
    args.forEach((a, k) => {
      if (!flags[k]) b.free(a)
    })
    const values: number[][] = []
    for (const o of outs) {
      values.push(Array.from(await b.download(o)))
      b.free(o)
    }
    return values
  }
  const got = await once()
  const again = await once()
  compiled.dispose()
  return { got, again, listing: await compiled.listing() }
}
