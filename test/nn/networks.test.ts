// Networks as wholes: trees, keys by name, shared weights, skips, layers of one's own, inference, gradients.
import { describe, expect, it } from "vitest"
import { Init, Loss, Net } from "../../src/nn/index.ts"
import { applyOf } from "../../src/nn/variables.ts"
import * as Random from "../../src/random/index.ts"
import { checkGradients } from "../../src/testing/index.ts"
import { valueAndGrad } from "../../src/transform/index.ts"
import * as T from "../../src/tensor.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { flatten, paths } from "../../src/core/tree.ts"
import { close, f32, f64, i32, run, sentence, shapes, values } from "./help.ts"

const key = Random.key(7)
/** As plain JavaScript sees it. */
const untyped = Net.network as unknown as (input: unknown, ...layers: readonly unknown[]) => Net.AnyNetwork
const digits = Net.network(
  ["batch", 28, 28, 1],
  Net.conv2d({ filters: 32, kernel: 3 }),
  Net.relu,
  Net.conv2d({ filters: 32, kernel: 3 }),
  Net.relu,
  Net.maxPool2d(2),
  Net.dropout(0.25),
  Net.flatten,
  Net.dense(128),
  Net.relu,
  Net.dropout(0.5),
  Net.dense(10),
)

describe("parameters", () => {
  it("are a tree keyed by layer; layers without have no entry", () => {
    expect(shapes(Net.init(digits, key).params)).toEqual({
      conv2d_1: { kernel: [3, 3, 1, 32], bias: [32] },
      conv2d_2: { kernel: [3, 3, 32, 32], bias: [32] },
      dense_1: { kernel: [4608, 128], bias: [128] },
      dense_2: { kernel: [128, 10], bias: [10] },
    })
    expect(digits.parameters).toBe(600_810)
    expect(digits.output).toEqual({ shape: ["batch", 10], dtype: "f32" })
  })
  it("keep their values when a layer without a name in common is inserted", () => {
    const a = Net.network(["b", 8], Net.dense(8), Net.named("head", Net.dense(3)))
    const b = Net.network(["b", 8], Net.dense(8), Net.layerNorm(), Net.tanh, Net.dense(8), Net.named("head", Net.dense(3)))
    const [p, q] = [Net.init(a, key).params, Net.init(b, key).params]
    expect(values(q.head.kernel)).toEqual(values(p.head.kernel))
    expect(values(q.dense_1.kernel)).toEqual(values(p.dense_1.kernel))
    expect(values(q.dense_2.kernel)).not.toEqual(values(q.dense_1.kernel))
  })
  it("must be those of the network", () => {
    const net = Net.network(["b", 4], Net.dense(3))
    const x = f32([1, 2, 3, 4], [1, 4])
    const use = (params: unknown): string => sentence(() => applyOf(net, { params, state: {} }, x, {}))
    expect(use({})).toBe(
      "network: params/dense_1/bias: the variables have none, the network wants [3]; take those of Net.init or Net.load for it",
    )
    expect(use({ dense_1: { kernel: f32([1, 2], [2, 1]), bias: f32([0, 0, 0]) } })).toBe(
      "network: params/dense_1/kernel: the variables have [2, 1], the network wants [4, 3]; take those of Net.init or Net.load for it",
    )
  })
})
describe("initial values", () => {
  const draw = (init: Init.Initialiser, shape: readonly number[]): number[] => values(init(key, shape, "f32"))
  const std = (v: readonly number[]): number => Math.sqrt(v.reduce((a, b) => a + b * b, 0) / v.length)
  // the standard error of a standard deviation from n normal draws is sigma / sqrt(2 n): 0.5 % for 20,000; uniform draws less
  it.each([
    ["glorotUniform", Init.glorotUniform, Math.sqrt(2 / 300)],
    ["glorotNormal", Init.glorotNormal, Math.sqrt(2 / 300)],
    ["heUniform", Init.heUniform, Math.sqrt(2 / 200)],
    ["heNormal", Init.heNormal, Math.sqrt(2 / 200)],
    ["lecunUniform", Init.lecunUniform, Math.sqrt(1 / 200)],
    ["lecunNormal", Init.lecunNormal, Math.sqrt(1 / 200)],
    ["heAverageNormal", Init.heAverageNormal, Math.sqrt(4 / 300)],
  ] as const)("%s has the variance of its fans", (_, init, sigma) => {
    const v = draw(init, [200, 100])
    expect(Math.abs(std(v) / sigma - 1)).toBeLessThan(0.02)
    expect(Math.abs(v.reduce((a, b) => a + b) / v.length)).toBeLessThan((4 * sigma) / Math.sqrt(v.length))
  })
  it("counts the receptive field of a convolution kernel", () => {
    expect(Init.fans([3, 3, 16, 32])).toEqual({ nIn: 144, nOut: 288 })
    expect(Init.fans([784, 10])).toEqual({ nIn: 784, nOut: 10 })
    expect(Math.abs(std(draw(Init.heNormal, [3, 3, 16, 64])) / Math.sqrt(2 / 144) - 1)).toBeLessThan(0.03)
  })
  it("lies in its interval, or is constant", () => {
    const u = draw(Init.uniform(-2, 3), [2000])
    expect(Math.min(...u)).toBeGreaterThanOrEqual(-2)
    expect(Math.max(...u)).toBeLessThanOrEqual(3)
    expect(Math.abs(u.reduce((a, b) => a + b) / 2000 - 0.5)).toBeLessThan(0.15)
    expect(Math.max(...draw(Init.glorotUniform, [200, 100]))).toBeLessThan(Math.sqrt(6 / 300))
    expect(draw(Init.constant(0.5), [3])).toEqual([0.5, 0.5, 0.5])
    expect([...draw(Init.zeros, [2]), ...draw(Init.ones, [2])]).toEqual([0, 0, 1, 1])
  })
})

