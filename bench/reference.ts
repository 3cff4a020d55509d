// What every workload must give, in float64. Kept in .cache/bench: it is slow.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Spec, specs, valuesOf } from "./specs.ts"
import * as o from "./tape.ts"
import { root } from "./root.ts"

type Inputs = Readonly<Record<string, o.Var>>
export type Outputs = Readonly<Record<string, Float64Array<ArrayBuffer>>>

const mlp = (p: Inputs): o.Var => {
  const dense = (x: o.Var, k: number): o.Var => o.add(o.matmul(x, p[`w${k}`]!), p[`b${k}`]!)
  return dense(o.tanh(dense(o.tanh(dense(p["x"]!, 1)), 2)), 3)
}
const cnn = (p: Inputs): o.Var => {
  const a = o.relu(o.add(o.conv(p["x"]!, p["k1"]!, false), p["c1"]!))
  const z = o.maxPool(o.relu(o.add(o.conv(a, p["k2"]!, false), p["c2"]!)))
  const h = o.relu(o.add(o.matmul(o.reshape(z, [a.shape[0]!, 4608]), p["w1"]!), p["b1"]!))
  return o.add(o.matmul(h, p["w2"]!), p["b2"]!)
}
/** Gates in the order i, f, g, o; the last hidden state. */
const lstm = (p: Inputs): o.Var => {
  const [t, n, d] = p["x"]!.shape as [number, number, number]
  const xs = o.reshape(o.add(o.matmul(o.reshape(p["x"]!, [t * n, d]), p["wx"]!), p["b"]!), [t, n, 4 * d])
  let [h, c] = [new o.Var([n, d], new Float64Array(n * d)), new o.Var([n, d], new Float64Array(n * d))]
  for (let k = 0; k < t; k++) {
    const z = o.add(o.row(xs, k), o.matmul(h, p["wh"]!))
    const gate = (q: number): o.Var => o.columns(z, q * d, (q + 1) * d)
    c = o.add(o.mul(o.sigmoid(gate(1)), c), o.mul(o.sigmoid(gate(0)), o.tanh(gate(2))))
    h = o.mul(o.sigmoid(gate(3)), o.tanh(c))
  }
  return h
}
const transformer = (p: Inputs, heads: number): o.Var => {
  const [n, t, d] = p["x"]!.shape as [number, number, number]
  const size = d / heads
  const flat = (x: o.Var): o.Var => o.reshape(x, [n * t, d])
  const h = flat(o.layerNorm(p["x"]!, p["g1"]!, p["h1"]!))
  const split = (w: string, perm: readonly number[]): o.Var =>
    o.transpose(o.reshape(o.matmul(h, p[w]!), [n, t, heads, size]), perm)
  const scores = o.scale(o.matmul(split("wq", [0, 2, 1, 3]), split("wk", [0, 2, 3, 1])), 1 / Math.sqrt(size))
  const mixed = o.matmul(o.softmax(scores), split("wv", [0, 2, 1, 3]))
  const x1 = o.add(flat(p["x"]!), o.matmul(flat(o.transpose(mixed, [0, 2, 1, 3])), p["wo"]!))
  const f = o.gelu(o.add(o.matmul(o.layerNorm(x1, p["g2"]!, p["h2"]!), p["w1"]!), p["b1"]!))
  return o.reshape(o.add(x1, o.add(o.matmul(f, p["w2"]!), p["b2"]!)), [n, t, d])
}
const y = (v: o.Var): Outputs => ({ y: v.data })
const trained = (p: Inputs, s: Spec, loss: o.Var): Outputs => {
  o.backward(loss, [1])
  const next = s.params!.map((k) => [k, p[k]!.data.map((v, i) => v - s.lr! * p[k]!.grad[i]!)] as const)
  return { loss: loss.data, ...Object.fromEntries(next) }
}
const pulled = (out: o.Var, dy: o.Var, wrt: Inputs, name: (k: string) => string): Outputs => {
  o.backward(out, dy.data)
  return { y: out.data, ...Object.fromEntries(Object.entries(wrt).map(([k, v]) => [name(k), v.grad])) }
}
const sums = ({ x }: Inputs, axis: number | undefined): Outputs => {
  const [r, c] = x!.shape as [number, number]
  const out = new Float64Array(axis === undefined ? 1 : axis === 0 ? c : r)
  x!.data.forEach((v, i) => {
    out[axis === undefined ? 0 : axis === 0 ? i % c : Math.floor(i / c)]! += v
  })
  return { y: out }
}
const scatter = ({ x, i, u }: Inputs): Outputs => {
  const out = x!.data.slice()
  const width = x!.shape[1]!
  u!.data.forEach((v, k) => {
    out[i!.data[Math.floor(k / width)]! * width + (k % width)]! += v
  })
  return { y: out }
}
const ewise64 = ({ a, b, c }: Inputs): Outputs => ({
  y: a!.data.map((v, k) => Math.tanh(v * b!.data[k]! + c!.data[k]!) * Math.exp(v)),
})
const chain = (p: Inputs): Outputs => ({ y: p["x"]!.data.map((v, i) => v + 1000 * p["c"]!.data[i]!) })
const xor = (p: Inputs): o.Var => {
  const h = o.tanh(o.add(o.matmul(p["x"]!, p["w1"]!), p["b1"]!))
  const out = o.sigmoid(o.add(o.matmul(h, p["w2"]!), p["b2"]!))
  return o.meanSquare(o.add(out, o.scale(p["t"]!, -1)))
}
const ops: Readonly<Record<string, (p: Inputs, s: Spec) => Outputs>> = {
  matmul: ({ a, b }) => y(o.matmul(a!, b!)),
  matmul_of_relu: ({ a, c, b }) => y(o.matmul(o.relu(o.add(a!, c!)), b!)),
  matmul_of_relu_t: ({ a, b }) => y(o.matmul(o.transpose(o.relu(a!), [1, 0]), b!)),
  bmm: ({ a, b }) => y(o.matmul(a!, b!)),
  ewise: ({ a, b, c }) => y(o.mul(o.tanh(o.add(o.mul(a!, b!), c!)), o.sigmoid(a!))),
  softmax: ({ x }) => y(o.softmax(x!)),
  layernorm: ({ x, g, b }) => y(o.layerNorm(x!, g!, b!)),
  ewise64,
  scatter,
  sum: (p, s) => sums(p, s.axis),
  conv: ({ x, w }) => y(o.conv(x!, w!, true)),
  convgrad: ({ x, w, dy }) => pulled(o.conv(x!, w!, true), dy!, { x: x!, w: w! }, (k) => `d${k}`),
  mlp_fwd: (p) => y(mlp(p)),
  mlp_train: (p, s) => trained(p, s, o.crossEntropy(mlp(p), p["t"]!)),
  cnn_fwd: (p) => y(cnn(p)),
  cnn_train: (p, s) => trained(p, s, o.crossEntropy(cnn(p), p["t"]!)),
  chain_eager: chain,
  chain_lazy: chain,
  chain_jit_call: chain,
  chain_jit_fused: chain,
  xor_train: (p, s) => trained(p, s, xor(p)),
  lstm_fwd: (p) => y(lstm(p)),
  lstm_train: (p, s) => trained(p, s, o.meanSquare(lstm(p))),
  xfmr_fwd: (p, s) => y(transformer(p, s.heads!)),
  xfmr_fwdbwd: ({ dy, ...p }, s) => pulled(transformer(p, s.heads!), dy!, p, (k) => `d_${k}`),
}
const compute = (s: Spec): Outputs => {
  const inputs = Object.entries(s.inputs).map(([k, i]) => [k, new o.Var(i.shape, Float64Array.from(valuesOf(s, k, i)))] as const)
  return ops[s.op]!(Object.fromEntries(inputs), s)
}

// ---- kept ----------------------------------------------------------------------------------------------------------
const folder = fileURLToPath(new URL(".cache/bench/", root))
/** From the cache, or computed now. */
export const referenceOf = (s: Spec): Outputs => {
  const [head, body] = [`${folder}${s.name}.json`, `${folder}${s.name}.f64`]
  const key = JSON.stringify(s)
  if (existsSync(head)) {
    const known = JSON.parse(readFileSync(head, "utf8")) as { key: string; outs: readonly (readonly [string, number])[] }
    if (known.key === key) {
      const file = readFileSync(body)
      const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer
      let from = 0
      return Object.fromEntries(known.outs.map(([k, n]) => [k, new Float64Array(bytes, (from += 8 * n) - 8 * n, n)]))
    }
  }
  const outs = compute(s)
  mkdirSync(folder, { recursive: true })
  writeFileSync(body, Buffer.concat(Object.values(outs).map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength))))
  writeFileSync(head, JSON.stringify({ key, outs: Object.entries(outs).map(([k, v]) => [k, v.length]) }))
  return outs
}
/** Computes all that is not kept yet. */
export const prepare = (): void => {
  for (const s of specs) referenceOf(s)
}
