import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import { digits } from "../../src/data/digits.ts"
import { glyphs } from "../../src/data/glyphs.ts"
import { coverage, draw, flatten } from "../../src/data/raster.ts"

const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16)
const image = (set: { images: Uint8Array }, i: number): Uint8Array => set.images.subarray(i * 784, (i + 1) * 784)

describe("digits", () => {
  const train = digits({ seed: 42, count: 2000 })
  const test_ = digits({ seed: 42, count: 2000, part: "test" })

  test("the bytes of a seed are fixed", () => {
    expect([sha(train.images), sha(train.labels), sha(test_.images), sha(test_.labels)]).toMatchInlineSnapshot(`
      [
        "9df6edca105d73ad",
        "07d7eff8b357ada5",
        "3abd35199fb2ac3d",
        "2625095ee7a74554",
      ]
    `)
    expect(train.shape).toEqual([2000, 28, 28])
    expect(sha(digits({ seed: 42, count: 2000 }).images)).toBe(sha(train.images))
    expect(sha(digits({ seed: 43, count: 2000 }).images)).not.toBe(sha(train.images))
  })

  test("a shorter set is a prefix of a longer one", () => {
    const short = digits({ seed: 42, count: 123 })
    expect(short.images).toEqual(train.images.slice(0, 123 * 784))
    expect(short.labels).toEqual(train.labels.slice(0, 123))
    expect(digits({ seed: 42, count: 0 }).images.length).toBe(0)
  })

  test("labels are balanced and in no fixed order", () => {
    const counts = Array.from({ length: 10 }, () => 0)
    for (const l of train.labels) counts[l] = (counts[l] as number) + 1
    expect(counts).toEqual(Array.from({ length: 10 }, () => 200))
    expect(train.labels.slice(0, 10)).not.toEqual(train.labels.slice(10, 20))
  })

  test("no image occurs twice, within a part, across the parts of a seed, or across seeds", () => {
    const seen = new Set<string>()
    for (const set of [train, test_, digits({ seed: 1, count: 1000 })])
      for (let i = 0; i < set.labels.length; i++) seen.add(sha(image(set, i)))
    expect(seen.size).toBe(5000)
  })

  test("pixels: mean and deviation, quiet border, ink in every image", () => {
    const n = train.images.length
    const mean = train.images.reduce((a, b) => a + b, 0) / n / 255
    const square = train.images.reduce((a, b) => a + b * b, 0) / n / 255 ** 2
    expect(mean).toBeCloseTo(0.1118, 2)
    expect(Math.sqrt(square - mean * mean)).toBeCloseTo(0.24, 2)
    for (let i = 0; i < 2000; i++) {
      const ink = image(train, i).reduce((a, b) => a + (b > 128 ? 1 : 0), 0)
      expect(ink).toBeGreaterThan(10)
      expect(ink).toBeLessThan(250)
    }
  })

  test("each class can be told from every other: nearest class mean reads over half of the test set, chance is a tenth", () => {
    const sums = Array.from({ length: 10 }, () => new Float64Array(784))
    for (let i = 0; i < 2000; i++)
      image(train, i).forEach((v, p) => ((sums[train.labels[i] as number] as Float64Array)[p]! += v / 200))
    let right = 0
    for (let i = 0; i < 2000; i++) {
      const x = image(test_, i)
      const far = sums.map((m) => m.reduce((a, v, p) => a + (v - (x[p] as number)) ** 2, 0))
      right += far.indexOf(Math.min(...far)) === test_.labels[i] ? 1 : 0
    }
    expect(right / 2000).toBeGreaterThan(0.5)
    expect(right / 2000).toBeLessThan(0.9)
  })

  test("10,000 images take less than 2.5 s of one core", () => {
    const start = process.cpuUsage() // time of this process, not of the clock: other work on the machine does not count
    digits({ seed: 5, count: 2500 })
    const used = process.cpuUsage(start)
    expect(((used.user + used.system) / 1000) * 4).toBeLessThan(2500)
  })

  test("a count that is no whole number is refused", () => {
    expect(() => digits({ seed: 1, count: 2.5 })).toThrow(
      "digits: count 2.5; the number of images is a whole number from 0; give one, for instance 1000",
    )
    expect(() => digits({ seed: -1, count: 1 })).toThrow("key: seed -1")
  })
})

describe("glyphs and raster", () => {
  test("ten digits, several variants each, all on the grid, all in pairs", () => {
    expect(glyphs.length).toBe(10)
    for (const variants of glyphs) {
      expect(variants.length).toBeGreaterThanOrEqual(3)
      for (const stroke of variants.flat()) {
        expect(stroke.length % 2).toBe(0)
        expect(Math.min(...stroke)).toBeGreaterThanOrEqual(0)
        expect(Math.max(...stroke)).toBeLessThanOrEqual(100)
      }
    }
  })

  test("flatten passes through every point; collinear points stay on their line; a doubled point adds no segment", () => {
    const curve = flatten([0, 0, 10, 5, 20, 0], 4)
    expect(curve.length).toBe(2 * 9)
    expect([curve[8], curve[9], curve[16], curve[17]]).toEqual([10, 5, 20, 0])
    const straight = flatten([0, 0, 1, 2, 2, 4, 3, 6], 3)
    for (let i = 0; i < straight.length; i += 2) expect(straight[i + 1]).toBeCloseTo(2 * (straight[i] as number), 12)
    expect(flatten([0, 0, 5, 5, 5, 5, 9, 0], 2).length).toBe(2 * 5)
  })

  test("draw gives squared distances to the nearest segment, also off its ends and for a dot", () => {
    const canvas = new Float64Array(64).fill(Infinity)
    draw(canvas, 8, [2.5, 3.5, 5.5, 3.5], 3)
    expect([canvas[3 * 8 + 4], canvas[5 * 8 + 4], canvas[3 * 8 + 1], canvas[2 * 8 + 7]]).toEqual([0, 4, 1, 5])
    expect(canvas[7 * 8 + 4]).toBe(Infinity)
    draw(canvas, 8, [4.5, 7.5, 4.5, 7.5], 1)
    expect(canvas[7 * 8 + 4]).toBe(0)
    draw(canvas, 8, [-50, -50, 90, 90], 1) // leaves the canvas on both sides
    expect(canvas[0]).toBe(0)
  })

  test("coverage: full inside, none outside, a ramp of one pixel between", () => {
    expect([coverage(0, 1), coverage(0.25, 1), coverage(1, 1), coverage(2.25, 1), coverage(Infinity, 1)]).toEqual([
      1, 1, 0.5, 0, 0,
    ])
  })
})