describe("shared weights", () => {
  const half = Net.shared("half", Net.dense(3))
  const net = Net.network(["b", 3], half, Net.tanh, half)
  const x = f64([0.5, -1, 2, 0.25, 1, -0.5], [2, 3])
  const kernel = [0.5, -0.25, 1, 0.75, 0.125, -0.5, 0.25, 1, -1]
  it("are one entry", () => {
    expect(shapes(Net.init(net, key).params)).toEqual({ half: { kernel: [3, 3], bias: [3] } })
    expect(net.parameters).toBe(12)
    expect(Net.summary(net)).toContain("12 parameters")
  })
  it("have the sum of the gradients of their places", () => {
    const two = Net.network(["b", 3], Net.dense(3), Net.tanh, Net.dense(3))
    const leaf = { kernel: f32(kernel, [3, 3]), bias: f32([0.5, 0, -0.5]) }
    const loss = (n: typeof net | typeof two, params: unknown): unknown =>
      T.sum(T.square(applyOf(n, { params, state: {} }, T.cast(x, "f32") as RawTensor, {})[0]))
    const [, tied] = valueAndGrad((p: { half: typeof leaf }) => loss(net, p) as T.Tensor<[]>)({ half: leaf })
    const [, apart] = valueAndGrad((p: { dense_1: typeof leaf; dense_2: typeof leaf }) => loss(two, p) as T.Tensor<[]>)({
      dense_1: leaf,
      dense_2: leaf,
    })
    expect(close(values(tied.half.kernel), values(T.add(apart.dense_1.kernel, apart.dense_2.kernel)))).toBe(true)
    expect(close(values(tied.half.bias), values(T.add(apart.dense_1.bias, apart.dense_2.bias)))).toBe(true)
    expect(values(apart.dense_1.bias)).not.toEqual(values(apart.dense_2.bias))
  })
})
describe("skip connections", () => {
  it("add the input, or a shortcut of it", () => {
    const x = f32([1, -2, 3, 4], [2, 2])
    const plain = Net.network(["b", 2], Net.residual(Net.dense(2)))
    const v = { dense_1: 0, kernel: f32([1, 2, 3, 4], [2, 2]), bias: f32([0, 0]) }
    expect(values(applyOf(plain, { params: { residual_1: v }, state: {} }, x, {})[0])).toEqual([1 - 5, -2 - 6, 3 + 15, 4 + 22])
    const both = Net.network(
      ["b", 2],
      Net.residual(Net.sequential(Net.dense(3), Net.batchNorm()), { shortcut: Net.dense(3, { bias: false }) }),
    )
    expect(shapes(Net.init(both, key))).toEqual({
      params: {
        residual_1: {
          block: { dense_1: { kernel: [2, 3], bias: [3] }, batchNorm_1: { scale: [3], shift: [3] } },
          shortcut: { kernel: [2, 3] },
        },
      },
      state: { residual_1: { block: { batchNorm_1: { mean: [3], variance: [3] } } } },
    })
    const vars = run(Net.init(both, key))
    const { block, shortcut } = vars.params.residual_1
    const y = T.add(
      T.mul(T.add(T.matmul(x, block.dense_1.kernel), block.dense_1.bias), 1 / Math.sqrt(1 + 1e-5)),
      T.matmul(x, shortcut.kernel),
    )
    expect(close(values(Net.predict(both, vars, x as T.Tensor<[2, 2]>)), values(y), 1e-6)).toBe(true)
    expect(sentence(() => untyped(["b", 2], Net.residual(Net.dense(3), { shortcut: Net.dense(4) })))).toBe(
      "residual: the block maps [b, 2] to [b, 3], the shortcut to [b, 4]; they must agree",
    )
  })
  it("keep the names of what is in them, and do not hide what is shared", () => {
    const way = Net.named("way", Net.dense(3, { bias: false }))
    const net = Net.network(
      ["b", 3],
      Net.residual(Net.named("body", Net.dense(3))),
      Net.residual(Net.dense(3), { shortcut: way }),
    )
    expect(shapes(Net.init(net, key).params)).toEqual({
      residual_1: { body: { kernel: [3, 3], bias: [3] } },
      residual_2: { block: { kernel: [3, 3], bias: [3] }, shortcut: { way: { kernel: [3, 3] } } },
    })
    const x = f32([1, 2, 3], [1, 3]) as T.Tensor<[1, 3]>
    expect(Net.predict(net, Net.init(net, key), x).shape).toEqual([1, 3])
    const half = Net.shared("half", Net.dense(3))
    expect(sentence(() => untyped(["b", 3], Net.residual(half), Net.residual(half)))).toBe(
      "shared: residual_1/half and residual_2/half are in different lists of layers; share within one list, or use two names",
    )
  })
  it("repeat n times, with parameters of their own", () => {
    const net = Net.network(["b", 4], Net.repeat(3, Net.residual(Net.dense(4))))
    expect(shapes(Net.init(net, key).params)).toEqual({
      sequential_1: Object.fromEntries([1, 2, 3].map((k) => [`residual_${k}`, { kernel: [4, 4], bias: [4] }])),
    })
  })
})
describe("a layer of one's own", () => {
  const affine = Net.layer({
    name: "affine",
    in: ["...", "n"],
    params: { scale: Net.param(["n"], Init.constant(2)), shift: Net.param(["n"], Init.ones) },
    apply: ({ scale, shift }, x) => T.add(T.mul(x, scale), shift),
  })
  it("sees its leading axes as one, whatever they are", () => {
    const x = Array.from({ length: 24 }, (_, k) => k)
    const net = Net.network([2, 3, 4], affine)
    const vars = run(Net.init(net, key))
    const y = Net.predict(net, vars, f32(x, [2, 3, 4]) as T.Tensor<[2, 3, 4]>)
    expect(y.shape).toEqual([2, 3, 4])
    expect(values(y)).toEqual(x.map((v) => 2 * v + 1))
    expect(shapes(vars.params)).toEqual({ affine_1: { scale: [4], shift: [4] } })
  })
  it("gets sizes, training and a key of its own", () => {
    const seen: unknown[] = []
    const jitter = Net.layer({
      name: "jitter",
      in: ["b", "n"],
      out: ["b"],
      needs: "Random",
      apply: (_, x, { dims, train, key: own }) => {
        seen.push({ ...dims, train })
        return T.sum(own ? T.add(x, Random.uniform(own, [dims.b, dims.n])) : x, 1)
      },
    })
    const net = Net.network(["rows", 3], jitter)
    const [x, vars] = [f32([1, 2, 3, 4, 5, 6], [2, 3]) as T.Tensor<[2, 3]>, Net.init(net, key)]
    expect(values(Net.predict(net, vars, x))).toEqual([6, 15])
    const [noisy] = Net.apply(net, vars, x, { train: true, key })
    expect(noisy.shape).toEqual([2])
    expect(values(noisy)[0]).toBeGreaterThan(6)
    expect(seen).toEqual([
      { b: 2, n: 3, train: false },
      { b: 2, n: 3, train: true },
    ])
  })
  it("must return what it says", () => {
    const liar = Net.layer({ name: "liar", in: ["b", "n"], out: ["b"], apply: (_, x) => x as never })
    const net = Net.network(["b", 3], liar)
    expect(sentence(() => Net.predict(net, { params: {}, state: {} }, f32([1, 2, 3], [1, 3]) as T.Tensor<[1, 3]>))).toBe(
      "liar: apply returned f32[1, 3], out says f32[1]",
    )
    expect(sentence(() => untyped(["batch", "time"], affine))).toBe("affine: parameters need sizes, and time is a name")
    expect(sentence(() => untyped(["batch", 2, 8], liar))).toBe(
      "liar: [batch, 2, 8] does not fit [b, n]: the rank is too large; change one of them",
    )
  })
})

