// Random numbers: known answers, distributions, independence of batching. Every seed is fixed.
import "../../src/transform/linear.ts"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/backends/reference/index.ts"
import { type AnyTensor, ir, raw, type Tensor } from "../../src/core/index.ts"
import { cipher } from "../../src/ops/_threefry.ts"
import { fromArray, full, iota, threefry } from "../../src/ops/index.ts"
import * as Random from "../../src/random/index.ts"
import { erf } from "../../src/scalar/erf.ts"
import { vmap } from "../../src/transform/index.ts"

const valuesOf = (t: AnyTensor): number[] => [...evaluate([raw(t)])[0]!]
const word = (v: number): ir.Expr => ir.num(v, "u32")
const rowOf = (keys: AnyTensor, k: number): Random.Key =>
  fromArray(Uint32Array.from(valuesOf(keys).slice(2 * k, 2 * k + 2)), [2]) as Tensor<[2], "u32">

describe("Threefry-2x32, 20 rounds", () => {
  // The known answers that the authors publish with the generator (Random123, kat_vectors).
  const known = [
    { key: [0, 0], counter: [0, 0], words: [0x6b200159, 0x99ba4efe] },
    { key: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff], words: [0x1cb996fc, 0xbb002be7] },
    { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], words: [0xc4923a9c, 0x483df7a0] },
  ]
  it.each(known)("key $key, counter $counter", ({ key, counter, words }) => {
    const out = cipher(word(key[0]!), word(key[1]!), word(counter[0]!), word(counter[1]!))
    expect(out.map((e) => (e as ir.Num).v)).toEqual(words)
  })
  it("as an op: each word, their exclusive or, and both", () => {
    const key = Random.key(0)
    const zero = full([], 0, "u32")
    expect(valuesOf(threefry(key, zero, "first"))).toEqual([0x6b200159])
    expect(valuesOf(threefry(key, zero, "second"))).toEqual([0x99ba4efe])
    expect(valuesOf(threefry(key, zero))).toEqual([(0x6b200159 ^ 0x99ba4efe) >>> 0])
    expect(valuesOf(threefry(key, zero, "pair"))).toEqual([0x6b200159, 0x99ba4efe])
  })
})

describe("keys", () => {
  it("hold 53 bits of seed, and refuse what is no seed", () => {
    expect(valuesOf(Random.key(42))).toEqual([0, 42])
    expect(valuesOf(Random.key(2 ** 53 - 1))).toEqual([2 ** 21 - 1, 4294967295])
    expect(() => Random.key(-1)).toThrow("key: -1 is not a seed; a seed is a whole number from 0 to 9007199254740991")
    expect(() => Random.key(0.5)).toThrow("key: 0.5 is not a seed")
  })
  it("split and fold as JAX's do", () => {
    // jax.random.split(jax.random.key(0)), threefry_partitionable
    expect(valuesOf(Random.split(Random.key(0)))).toEqual([1797259609, 2579123966, 928981903, 3453687069])
    expect(Random.split(Random.key(7), 5).shape).toEqual([5, 2])
    expect(valuesOf(Random.fold(Random.key(0), 1))).toEqual([928981903, 3453687069])
  })
  it("fold numbers, tensors and names", () => {
    const key = Random.key(3)
    expect(valuesOf(Random.fold(key, full([], 9, "i32")))).toEqual(valuesOf(Random.fold(key, 9)))
    expect(valuesOf(Random.fold(key, "dense_1"))).toEqual(valuesOf(Random.fold(key, Random.hash("dense_1"))))
    expect(valuesOf(Random.fold(key, "dense_1"))).not.toEqual(valuesOf(Random.fold(key, "dense_2")))
    expect(() => Random.fold(key, -1)).toThrow("the number -1 does not fit dtype u32")
    const names = Array.from({ length: 5000 }, (_, k) => Random.hash(`conv2d_${k}/kernel`))
    expect(new Set(names).size).toBe(5000)
  })
})

