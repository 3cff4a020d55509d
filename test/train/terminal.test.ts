import { describe, expect, test } from "vitest"
import {
  bar,
  coloured,
  columnsOf,
  count,
  duration,
  pad,
  percent,
  plain,
  short,
  sparkline,
  squeeze,
  styleFor,
  table,
} from "../../src/train/terminal.ts"

describe("colours", () => {
  test("only on a terminal, and where NO_COLOR is unset or empty", () => {
    expect(styleFor({ isTTY: true, env: {} })).toBe(coloured)
    expect(styleFor({ isTTY: true, env: { NO_COLOR: "" } })).toBe(coloured)
    expect(styleFor({ isTTY: true, env: { NO_COLOR: "1" } })).toBe(plain)
    expect(styleFor({ isTTY: true, env: { TERM: "dumb" } })).toBe(plain)
    expect(styleFor({ isTTY: false, env: {} })).toBe(plain)
  })
  test("paints nest, empty text stays empty, and codes take no columns", () => {
    const text = coloured.bold(`a${coloured.red("b")}c`)
    expect(text).toBe("\u001b[1ma\u001b[31mb\u001b[39mc\u001b[22m")
    expect(columnsOf(text)).toBe(3)
    expect(pad(text, 5)).toBe(`${text}  `)
    expect(pad(text, 5, "right")).toBe(`  ${text}`)
    expect(coloured.red("")).toBe("")
  })
})

test("numbers", () => {
  expect([0, 12, 999, 1000, 600810, 1234567].map(count)).toEqual(["0", "12", "999", "1,000", "600,810", "1,234,567"])
  expect([percent(0.9812), percent(1, 0), percent(0)]).toEqual(["98.1 %", "100 %", "0.0 %"])
  expect([0, 1, 2.345, 0.0906, 12.34, 1234.5, 0.00012, 1.5e7, -0.5, NaN].map((v) => short(v))).toEqual([
    "0.00",
    "1.00",
    "2.35",
    "0.0906",
    "12.3",
    "1235",
    "1.20e-4",
    "1.50e+7",
    "-0.500",
    "NaN",
  ])
  expect([0, 0.44, 9.94, 9.96, 59.4, 59.6, 65, 3599.6, 7380, 90000].map(duration)).toEqual([
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "1 min 05 s",
    "1 h 00 min",
    "2 h 03 min",
    "25 h 00 min",
  ])
})

test("table", () => {
  const rows = [
    ["a", "1"],
    ["long", "22"],
  ]
  expect(`\n${table(["name", "n"], rows, ["left", "right"])}`).toBe(`
name   n
────────
a      1
long  22`)
})

test("bar: eighths of a column, within its bounds", () => {
  expect([0, 0.5, 0.53, 1, 2, -1, NaN].map((r) => bar(r, 4))).toEqual(["    ", "██  ", "██▏ ", "████", "████", "    ", "    "])
})

test("sparkline and squeeze", () => {
  expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8])).toBe("▁▂▃▄▅▆▇█")
  expect(sparkline([3, NaN, 3])).toBe("▁ ▁")
  expect(sparkline([])).toBe("")
  expect(sparkline([0, 2, 10, 12, 20, 22], 3)).toBe("▁▅█")
  expect(squeeze([0, 2, 10, NaN, 20, 22, NaN], 3)).toEqual([1, 10, 21])
  expect(squeeze([NaN, NaN, 1], 2)).toEqual([NaN, 1])
})