describe("several inputs", () => {
  const masked = Net.layer({
    name: "masked",
    in: [["b", "t", "d"], Net.input(["b", "t"], "bool")],
    out: [["b", "d"], ["b"]],
    params: { scale: Net.param(["d"], Init.constant(2)) },
    apply: ({ scale }, [x, mask]) =>
      [T.mul(T.sum(T.where(T.expandDims(mask, -1), x, 0), 1), scale), T.cast(T.sum(mask, 1), "f32")] as const,
  })
  const mean = Net.layer({
    name: "mean",
    in: [["b", "d"], ["b"]],
    out: ["b", "d"],
    apply: (_, [x, n]) => T.div(x, T.expandDims(n, -1)),
  })
  const net = Net.network([["batch", 3, 2], Net.input(["batch", 3], "bool")], masked, mean, Net.dense(2))
  const x = f32([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]) as T.Tensor<[2, 3, 2]>
  const mask = T.fromArray(Uint8Array.of(1, 0, 1, 0, 1, 0), [2, 3]) as unknown as T.Tensor<[2, 3], "bool">
  it("go through layers that take lists", () => {
    const vars = {
      params: { masked_1: { scale: f32([2, 2]) }, dense_1: { kernel: f32([1, 0, 0, 1], [2, 2]), bias: f32([0, 0]) } },
      state: {},
    }
    const y = Net.predict(net, vars as never, [x, mask])
    expect(y.shape).toEqual([2, 2])
    expect(values(y)).toEqual([6, 8, 18, 20])
    expect(shapes(Net.init(net, key).params)).toEqual({ masked_1: { scale: [2] }, dense_1: { kernel: [2, 2], bias: [2] } })
    expect(Net.summary(net)).toContain("[batch, 2], [batch]")
  })
  it("refuse what does not fit, in the words of the compiler", () => {
    const vars = Net.init(net, key)
    expect(sentence(() => Net.predict(net, vars, [x, f32([1, 1, 1, 1, 1, 1], [2, 3])] as never))).toBe(
      "network: an argument is f32 where bool is wanted; cast it",
    )
    expect(sentence(() => Net.predict(net, vars, x as never))).toBe("network: needs 2 tensors, got 1; give a list of 2")
    const other = f32([1, 2, 3, 4, 5, 6], [1, 3, 2])
    expect(sentence(() => Net.predict(net, vars, [other, mask] as never))).toBe(
      "network: [2, 3] does not fit [batch, 3]: batch is 1 in an earlier argument and 2 here; change one of them",
    )
    expect(sentence(() => untyped(["batch", 3, 2], masked))).toBe("masked: needs 2 tensors, got 1; give a list of 2")
    expect(
      sentence(() =>
        untyped(
          [
            ["batch", 3],
            ["batch", 3],
          ],
          Net.dense(2),
        ),
      ),
    ).toBe("dense: needs 1 tensor, got 2; give one; Net.select takes it out of a list")
    expect(
      sentence(() =>
        untyped(
          [
            ["batch", 3],
            ["batch", 3],
          ],
          Net.residual(Net.dense(2)),
        ),
      ),
    ).toBe("residual: needs 1 tensor, got 2; give one; Net.select takes it out of a list")
  })
})