describe("bits", () => {
  it("are the same for every shape of as many elements, odd counts and none included", () => {
    const key = Random.key(11)
    const flat = valuesOf(Random.bits(key, [15]))
    expect(valuesOf(Random.bits(key, [3, 5]))).toEqual(flat)
    expect(valuesOf(Random.bits(key, [7]))).toEqual(flat.slice(0, 7))
    expect(valuesOf(Random.bits(key, []))).toEqual(flat.slice(0, 1))
    expect(Random.bits(key, [0, 4]).shape).toEqual([0, 4])
    expect(valuesOf(Random.bits(key, [0, 4]))).toEqual([])
  })
  it("are each set half of the time, and change by half with one bit of the key", () => {
    const n = 4096
    const [a, b] = [valuesOf(Random.bits(Random.key(5), [n])), valuesOf(Random.bits(Random.key(4), [n]))]
    for (let bit = 0; bit < 32; bit++) {
      const ones = a.filter((v) => (v >>> bit) & 1).length
      const flips = a.filter((v, k) => ((v ^ b[k]!) >>> bit) & 1).length
      expect(Math.abs(ones - n / 2)).toBeLessThan(4 * Math.sqrt(n / 4)) // 4 standard deviations
      expect(Math.abs(flips - n / 2)).toBeLessThan(4 * Math.sqrt(n / 4))
    }
  })
  it("batch over keys as they loop over them", () => {
    const keys = Random.split(Random.key(1), 4)
    const all = vmap((k: Tensor<[2], "u32">) => Random.bits(k, [3, 2]))(keys)
    expect(all.shape).toEqual([4, 3, 2])
    expect(valuesOf(all)).toEqual([0, 1, 2, 3].flatMap((k) => valuesOf(Random.bits(rowOf(keys, k), [3, 2]))))
    const z = vmap((k: Tensor<[2], "u32">) => Random.normal(k, [5]))(keys)
    expect(valuesOf(z)).toEqual([0, 1, 2, 3].flatMap((k) => valuesOf(Random.normal(rowOf(keys, k), [5]))))
  })
  it("batch over what is folded in", () => {
    const steps = iota([3], 0)
    const all = vmap((s: Tensor<[], "i32">) => Random.fold(Random.key(8), s))(steps)
    expect(valuesOf(all)).toEqual([0, 1, 2].flatMap((s) => valuesOf(Random.fold(Random.key(8), s))))
  })
})

const moments = (v: readonly number[]): { mean: number; variance: number; skew: number; kurtosis: number } => {
  const m = (p: number, c: number): number => v.reduce((s, x) => s + (x - c) ** p, 0) / v.length
  const mean = m(1, 0)
  const variance = m(2, mean)
  return { mean, variance, skew: m(3, mean) / variance ** 1.5, kurtosis: m(4, mean) / variance ** 2 }
}
/** Kolmogorov and Smirnov's distance to a distribution function, times sqrt n: above 1.63 for one sample of 100, above 1.95 for one of 1000. */
const distance = (v: readonly number[], cdf: (x: number) => number): number => {
  const s = [...v].sort((a, b) => a - b)
  const d = s.reduce((m, x, k) => Math.max(m, cdf(x) - k / s.length, (k + 1) / s.length - cdf(x)), 0)
  return d * Math.sqrt(v.length)
}
const phi = (x: number): number => 0.5 * (1 + erf.eval("f64", x * Math.SQRT1_2))
const n = 20000

describe("uniform", () => {
  it.each(["f32", "f64"] as const)("%s: moments and distance", (dtype) => {
    const v = valuesOf(Random.uniform(Random.key(2024), [n], dtype))
    const { mean, variance, skew, kurtosis } = moments(v)
    expect(Math.min(...v)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...v)).toBeLessThan(1)
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n))
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / n))
    expect(Math.abs(skew)).toBeLessThan(0.06)
    expect(Math.abs(kurtosis - 1.8)).toBeLessThan(0.06)
    expect(distance(v, (x) => x)).toBeLessThan(1.63)
  })
  it("neighbours are uncorrelated", () => {
    const v = valuesOf(Random.uniform(Random.key(77), [n])).map((x) => x - 0.5)
    for (const lag of [1, 2, 3, 16]) {
      const r = v.slice(lag).reduce((s, x, k) => s + x * v[k]!, 0) / (n - lag) / (1 / 12)
      expect(Math.abs(r)).toBeLessThan(4 / Math.sqrt(n))
    }
  })
  it("f32 values are multiples of 2^-23 in [lo, hi), f64 has 53 bits", () => {
    expect(valuesOf(Random.uniform(Random.key(1), [100])).every((v) => Number.isInteger(v * 2 ** 23))).toBe(true)
    const fine = valuesOf(Random.uniform(Random.key(1), [100], { dtype: "f64" }))
    expect(fine.every((v) => Number.isInteger(v * 2 ** 53))).toBe(true)
    expect(fine.some((v) => !Number.isInteger(v * 2 ** 40))).toBe(true)
    const wide = valuesOf(Random.uniform(Random.key(1), [1000], { lo: -3, hi: 5 }))
    expect(Math.min(...wide)).toBeGreaterThanOrEqual(-3)
    expect(Math.max(...wide)).toBeLessThan(5)
    expect(() => Random.uniform(Random.key(1), [2], { lo: 1, hi: 1 })).toThrow("uniform: the interval [1, 1) is empty")
    // @ts-expect-error: a size that is none
    expect(() => Random.uniform(Random.key(1), [2.5])).toThrow("2.5 is not a size")
  })
})

