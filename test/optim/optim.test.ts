// Trajectories: parameters [1, -3] under the gradients [0.5, -2], [1, 0.25], [-0.75, 1.5], one after the other. The numbers were
// worked out from the formulas of the papers (sgd, momentum and Nesterov are exact by hand; the others to 16 digits in another
// language).
import { describe, expect, it } from "vitest"
import * as Optim from "../../src/optim/index.ts"
import * as T from "../../src/tensor.ts"
import { grad } from "../../src/transform/index.ts"
import { flatten } from "../../src/core/tree.ts"
import type { RawTensor } from "../../src/core/tensor.ts"
import { close, f32, f64, run, sentence, shapes, values } from "../nn/help.ts"

const gradients = [
  [0.5, -2],
  [1, 0.25],
  [-0.75, 1.5],
]
/** The parameters after each of the steps, each step on values. */
const trajectory = (o: Optim.Optimizer, gs = gradients): number[][] => {
  let p: unknown = { layer: { kernel: f64([1, -3]) } }
  let s = run(o.init(p))
  return gs.map((g) => {
    const [next, state] = o.update<unknown>({ layer: { kernel: f64(g) } }, s as never, p)
    p = run(next)
    s = run(state) as typeof s
    return values((p as { layer: { kernel: RawTensor } }).layer.kernel)
  })
}
const same = (got: number[][], want: number[][], tolerance = 1e-12): void => {
  got.forEach((row, k) => expect(close(row, want[k]!, tolerance), `step ${k + 1}: ${row} is not ${want[k]}`).toBe(true))
  expect(got).toHaveLength(want.length)
}

describe("update rules", () => {
  it("sgd", () =>
    expect(trajectory(Optim.sgd({ lr: 0.5 }))).toEqual([
      [0.75, -2],
      [0.25, -2.125],
      [0.625, -2.875],
    ]))
  it("momentum", () =>
    expect(trajectory(Optim.momentum({ lr: 0.25, momentum: 0.5 }))).toEqual([
      [0.875, -2.5],
      [0.5625, -2.3125],
      [0.59375, -2.59375],
    ]))
  it("nesterov", () =>
    expect(trajectory(Optim.nesterov({ lr: 0.25, momentum: 0.5 }))).toEqual([
      [0.8125, -2.25],
      [0.40625, -2.21875],
      [0.609375, -2.734375],
    ]))
  it("rmsprop", () =>
    same(trajectory(Optim.rmsprop({ lr: 0.01, decay: 0.9 })), [
      [0.968377225398316, -2.968377223898316],
      [0.939805797643214, -2.972508185753917],
      [0.9581861627451088, -2.992649672846233],
    ]))
  it("adam", () =>
    same(trajectory(Optim.adam({ lr: 0.1 })), [
      [0.9000000019999999, -2.9000000005],
      [0.8034818006385093, -2.8427465433289556],
      [0.777136213879751, -2.845417950820416],
    ]))
  it("adamW decays what its mask names, apart from the gradient", () => {
    same(trajectory(Optim.adamW({ lr: 0.1, weightDecay: 0.1 })), [
      [0.8900000019999998, -2.8700000005],
      [0.7845818006185092, -2.7840465433239556],
      [0.7503903958535658, -2.7588774853821767],
    ])
    const masked = Optim.adamW({ lr: 0.1, weightDecay: 0.1, mask: (path) => !path.endsWith("/kernel") })
    expect(trajectory(masked)).toEqual(trajectory(Optim.adam({ lr: 0.1 })))
  })
  it("have the defaults that they say", () => {
    const g = [gradients[0]!]
    same(trajectory(Optim.sgd(), g), [[1 - 0.5e-3, -3 + 2e-3]])
    same(trajectory(Optim.momentum(), [...g, ...g]), [
      [0.9995, -2.998],
      [0.9995 - 0.95e-3, -2.998 + 3.8e-3],
    ])
    same(trajectory(Optim.adam(), g), [[1 - (1e-3 * 0.5) / (0.5 + 1e-8), -3 + (1e-3 * 2) / (2 + 1e-8)]])
    same(trajectory(Optim.rmsprop(), g), [[1 - (1e-2 * 0.5) / (0.05 + 1e-8), -3 + (1e-2 * 2) / (0.2 + 1e-8)]])
  })
  it("keep moments as trees like the parameters, and count steps", () => {
    const params = { a: { kernel: f32([1, 2, 3, 4], [2, 2]) }, b: f32([0]) }
    const state = Optim.adam().init(params)
    expect(shapes(state)).toEqual({ step: [], mean: shapes(params), square: shapes(params) })
    const [, next] = Optim.adam().update(params, state, params)
    expect(values(next.step)).toEqual([1])
    expect(next.step.dtype).toBe("i32")
    expect(sentence(() => Optim.sgd().update({ a: f32([1]) } as never, Optim.sgd().init(params), params))).toMatch(
      /^tree: structures differ/,
    )
  })
  it("refuse settings without a meaning", () => {
    expect(sentence(() => Optim.adam({ beta1: 1 }))).toBe("adam: beta1 is 1; it must be at least 0 and less than 1")
    expect(sentence(() => Optim.sgd({ lr: -1 }))).toBe("optimizer: a learning rate of -1; it must be 0 or more")
    expect(sentence(() => Optim.adamW({ weightDecay: -1 }))).toBe("adamW: a weight decay of -1; it must be 0 or more")
    expect(sentence(() => Optim.clipByValue(0, Optim.sgd()))).toBe("clipByValue: a limit of 0; it must be more than 0")
    expect(sentence(() => Optim.accumulate(0, Optim.sgd()))).toBe("accumulate: 0 calls; it must be a whole number of 1 or more")
    expect(sentence(() => Optim.warmup(0, 1))).toBe("warmup: 0 steps; it must be a whole number of 1 or more")
  })
})

