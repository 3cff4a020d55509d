// A dozen whole programs, small: what the compiler and every backend are shown beside single ops.
import * as T from "../src/tensor.ts"
import { flatten, mapTree, type Program, type RawTensor, unflatten } from "../src/core/index.ts"
import { trace } from "../src/core/program.ts"
import { valueAndGradOf } from "../src/transform/reverse.ts"
import { gen } from "../src/testing/gen.ts"

type Any = T.AnyTensor
export interface ZooProgram {
  readonly name: string
  readonly program: Program
  /** Values for the parameters. */
  readonly values: readonly RawTensor[]
  /** Parameters that the program may overwrite. */
  readonly donated: readonly boolean[]
}
const g = gen(7, "small")
const x = (shape: readonly number[], values?: { lo: number; hi: number }): Any => g.tensor(shape, "f32", values)
const ints = (shape: readonly number[], hi: number): Any => g.tensor(shape, "i32", { lo: 0, hi })

/** A program of a function over trees, with values for its parameters. */
export const zoo = (
  name: string,
  args: readonly unknown[],
  f: (...args: never[]) => unknown,
  donate: readonly number[] = [],
): ZooProgram => {
  const { leaves, spec } = flatten(args)
  const donated = args.flatMap((a, k) => flatten(a).leaves.map(() => donate.includes(k)))
  const program = trace(
    (...p) => flatten((f as (...args: unknown[]) => unknown)(...(unflatten(spec, p) as unknown[]))).leaves,
    leaves,
  )
  return { name, program, values: leaves, donated }
}
/** The public grad is typed by what it is given; these programs are not. */
const grad = (
  f: (...args: never[]) => Any,
  argnums: number | readonly number[] = 0,
): ((...args: readonly unknown[]) => unknown) => {
  const call = valueAndGradOf("grad", f as (...args: unknown[]) => unknown, { argnums })
  return (...args) => call(...args)[1]
}
/** One step of gradient descent: new parameters and the loss. */
export const sgd =
  <P>(loss: (p: P, ...rest: never[]) => Any) =>
  (p: P, ...rest: unknown[]): unknown => {
    const [l, d] = valueAndGradOf("grad", loss as (...args: unknown[]) => unknown, {})(p, ...rest) as unknown as [Any, P]
    return [mapTree(p, (w, _, dw) => T.sub(w, T.mul(dw!, 0.1)), d), l]
  }
export const crossEntropy = (logits: Any, onehot: Any): Any => T.neg(T.mean(T.sum(T.mul(T.logSoftmax(logits), onehot), [1])))

interface Mlp {
  readonly w1: Any
  readonly b1: Any
  readonly w2: Any
  readonly b2: Any
}
const mlp = (p: Mlp, v: Any, y: Any): Any => crossEntropy(T.add(T.matmul(T.tanh(T.add(T.matmul(v, p.w1), p.b1)), p.w2), p.b2), y)
interface Cnn {
  readonly k1: Any
  readonly c1: Any
  readonly k2: Any
  readonly w: Any
}
const cnn =
  (stride: number) =>
  (p: Cnn, v: Any, y: Any): Any => {
    const a = T.relu(T.add(T.conv2d(v, p.k1, { padding: "same" }), p.c1))
    const b = T.relu(T.conv2d(a, p.k2, { stride }))
    const c = T.maxPool2d(b, 2)
    return crossEntropy(T.matmul(T.reshape(c, [c.shape[0]!, -1]), p.w), y)
  }
const attention = (q: Any, k: Any, v: Any): Any => T.matmul(T.softmax(T.mul(T.matmul(q, T.transpose(k, [0, 2, 1])), 0.5)), v)
const layerNorm = (v: Any, s: Any, b: Any): Any => {
  const m = T.sub(v, T.mean(v, [-1], { keepDims: true }))
  return T.add(T.mul(T.mul(m, T.rsqrt(T.add(T.variance(v, [-1], { keepDims: true }), 1e-5))), s), b)
}
const rnn = (w: Any, u: Any, xs: Any): Any => {
  const [h, ys] = T.scan(
    (h: Any, v: Any) => {
      const n = T.tanh(T.add(T.matmul(v, w), T.matmul(h, u)))
      return [n, T.mul(n, n)] as const
    },
    T.zeros([2, 5]) as Any,
    xs,
  ) as unknown as [Any, Any]
  return T.add(T.sum(h), T.sum(ys))
}
interface Lstm {
  readonly wx: Any
  readonly wh: Any
  readonly b: Any
}
const lstm = (p: Lstm, xs: Any): Any => {
  const zero = T.zeros([2, 3]) as Any
  const part = (z: Any, k: number): Any => T.slice(z, [null, [3 * k, 3 * (k + 1)]])
  const [[last]] = T.scan(
    ([hidden, cell]: readonly [Any, Any], v: Any) => {
      const z = T.add(T.add(T.matmul(v, p.wx), T.matmul(hidden, p.wh)), p.b)
      const next = T.add(T.mul(T.sigmoid(part(z, 1)), cell), T.mul(T.sigmoid(part(z, 0)), T.tanh(part(z, 2))))
      const out = T.mul(T.sigmoid(part(z, 3)), T.tanh(next))
      return [[out, next], out] as const
    },
    [zero, zero] as const,
    xs,
  ) as unknown as [[Any, Any], Any]
  return T.mean(T.square(last))
}
interface Block {
  readonly s: Any
  readonly b: Any
  readonly qkv: readonly [Any, Any, Any]
}
/** Layer norm, then attention with two heads, and the input added. */
const block = (p: Block, v: Any): Any => {
  const h = layerNorm(v, p.s, p.b)
  const [q, k, u] = p.qkv.map((w) => T.matmul(h, w)) as unknown as [Any, Any, Any]
  return T.add(v, (T.attention as (...args: unknown[]) => Any)(q, k, u, { heads: 2, causal: true }))
}
const adam = (p: Mlp, m: Mlp, v: Mlp, batch: Any, y: Any): unknown => {
  const d = grad(mlp)(p, batch, y) as Mlp
  const m2 = mapTree(m, (a, _, b) => T.add(T.mul(a, 0.9), T.mul(b!, 0.1)), d)
  const v2 = mapTree(v, (a, _, b) => T.add(T.mul(a, 0.999), T.mul(T.mul(b!, b!), 0.001)), d)
  return [mapTree(p, (w, _, a, b) => T.sub(w, T.mul(T.div(a!, T.add(T.sqrt(b!), 1e-8)), 0.01)), m2, v2), m2, v2]
}
const onehot = (n: number): Any => T.oneHot(T.fromArray(Int32Array.from({ length: n }, (_, k) => k % 3)), 3)
const mlpParams = (): Mlp => ({ w1: x([6, 5]), b1: x([5]), w2: x([5, 3]), b2: x([3]) })
const squares = (): Mlp => ({
  w1: x([6, 5], { lo: 0.1, hi: 1 }),
  b1: x([5], { lo: 0.1, hi: 1 }),
  w2: x([5, 3], { lo: 0.1, hi: 1 }),
  b2: x([3], { lo: 0.1, hi: 1 }),
})

