import { describe, expect, test } from "vitest"
import { bits, draws, fold, key, permutation, uniform } from "../../src/data/prng.ts"

describe("prng", () => {
  test("draws are fixed numbers (the data sets of every release rest on them)", () => {
    const k = key(42)
    expect([k, bits(k, 0), bits(k, 1), fold(k, 0), fold(k, 1)]).toMatchInlineSnapshot(`
      [
        [
          1866155886,
          2843598960,
        ],
        2848442467,
        1683629891,
        [
          1930160637,
          808700766,
        ],
        [
          2958248636,
          298366217,
        ],
      ]
    `)
  })

  test("uniform: mean 1/2, variance 1/12, each of 16 cells within 4 standard deviations of its share", () => {
    const n = 160_000
    const cells = Array.from({ length: 16 }, () => 0)
    let [sum, square] = [0, 0]
    for (let i = 0; i < n; i++) {
      const u = uniform(key(7), i)
      expect(u >= 0 && u < 1).toBe(true)
      cells[Math.floor(u * 16)] = (cells[Math.floor(u * 16)] as number) + 1
      sum += u
      square += u * u
    }
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n))
    expect(Math.abs(square / n - (sum / n) ** 2 - 1 / 12)).toBeLessThan(1e-3)
    for (const c of cells) expect(Math.abs(c - n / 16)).toBeLessThan(4 * Math.sqrt((n / 16) * (15 / 16)))
  })

  test("children of a key, and draws at the same place of neighbouring keys, are unrelated", () => {
    const n = 20_000
    const k = key(3)
    const seen = new Set(Array.from({ length: n }, (_, i) => fold(k, i).join()))
    expect(seen.size).toBe(n)
    let product = 0
    for (let i = 0; i < n; i++) product += (uniform(fold(k, i), 0) - 0.5) * (uniform(fold(k, i + 1), 0) - 0.5)
    expect(Math.abs(product / n)).toBeLessThan(4 / 12 / Math.sqrt(n))
    expect(key(1)).not.toEqual(key(2 ** 32 + 1))
  })

  test("normal: mean 0, variance 1", () => {
    const d = draws(key(11))
    const xs = Array.from({ length: 50_000 }, d.normal)
    const mean = xs.reduce((a, b) => a + b) / xs.length
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(xs.length))
    expect(xs.reduce((a, b) => a + b * b, 0) / xs.length).toBeCloseTo(1, 1)
  })

  test("permutation: every row once, different for each key, and each place equally likely", () => {
    expect([...permutation(key(5), 200)].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i))
    expect([...permutation(key(5), 0)]).toEqual([])
    expect(permutation(fold(key(5), 0), 50)).not.toEqual(permutation(fold(key(5), 1), 50))
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const p = permutation(fold(key(9), i), 3).join("")
      counts.set(p, (counts.get(p) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const c of counts.values()) expect(Math.abs(c - 1000)).toBeLessThan(4 * Math.sqrt(1000 * (5 / 6)))
  })

  test("a seed that is no whole number is refused", () => {
    expect(() => key(1.5)).toThrow("key: seed 1.5; a seed is a whole number from 0 to 2^53 - 1; give one, for instance 42")
    expect(() => key(-1)).toThrow(RangeError)
  })
})
