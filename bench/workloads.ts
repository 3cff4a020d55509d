// The workloads as programs of the library, written with its public names.
import { mapTree, type RawTensor } from "../src/core/index.ts"
import { hostLeaf } from "../src/core/leaf.ts"
import { valueAndGradOf, vjpOf } from "../src/transform/reverse.ts"
import * as T from "../src/tensor.ts"
import { type Spec, specs, valuesOf } from "./specs.ts"

type Any = T.AnyTensor
/** A tensor by its name, or a record of several. */
type Names = string | readonly string[]
interface Program {
  readonly args: readonly Names[]
  readonly f: (...args: never[]) => unknown
  /** What f gives: one tensor, or a list. */
  readonly outs: Names | readonly Names[]
}
export interface Workload extends Pick<Spec, "name" | "flops" | "bytes"> {
  readonly spec: Spec
  readonly f: (...args: never[]) => unknown
  readonly args: readonly unknown[]
  /** Arguments that the step overwrites: the first result takes the place of the first. */
  readonly donate: readonly number[]
  /** Names of the results, in the order of the leaves. */
  readonly outs: readonly string[]
  /** How 1000 ops are called, where a step is not one call of f. */
  readonly chain?: "eager" | "lazy" | "call"
}

type Params = Readonly<Record<string, Any>>
export const dense = (x: Any, p: Params, k: number): Any => T.add(T.matmul(x, p[`w${k}`]!), p[`b${k}`]!)
const crossEntropy = (logits: Any, t: Any): Any => T.neg(T.mean(T.sum(T.mul(T.logSoftmax(logits), t), [-1])))
const layerNorm = (x: Any, g: Any, b: Any): Any => {
  const centred = T.sub(x, T.mean(x, [-1], { keepDims: true }))
  return T.add(T.mul(T.mul(centred, T.rsqrt(T.add(T.variance(x, [-1], { keepDims: true }), 1e-5))), g), b)
}
const mlp = (p: Params, x: Any): Any => dense(T.tanh(dense(T.tanh(dense(x, p, 1)), p, 2)), p, 3)
const cnn = (p: Params, x: Any): Any => {
  const a = T.relu(T.add(T.conv2d(x, p["k1"]!), p["c1"]!))
  const z = T.maxPool2d(T.relu(T.add(T.conv2d(a, p["k2"]!), p["c2"]!)), 2)
  return dense(T.relu(dense(T.reshape(z, [x.shape[0] as number, 4608]), p, 1)), p, 2)
}
const xor = (p: Params, x: Any): Any => T.sigmoid(dense(T.tanh(dense(x, p, 1)), p, 2))
/** Gates in the order i, f, g, o; the last hidden state. */
export const lstm = (p: Params, x: Any): Any => {
  const [, n, h] = x.shape as readonly [number, number, number]
  const gate = (z: Any, k: number): Any => T.slice(z, [null, [k * h, (k + 1) * h]])
  const zero = T.zeros([n, h]) as Any
  const [[last]] = T.scan(
    ([hidden, cell]: readonly [Any, Any], row: Any) => {
      const z = T.add(row, T.matmul(hidden, p["wh"]!))
      const next = T.add(T.mul(T.sigmoid(gate(z, 1)), cell), T.mul(T.sigmoid(gate(z, 0)), T.tanh(gate(z, 2))))
      return [[T.mul(T.sigmoid(gate(z, 3)), T.tanh(next)), next], []] as const
    },
    [zero, zero] as const,
    T.add(T.matmul(x, p["wx"]!), p["b"]!) as Any,
  ) as unknown as [[Any, Any], unknown]
  return last
}
/** A block with the norms before attention and the dense layers. */
export const transformer = (p: Params, x: Any, heads: number): Any => {
  const h = layerNorm(x, p["g1"]!, p["h1"]!)
  const [q, k, v] = ["wq", "wk", "wv"].map((w) => T.matmul(h, p[w]!) as Any) as [Any, Any, Any]
  const mixed = (T.attention as (q: Any, k: Any, v: Any, o: object) => Any)(q, k, v, { heads })
  const x1 = T.add(x, T.matmul(mixed, p["wo"]!))
  const f = T.gelu(dense(layerNorm(x1, p["g2"]!, p["h2"]!), p, 1), { approximate: "tanh" })
  return T.add(x1, dense(f, p, 2))
}
/** A step of gradient descent: new parameters, and the loss. */
export const sgd =
  (loss: (p: Params, ...rest: Any[]) => Any, lr: number) =>
  (p: Params, ...rest: Any[]): unknown => {
    const [l, g] = valueAndGradOf("bench", loss as (...args: unknown[]) => unknown, {})(p, ...rest)
    return [mapTree(p, (w, _, d) => T.sub(w, T.mul(d!, lr)), g), l]
  }

const inputsOf = (s: Spec): string[] => Object.keys(s.inputs)
const weightsOf = (s: Spec): string[] => inputsOf(s).filter((k) => k !== "x" && k !== "dy")
const plain = (s: Spec, f: (...x: Any[]) => Any): Program => ({ args: inputsOf(s), f, outs: "y" })
const forward = (s: Spec, f: (p: Params, x: Any) => Any): Program => ({ args: [weightsOf(s), "x"], f, outs: "y" })
const training = (s: Spec, loss: (p: Params, ...rest: Any[]) => Any): Program => ({
  args: [s.params!, ...inputsOf(s).filter((k) => !s.params!.includes(k))],
  f: sgd(loss, s.lr!),
  outs: [s.params!, "loss"],
})
const chained = (s: Spec, times: number): Program =>
  plain(s, (x, c) => {
    let y = x!
    for (let k = 0; k < times; k++) y = T.add(y, c!)
    return y
  })