/** Made anew at each call: nothing is shared between tests. */
export const programs = (): readonly ZooProgram[] => [
  zoo("dense layer", [x([4, 6]), x([6, 5]), x([5])], (a: Any, w: Any, b: Any) => T.tanh(T.add(T.matmul(a, w), b))),
  zoo("mlp step", [mlpParams(), x([4, 6]), onehot(4)], sgd(mlp), [0]),
  zoo("adam step", [mlpParams(), mlpParams(), squares(), x([4, 6]), onehot(4)], adam, [0, 1, 2]),
  zoo(
    "cnn step",
    [{ k1: x([3, 3, 1, 4]), c1: x([4]), k2: x([3, 3, 4, 4]), w: x([36, 3]) }, x([2, 8, 8, 1]), onehot(2)],
    sgd(cnn(1)),
    [0],
  ),
  zoo(
    "strided cnn step",
    [{ k1: x([3, 3, 2, 4]), c1: x([4]), k2: x([3, 3, 4, 4]), w: x([4, 3]) }, x([2, 8, 8, 2]), onehot(2)],
    sgd(cnn(2)),
    [0],
  ),
  zoo("depthwise gradient", [x([2, 6, 6, 3]), x([3, 3, 1, 3])], (a: Any, k: Any) =>
    grad((a: Any, k: Any) => T.sum(T.square(T.conv2d(a, k, { groups: 3, padding: "same" }))), [0, 1])(a, k),
  ),
  zoo("transposed convolution gradient", [x([2, 3, 4, 3]), x([3, 3, 2, 3])], (a: Any, k: Any) =>
    grad((a: Any, k: Any) => T.sum(T.square(T.convTranspose2d(a, k, { stride: 2, padding: 1, outputPadding: 1 }))), [0, 1])(a, k),
  ),
  zoo("attention gradient", [x([2, 3, 4]), x([2, 5, 4]), x([2, 5, 2])], (q: Any, k: Any, v: Any) =>
    grad((q: Any, k: Any, v: Any) => T.sum(T.square(attention(q, k, v))), [0, 1, 2])(q, k, v),
  ),
  zoo("softmax gradient", [x([4, 7]), x([4, 7])], (a: Any, c: Any) => grad((a: Any) => T.sum(T.mul(T.softmax(a), c)))(a)),
  zoo("layer norm gradient", [x([4, 7]), x([7]), x([7])], (a: Any, s: Any, b: Any) =>
    grad((a: Any, s: Any, b: Any) => T.sum(T.square(layerNorm(a, s, b))), [0, 1, 2])(a, s, b),
  ),
  zoo("rnn gradient", [x([3, 5]), x([5, 5]), x([4, 2, 3])], (w: Any, u: Any, xs: Any) => grad(rnn, [0, 1])(w, u, xs)),
  zoo("lstm step", [{ wx: x([4, 12]), wh: x([3, 12]), b: x([12]) }, x([5, 2, 4])], sgd(lstm), [0]),
  zoo(
    "block of one example",
    [{ s: x([4]), b: x([4]), qkv: [x([4, 4]), x([4, 4]), x([4, 4])] }, x([1, 3, 4])],
    (p: Block, v: Any) => grad((p: Block, v: Any) => T.sum(T.square(block(p, v))), [0, 1])(p, v),
  ),
  zoo(
    "sparse embedding step",
    [x([9, 3]), ints([4], 8), x([4, 3])],
    (t: Any, ids: Any, c: Any) => T.sub(t, T.mul(grad((t: Any) => T.sum(T.mul(T.take(t, ids), c)))(t) as Any, 0.1)),
    [0],
  ),
  zoo("reshape in a product", [x([6, 4]), x([3, 5])], (a: Any, b: Any) => T.matmul(T.reshape(a, [8, 3]), b)),
  zoo("mixed reductions", [x([3, 4, 5])], (a: Any) => [
    T.variance(a, [0, 2]),
    T.logSumExp(a, [1]),
    T.cumsum(a, 1),
    T.argmax(a, 2),
  ]),
]