describe("normal", () => {
  it.each(["f32", "f64"] as const)("%s: moments and distance", (dtype) => {
    const v = valuesOf(Random.normal(Random.key(99), [n], { dtype }))
    const { mean, variance, skew, kurtosis } = moments(v)
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n))
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
    expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(6 / n))
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / n))
    expect(distance(v, phi)).toBeLessThan(1.63)
  })
  it("is that of JAX", () => {
    // jax.random.normal(jax.random.key(42)), threefry_partitionable
    expect(valuesOf(Random.normal(Random.key(42), []))[0]).toBeCloseTo(-0.028304616, 7)
  })
  it("is finite at the ends of the uniform numbers", () => {
    const ends = [-1 + 2 ** -24, 1 - 3 * 2 ** -24].map((u) => Math.SQRT2 * erfInvOf(u))
    expect(ends[0]).toBeCloseTo(-5.4198, 3)
    expect(ends[1]).toBeGreaterThan(5)
    expect(ends.every(Number.isFinite)).toBe(true)
  })
  it("scales, and refuses a negative deviation", () => {
    const z = valuesOf(Random.normal(Random.key(4), [50], "f64"))
    const y = valuesOf(Random.normal(Random.key(4), [50], { dtype: "f64", mean: 3, std: 0.5 }))
    y.forEach((v, k) => {
      expect(v).toBeCloseTo(3 + 0.5 * z[k]!, 12)
    })
    expect(() => Random.normal(Random.key(4), [2], { std: -1 })).toThrow(
      "normal: a standard deviation of -1; it must be 0 or more",
    )
  })
})
const erfInvOf = (x: number): number => {
  let [lo, hi] = [-6, 6]
  for (let k = 0; k < 80; k++) {
    const mid = (lo + hi) / 2
    if (erf.eval("f64", mid) < x) lo = mid
    else hi = mid
  }
  return lo
}

describe("truncatedNormal", () => {
  it("follows the normal distribution inside its interval", () => {
    const v = valuesOf(Random.truncatedNormal(Random.key(6), [n]))
    const [a, b] = [phi(-2), phi(2)]
    expect(Math.min(...v)).toBeGreaterThanOrEqual(-2)
    expect(Math.max(...v)).toBeLessThanOrEqual(2)
    expect(distance(v, (x) => (phi(x) - a) / (b - a))).toBeLessThan(1.63)
    expect(Math.sqrt(moments(v).variance)).toBeCloseTo(0.8796, 1)
    const tail = valuesOf(Random.truncatedNormal(Random.key(6), [n], { lo: 1, hi: 3, dtype: "f64" }))
    expect(distance(tail, (x) => (phi(x) - phi(1)) / (phi(3) - phi(1)))).toBeLessThan(1.63)
  })
})

describe("bernoulli", () => {
  it("is true with probability p, as number or tensor", () => {
    for (const p of [0.1, 0.5, 0.75]) {
      const v = valuesOf(Random.bernoulli(Random.key(10), p, [n]))
      const rate = v.reduce((s, x) => s + x, 0) / n
      expect(Math.abs(rate - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n))
    }
    expect(valuesOf(Random.bernoulli(Random.key(10), 0, [100])).every((x) => x === 0)).toBe(true)
    expect(valuesOf(Random.bernoulli(Random.key(10), 1, [100])).every((x) => x === 1)).toBe(true)
    expect(Random.bernoulli(Random.key(1), full([3], 0.5), [2, 3]).dtype).toBe("bool")
    expect(() => Random.bernoulli(Random.key(1), full([4, 3], 0.5), [3])).toThrow(
      "bernoulli: probabilities [4, 3] do not broadcast to [3]",
    )
    expect(() => Random.bernoulli(Random.key(1), 1.5, [3])).toThrow("bernoulli: a probability of 1.5; it must be from 0 to 1")
  })
})