const programs: Readonly<Record<string, (s: Spec) => Program>> = {
  matmul: (s) => plain(s, (a, b) => T.matmul(a!, b!)),
  matmul_of_relu: (s) => plain(s, (a, c, b) => T.matmul(T.relu(T.add(a!, c!)), b!)),
  matmul_of_relu_t: (s) => plain(s, (a, b) => T.matmul(T.transpose(T.relu(a!)), b!)),
  bmm: (s) => plain(s, (a, b) => T.matmul(a!, b!)),
  ewise: (s) => plain(s, (a, b, c) => T.mul(T.tanh(T.add(T.mul(a!, b!), c!)), T.sigmoid(a!))),
  ewise64: (s) =>
    plain(s, (...x) => {
      const [a, b, c] = x.map((v) => T.cast(v, "f64") as Any) as [Any, Any, Any]
      return T.cast(T.mul(T.tanh(T.add(T.mul(a, b), c)), T.exp(a)), "f32")
    }),
  scatter: (s) => plain(s, (x, i, u) => T.scatterAdd(x!, T.cast(i!, "i32") as Any, u!)),
  softmax: (s) => plain(s, (x) => T.softmax(x!)),
  layernorm: (s) => plain(s, (x, g, b) => layerNorm(x!, g!, b!)),
  sum: (s) => plain(s, (x) => (s.axis === undefined ? T.sum(x!) : T.sum(x!, s.axis))),
  conv: (s) => plain(s, (x, w) => T.conv2d(x!, w!, { padding: "same" })),
  convgrad: (s) => ({
    args: inputsOf(s),
    f: (x: Any, w: Any, dy: Any) => {
      const [y, pull] = vjpOf(((x: Any, w: Any) => T.conv2d(x, w, { padding: "same" })) as (...a: unknown[]) => unknown, [x, w])
      return [y, ...(pull(dy) as Any[])]
    },
    outs: ["y", "dx", "dw"],
  }),
  mlp_fwd: (s) => forward(s, mlp),
  mlp_train: (s) => training(s, (p, x, t) => crossEntropy(mlp(p, x!), t!)),
  cnn_fwd: (s) => forward(s, cnn),
  cnn_train: (s) => training(s, (p, x, t) => crossEntropy(cnn(p, x!), t!)),
  chain_eager: (s) => chained(s, 1),
  chain_lazy: (s) => chained(s, 1000),
  chain_jit_call: (s) => chained(s, 1),
  chain_jit_fused: (s) => chained(s, 1000),
  xor_train: (s) => training(s, (p, x, t) => T.mean(T.square(T.sub(xor(p, x!), t!)))),
  lstm_fwd: (s) => forward(s, lstm),
  lstm_train: (s) => training(s, (p, x) => T.mean(T.square(lstm(p, x!)))),
  xfmr_fwd: (s) => forward(s, (p, x) => transformer(p, x, s.heads!)),
  xfmr_fwdbwd: (s) => ({
    args: [weightsOf(s), "x", "dy"],
    f: (p: Params, x: Any, dy: Any) => {
      const net = (p: Params, x: Any): Any => transformer(p, x, s.heads!)
      const [y, pull] = vjpOf(net as unknown as (...a: unknown[]) => unknown, [p, x])
      const [dp, dx] = pull(dy) as [Params, Any]
      return [y, dp, dx]
    },
    outs: ["y", weightsOf(s).map((k) => `d_${k}`), "d_x"],
  }),
}
const chains: Readonly<Record<string, "eager" | "lazy" | "call">> = {
  chain_eager: "eager",
  chain_lazy: "lazy",
  chain_jit_call: "call",
}
const leavesOf = (names: Names | readonly Names[], within = true): string[] =>
  typeof names === "string"
    ? [names]
    : within
      ? (names as readonly Names[]).flatMap((n) => leavesOf(n, false))
      : ([...names] as string[]).sort()

const make = (s: Spec): Workload => {
  const p = programs[s.op]!(s)
  const tensor = (k: string): RawTensor => hostLeaf(valuesOf(s, k, s.inputs[k]!), s.inputs[k]!.shape)
  const chain = chains[s.op]
  return {
    name: s.name,
    spec: s,
    f: p.f,
    args: p.args.map((a) => (typeof a === "string" ? tensor(a) : Object.fromEntries(a.map((k) => [k, tensor(k)])))),
    donate: s.params ? [0] : [],
    outs: leavesOf(p.outs),
    ...(s.flops === undefined ? {} : { flops: s.flops }),
    ...(s.bytes === undefined ? {} : { bytes: s.bytes }),
    ...(chain ? { chain } : {}),
  }
}
/** In the order in which they run; each is made when it is wanted. */
export const workloads: readonly { readonly name: string; readonly make: () => Workload }[] = specs.map((s) => ({
  name: s.name,
  make: () => make(s),
}))
