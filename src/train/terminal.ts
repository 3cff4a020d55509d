// Text for a terminal: colours, numbers, tables, bars. Pure functions from values to strings; nothing here writes or reads a
// clock.

const ESC = String.fromCharCode(27)

export type Paint = (text: string) => string
/** How to emphasise. `plain` leaves text as it is. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly cyan: Paint
}
const same: Paint = (text) => text
/** No colours. */
export const plain: Style = { bold: same, dim: same, red: same, green: same, cyan: same }
/** ANSI colours (ECMA-48 "select graphic rendition"); each paint undoes only what it did. */
const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    text === "" ? "" : `${ESC}[${on}m${text}${ESC}[${off}m`
export const coloured: Style = { bold: sgr(1, 22), dim: sgr(2, 22), red: sgr(31, 39), green: sgr(32, 39), cyan: sgr(36, 39) }

/** Colours only on a terminal that knows them, and where NO_COLOR (no-color.org) is unset or empty. */
export const styleFor = (out: { readonly isTTY: boolean; readonly env: Readonly<Record<string, string | undefined>> }): Style =>
  out.isTTY && !out.env["NO_COLOR"] && out.env["TERM"] !== "dumb" ? coloured : plain

const codes = new RegExp(`${ESC}\\[[0-9;]*[A-Za-z]`, "g")
/** Columns that a line takes: code points without colour codes (all characters used here are one column wide). */
export const columnsOf = (line: string): number => [...line.replace(codes, "")].length
/** Fills a line with spaces up to a width, on its right or (for numbers) on its left. */
export const pad = (text: string, width: number, align: "left" | "right" = "left"): string => {
  const gap = " ".repeat(Math.max(0, width - columnsOf(text)))
  return align === "left" ? text + gap : gap + text
}

/** `count(600810)` is "600,810". */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",")
/** `percent(0.9812)` is "98.1 %". */
export const percent = (ratio: number, digits = 1): string => `${(100 * ratio).toFixed(digits)} %`
/** A number in `digits` significant digits, in scientific notation only where it would be long. */
export const short = (v: number, digits = 3): string => {
  if (!Number.isFinite(v)) return String(v)
  const size = Math.abs(v)
  if (v !== 0 && (size < 1e-3 || size >= 1e6)) return v.toExponential(digits - 1)
  return v.toFixed(Math.max(0, digits - 1 - (v === 0 ? 0 : Math.floor(Math.log10(size)))))
}
/** Seconds for people: "0.4 s", "12 s", "1 min 05 s", "2 h 03 min". */
export const duration = (seconds: number): string => {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`
  const s = Math.round(seconds)
  const two = (n: number): string => String(n).padStart(2, "0")
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`
  const m = Math.round(s / 60)
  return `${Math.floor(m / 60)} h ${two(m % 60)} min`
}

/** Rows under a heading, columns as wide as they need, two spaces between. `align` is per column; left unless told. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ("left" | "right")[] = [],
  style: Style = plain,
): string => {
  const widths = head.map((h, c) => Math.max(columnsOf(h), ...rows.map((r) => columnsOf(r[c] ?? ""))))
  const line = (cells: readonly string[]): string =>
    widths
      .map((w, c) => pad(cells[c] ?? "", w, align[c]))
      .join("  ")
      .trimEnd()
  const rule = style.dim(widths.map((w) => "─".repeat(w)).join("──"))
  return [line(head.map(style.bold)), rule, ...rows.map(line)].join("\n")
}

/** A bar `width` columns wide, filled to `ratio` in steps of an eighth of a column. */
export const bar = (ratio: number, width: number): string => {
  const eighths = Math.round(Math.min(1, Math.max(0, ratio || 0)) * width * 8)
  const full = "█".repeat(eighths >> 3)
  const part = eighths & 7 ? ("▏▎▍▌▋▊▉"[(eighths & 7) - 1] as string) : ""
  return pad(full + part, width)
}

/** Values as a line of eight heights, `width` columns at most (means of neighbours); what is not finite is a space. */
export const sparkline = (values: readonly number[], width = 60): string => {
  const heights = "▁▂▃▄▅▆▇█"
  const cells = squeeze(values, Math.min(width, values.length))
  const finite = cells.filter(Number.isFinite)
  const [lo, hi] = [Math.min(...finite), Math.max(...finite)]
  const height = (v: number): number => (hi === lo ? 0 : Math.round(((v - lo) / (hi - lo)) * 7))
  return cells.map((v) => (Number.isFinite(v) ? heights[height(v)] : " ")).join("")
}

/** `n` means of consecutive stretches of values; what is not finite is left out, NaN where nothing remains. */
export const squeeze = (values: readonly number[], n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => {
    const [from, to] = [Math.floor((i * values.length) / n), Math.floor(((i + 1) * values.length) / n)]
    const part = values.slice(from, Math.max(to, from + 1)).filter(Number.isFinite)
    return part.length === 0 ? NaN : part.reduce((a, b) => a + b, 0) / part.length
  })
