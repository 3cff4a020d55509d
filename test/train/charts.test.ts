import { describe, expect, test } from "vitest"
import { beside, confusion, confusionTable, curve, imageArt, worstConfusions } from "../../src/train/charts.ts"
import { coloured, columnsOf } from "../../src/train/terminal.ts"

describe("curve", () => {
  test("a falling line, corner to corner", () => {
    expect(`\n${curve([4, 3, 2, 1], { width: 8, height: 4, title: "loss" })}`).toMatchInlineSnapshot(`
      "
            loss
      4.00 ┤⠑⢄
           │  ⠑⢄
           │    ⠑⢄
      1.00 ┤      ⠑⢄
           └────────
            1 step 4"
    `)
  })
  test("two levels, one value, a constant", () => {
    expect(`\n${curve([0, 0, 1, 1], { width: 6, height: 2, x: "epoch" })}`).toMatchInlineSnapshot(`
      "
      1.00 ┤   ⡜⠉⠉
      0.00 ┤⣀⣀⡜
           └──────
            1epoch4"
    `)
    expect(curve([5], { width: 3, height: 2 }).split("\n")[1]).toBe("5.00 ┤⡀")
    expect(curve([2, 2, 2], { width: 3, height: 2 }).split("\n")[1]).toBe("2.00 ┤⣀⣀⣀")
  })
  test("what is not finite is a gap, and counted", () => {
    const picture = curve([1, NaN, Infinity, 1], { width: 4, height: 2 })
    expect(picture.split("\n")[1]).toBe("1.00 ┤⡀  ⢀")
    expect(picture.split("\n").at(-1)).toBe("      2 of 4 values not finite")
    expect(curve([NaN], { title: "loss" })).toBe("loss: no finite value to draw")
    expect(curve([])).toBe("curve: no finite value to draw")
  })
  test("a long series is squeezed into the width, extremes of the means on the axis", () => {
    const lines = curve(
      Array.from({ length: 10_000 }, (_, i) => i),
      { width: 20, height: 5 },
    ).split("\n")
    expect(lines[0]?.startsWith("9875 ┤")).toBe(true)
    expect(lines[4]?.startsWith(" 125 ┤")).toBe(true)
    for (const l of lines) expect(l.length).toBeLessThanOrEqual(26)
    expect(lines.at(-1)).toBe("      1     step    10,000")
  })
})

describe("confusion", () => {
  const truth = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
  const read = [0, 0, 1, 1, 1, 0, 0, 1, 2, 2]
  const m = confusion(truth, read, 4)
  test("counts", () => {
    expect(m).toEqual([
      [2, 1, 0, 0],
      [0, 2, 0, 0],
      [2, 1, 2, 0],
      [0, 0, 0, 0],
    ])
  })
  test("table", () => {
    expect(`\n${confusionTable(m)}`).toBe(`
true \\ read  0  1  2  3    right
────────────────────────────────
          0  2  1  ·  ·   66.7 %
          1  ·  2  ·  ·  100.0 %
          2  2  1  2  ·   40.0 %
          3  ·  ·  ·  ·        -`)
    const lines = confusionTable(m, ["cat", "dog", "owl", "emu"], coloured).split("\n")
    expect(new Set(lines.map(columnsOf)).size).toBe(1)
    expect(lines[2]).toContain("\u001b[32m2\u001b[39m")
  })
  test("ten classes with counts up to 1,000 stay in line", () => {
    const wide = Array.from({ length: 10 }, (_, t) => Array.from({ length: 10 }, (_, p) => (t === p ? 1000 : (t * p) % 7)))
    expect(new Set(confusionTable(wide).split("\n").map(columnsOf)).size).toBe(1)
  })
  test("worst first, ties by class", () => {
    expect(worstConfusions(m)).toEqual([
      "2 read as 0: 2 times (40.0 % of 2)",
      "0 read as 1: 1 time (33.3 % of 0)",
      "2 read as 1: 1 time (20.0 % of 2)",
    ])
    expect(worstConfusions(m, 1, ["cat", "dog", "owl", "emu"])).toEqual(["owl read as cat: 2 times (40.0 % of owl)"])
  })
})

describe("images", () => {
  const cross = [0, 255, 0, 255, 255, 255, 0, 255, 0]
  test("two rows of pixels to a line", () => {
    expect(imageArt(cross, [3, 3])).toBe("▄█▄\n ▀")
    expect(imageArt([95, 96], [1, 2])).toBe(" ▀")
    expect(imageArt([10, 200, 10, 200], [2, 2], { threshold: 5 })).toBe("██")
  })
  test("in greys", () => {
    expect(imageArt([0, 255], [2, 1], { grey: true })).toBe("\u001b[38;5;232;48;5;255m▀\u001b[0m")
    expect(columnsOf(imageArt(cross, [3, 3], { grey: true }).split("\n")[0] as string)).toBe(3)
  })
  test("side by side", () => {
    expect(beside(["ab\nc", "x\ny\nz"])).toBe("ab  x\nc   y\n    z")
    expect(beside([])).toBe("")
  })
})