describe("inference and loss", () => {
  const net = Net.network(["b", 3], Net.dense(4), Net.batchNorm(), Net.dropout(0.5), Net.dense(2))
  const vars = run(Net.init(net, key))
  const x = f32([1, 2, 3, -1, 0, 1, 2, 2, -2], [3, 3]) as T.Tensor<[3, 3]>
  it("infers without key, dropout and update", () => {
    const infer = Net.infer(net)
    expect(values(infer(vars, x))).toEqual(values(Net.predict(net, vars, x)))
    const [y, state] = Net.apply(net, vars, x)
    expect(values(y)).toEqual(values(infer(vars, x)))
    expect(values(state.batchNorm_1.mean)).toEqual([0, 0, 0, 0])
  })
  it("binds names anew at each call, and refuses what does not fit", () => {
    expect(Net.predict(net, vars, f32([1, 2, 3], [1, 3]) as T.Tensor<[1, 3]>).shape).toEqual([1, 2])
    expect(sentence(() => Net.predict(net, vars, f32([1, 2], [1, 2]) as never))).toBe(
      "network: [1, 2] does not fit [b, 3]: 2 is not 3; change one of them",
    )
    expect(sentence(() => Net.predict(net, vars, i32([1, 2, 3], [1, 3]) as never))).toBe(
      "network: an argument is i32 where f32 is wanted; cast it",
    )
  })
  it("gives loss, new state and a gradient for every parameter", () => {
    const lossOf = Net.loss(net, (logits, label: T.Tensor<["b"], "i32">) => T.mean(Loss.softmaxCrossEntropy(logits, label)))
    const y = i32([0, 1, 1]) as RawTensor as T.Tensor<[3], "i32">
    const [[loss, state], g] = valueAndGrad(lossOf, { aux: true })(vars, { x, y, key })
    expect(values(loss)[0]).toBeGreaterThan(0)
    expect(values(state.batchNorm_1.mean)).not.toEqual([0, 0, 0, 0])
    expect(shapes(g.params)).toEqual(shapes(vars.params))
    expect(sentence(() => Net.loss(net, (logits) => logits as never)(vars, { x, y: y as never, key }))).toBe(
      "loss: must be a scalar (shape []), got [3, 2]; take its mean",
    )
  })
  it("has the gradients that finite differences have: convolution, pooling, norms, skips, embedding", () => {
    const small = Net.network(
      ["b", 5, 5, 2],
      Net.conv2d({ filters: 3, kernel: 2, stride: 2, padding: 1 }),
      Net.batchNorm(),
      Net.softplus,
      Net.avgPool2d(2, { stride: 1 }),
      Net.flatten,
      Net.layerNorm(),
      Net.residual(Net.sequential(Net.dense(12), Net.tanh)),
      Net.gelu,
      Net.dense(3),
    )
    const v = run(Net.init(small, Random.key(3)))
    const images = f32(
      Array.from({ length: 2 * 50 }, (_, k) => Math.sin(1.3 * k + 0.2)),
      [2, 5, 5, 2],
    )
    const of = (params: typeof v.params): unknown => {
      const [logits] = applyOf(small, { params, state: v.state }, images, { train: true })
      return T.mean(Loss.softmaxCrossEntropy(logits as never, i32([2, 0]) as never))
    }
    checkGradients(of, [v.params], { elements: 12 })
    const text = Net.network(Net.input(["b", "t"], "i32"), Net.embedding(5, 3), Net.flatten)
    const e = run(Net.init(text, Random.key(4)))
    checkGradients(
      (params: typeof e.params) => T.sum(T.square(applyOf(text, { params, state: {} }, i32([1, 4, 1, 0], [2, 2]), {})[0])),
      [e.params],
    )
    expect(paths(v.params)).toHaveLength(flatten(v.params).leaves.length)
  })
})
describe("summary", () => {
  it("shows every layer, its output and its parameters", () => {
    const net = Net.network(
      ["batch", 6, 6, 1],
      Net.conv2d({ filters: 2, kernel: 3 }),
      Net.named("act", Net.relu),
      Net.flatten,
      Net.dense(10),
    )
    expect(Net.summary(net).split("\n")).toEqual([
      "layer      output            parameters  per example",
      "----------------------------------------------------",
      "input      [batch, 6, 6, 1]",
      "conv2d_1   [batch, 4, 4, 2]          20        128 B",
      "act        [batch, 4, 4, 2]           0        128 B",
      "flatten_1  [batch, 32]                0        128 B",
      "dense_1    [batch, 10]              330         40 B",
      "----------------------------------------------------",
      "350 parameters (1.4 KiB), 424 B of outputs per example",
      "at most 68 elements alive at once in inference, per example",
    ])
  })
})