describe("combinators", () => {
  it("clip by global norm: all leaves as one vector", () => {
    const g = { a: f64([3, 0]), b: f64([4]) }
    const p = { a: f64([0, 0]), b: f64([0]) }
    const moved = (limit: number): number[] => {
      const o = Optim.clipByGlobalNorm(limit, Optim.sgd({ lr: 1 }))
      return flatten(o.update(g, o.init(p), p)[0]).leaves.flatMap(values)
    }
    expect(values(Optim.globalNorm(g))).toEqual([5])
    expect(moved(2.5)).toEqual([-1.5, 0, -2])
    expect(moved(10)).toEqual([-3, 0, -4])
    const zero = Optim.clipByGlobalNorm(1, Optim.sgd({ lr: 1 }))
    expect(flatten(zero.update(p, zero.init(p), p)[0]).leaves.flatMap(values)).toEqual([0, 0, 0])
  })
  it("clip by value: each element", () => {
    expect(trajectory(Optim.clipByValue(0.5, Optim.sgd({ lr: 1 })))).toEqual([
      [0.5, -2.5],
      [0, -2.75],
      [0.5, -3.25],
    ])
  })
  it("accumulate: n calls act as one with the mean gradient", () => {
    const o = Optim.accumulate(2, Optim.momentum({ lr: 0.5, momentum: 0.5 }))
    const gs = [
      [1, 2],
      [3, -4],
      [0.5, 0],
      [1.5, 1],
    ]
    const inner = trajectory(Optim.momentum({ lr: 0.5, momentum: 0.5 }), [
      [2, -1],
      [1, 0.5],
    ])
    expect(trajectory(o, gs)).toEqual([[1, -3], inner[0]!, inner[0]!, inner[1]!])
    expect(shapes(o.init(f32([1, 2])))).toEqual({ step: [], velocity: [2], gradient: [2], calls: [] })
  })
  it("compose", () => {
    const o = Optim.accumulate(2, Optim.clipByValue(1, Optim.sgd({ lr: Optim.step({ lr: 1, every: 1, factor: 0.5 }) })))
    expect(
      trajectory(o, [
        [1, 2],
        [3, -4],
        [0.5, 0],
        [1.5, 1],
      ]),
    ).toEqual([
      [1, -3],
      [0, -2],
      [0, -2],
      [-0.5, -2.25],
    ])
  })
})

describe("schedules", () => {
  const at = (s: Optim.Schedule, ...steps: number[]): number[] =>
    steps.map((k) => values(s(f32([k], []) as RawTensor as unknown as T.Tensor<[]>))[0]!)
  it("constant, step, linear, cosine", () => {
    expect(at(Optim.constant(0.5), 0, 1e6)).toEqual([0.5, 0.5])
    expect(at(Optim.step({ lr: 1, every: 3, factor: 0.5 }), 0, 2, 3, 5, 6, 9)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.125])
    expect(at(Optim.linear({ lr: 1, steps: 4 }), 0, 1, 2, 4, 9)).toEqual([1, 0.75, 0.5, 0, 0])
    expect(close(at(Optim.cosine({ lr: 2, steps: 4, to: 1 }), 0, 1, 2, 4, 9), [2, 1.5 + Math.SQRT1_2 / 2, 1.5, 1, 1])).toBe(true)
  })
  it("a step of many steps never rounds to the wrong side, in f32", () => {
    for (const every of [3, 7, 10, 49, 1000]) {
      const s = Optim.step({ lr: 1, every, factor: 0.5 })
      const f = (k: number): number => Math.fround(Math.fround(k + 0.5) * Math.fround(1 / every))
      for (let n = 1; n <= 20; n++) expect([Math.floor(f(n * every - 1)), Math.floor(f(n * every))]).toEqual([n - 1, n])
      expect(at(s, every - 1, every, 5 * every)).toEqual([1, 0.5, 1 / 32])
    }
  })
  it("warmup rises to what follows, which then counts from 0; join puts parts one behind the other", () => {
    expect(close(at(Optim.warmup(3, Optim.linear({ lr: 1, steps: 4 })), 0, 1, 2, 3, 4, 7), [0.25, 0.5, 0.75, 1, 0.75, 0])).toBe(
      true,
    )
    expect(
      at(
        Optim.join(
          [
            { steps: 2, rate: 1 },
            { steps: 2, rate: Optim.linear({ lr: 2, steps: 2 }) },
          ],
          0.125,
        ),
        0,
        1,
        2,
        3,
        4,
        9,
      ),
    ).toEqual([1, 1, 2, 1, 0.125, 0.125])
  })
  it("follow the step that the state counts", () => {
    expect(trajectory(Optim.sgd({ lr: Optim.step({ lr: 1, every: 2, factor: 0.5 }) }))).toEqual([
      [0.5, -1],
      [-0.5, -1.25],
      [-0.125, -2],
    ])
  })
})
describe("on a real problem", () => {
  // f(p) = (p0 - 1)^2 + 10 (p1 + 2)^2: every optimizer must come near the minimum
  const f = (p: T.Tensor<[2]>): T.Tensor<[]> =>
    T.sum(
      T.mul(
        T.square(T.sub(p, f32([1, -2]) as RawTensor as unknown as T.Tensor<[2]>)),
        f32([1, 10]) as RawTensor as unknown as T.Tensor<[2]>,
      ),
    )
  it.each([
    ["sgd", Optim.sgd({ lr: 0.04 })],
    ["momentum", Optim.momentum({ lr: 0.01 })],
    ["nesterov", Optim.nesterov({ lr: 0.01 })],
    ["rmsprop", Optim.rmsprop({ lr: Optim.linear({ lr: 0.1, steps: 120 }) })],
    ["adam", Optim.adam({ lr: Optim.cosine({ lr: 0.3, steps: 120 }) })],
    ["adamW", Optim.adamW({ lr: Optim.cosine({ lr: 0.3, steps: 120 }), weightDecay: 1e-4 })],
  ] as readonly (readonly [string, Optim.Optimizer])[])("%s finds the minimum", (_, o) => {
    let p = f32([0, 0]) as RawTensor as unknown as T.Tensor<[2]>
    let s = run(o.init(p))
    for (let k = 0; k < 120; k++) {
      const [next, state] = o.update(grad(f)(p), s, p)
      p = run(next)
      s = run(state)
    }
    expect(Math.hypot(values(p)[0]! - 1, values(p)[1]! + 2)).toBeLessThan(0.02)
  })
})
