// Pictures in characters: a curve with axes, a confusion matrix, an image. Pure.
import { columnsOf, count, pad, percent, plain, short, squeeze, type Style, table } from "./terminal.ts"

export interface CurveOptions {
  /** Size of the plot without axes, in characters. */
  readonly width?: number
  readonly height?: number
  readonly title?: string
  /** What the steps are, below the axis: "step", "epoch". */
  readonly x?: string
  readonly style?: Style
}

/** A canvas of braille characters, 2 x 4 dots each (Unicode U+2800 and the dots' bits). */
const braille = (width: number, height: number) => {
  const cells = new Uint8Array(width * height)
  const bit = [
    [0x01, 0x02, 0x04, 0x40],
    [0x08, 0x10, 0x20, 0x80],
  ] as const
  return {
    dot: (x: number, y: number): void => {
      const at = Math.floor(y / 4) * width + Math.floor(x / 2)
      cells[at] = (cells[at] as number) | ((bit[x % 2] as readonly number[])[y % 4] as number)
    },
    lines: (): string[] =>
      Array.from({ length: height }, (_, r) =>
        Array.from(cells.subarray(r * width, (r + 1) * width), (c) => (c === 0 ? " " : String.fromCharCode(0x2800 + c))).join(""),
      ),
  }
}

/**
 * A series as a line in braille dots over labelled axes; values that are not finite are gaps and are counted under the picture.
 * `curve(losses, { title: "loss", x: "step" })`
 */
export const curve = (values: readonly number[], options: CurveOptions = {}): string => {
  const { width = 60, height = 10, title, x = "step", style = plain } = options
  const finite = values.filter(Number.isFinite)
  if (finite.length === 0) return `${title ?? "curve"}: no finite value to draw`
  const points = squeeze(values, Math.min(2 * width, values.length))
  const shown = points.filter(Number.isFinite)
  const [lo, hi] = [Math.min(...shown), Math.max(...shown)]
  const canvas = braille(width, height)
  const column = (i: number): number => (points.length === 1 ? 0 : Math.round((i * (2 * width - 1)) / (points.length - 1)))
  const row = (v: number): number => (hi === lo ? 4 * height - 1 : Math.round(((hi - v) / (hi - lo)) * (4 * height - 1)))
  points.forEach((v, i) => {
    if (!Number.isFinite(v)) return
    const before = points[i - 1]
    const from =
      before !== undefined && Number.isFinite(before) ? { x: column(i - 1), y: row(before) } : { x: column(i), y: row(v) }
    const [dx, dy] = [column(i) - from.x, row(v) - from.y]
    const steps = Math.max(Math.abs(dx), Math.abs(dy), 1)
    for (let s = 0; s <= steps; s++) canvas.dot(from.x + Math.round((dx * s) / steps), from.y + Math.round((dy * s) / steps))
  })
  const labels = Array.from({ length: height }, (_, r) => (r === 0 ? short(hi) : r === height - 1 ? short(lo) : ""))
  const side = Math.max(...labels.map((l) => l.length))
  const rows = canvas
    .lines()
    .map((l, r) => `${pad(labels[r] as string, side, "right")} ${labels[r] ? "┤" : "│"}${style.cyan(l)}`.trimEnd())
  const last = count(values.length)
  const ticks = `1${pad(x, Math.ceil((width - 1 - last.length + x.length) / 2), "right")}`
  const under = `${" ".repeat(side + 2)}${pad(ticks, width - last.length)}${last}`
  const lost = values.length - finite.length
  return [
    ...(title === undefined ? [] : [`${" ".repeat(side + 2)}${style.bold(title)}`]),
    ...rows,
    `${" ".repeat(side)} └${"─".repeat(width)}`,
    under,
    ...(lost === 0 ? [] : [`${" ".repeat(side + 2)}${style.red(`${lost} of ${last} values not finite`)}`]),
  ].join("\n")
}

/** How often class t (row) was read as class p (column). */
export const confusion = (truth: ArrayLike<number>, read: ArrayLike<number>, classes: number): readonly (readonly number[])[] => {
  const m = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0))
  for (let i = 0; i < truth.length; i++) {
    const row = m[truth[i] as number] as number[]
    row[read[i] as number] = (row[read[i] as number] as number) + 1
  }
  return m
}

const sum = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0)

/**
 * A confusion matrix as a table: rows are the truth, columns what was read, a dot for never, and each class's share of right
 * answers.
 */
export const confusionTable = (m: readonly (readonly number[])[], names?: readonly string[], style: Style = plain): string => {
  const name = (c: number): string => names?.[c] ?? String(c)
  const rows = m.map((row, t) => [
    name(t),
    ...row.map((n, p) => (n === 0 ? style.dim("·") : t === p ? style.green(String(n)) : style.red(String(n)))),
    sum(row) === 0 ? "-" : percent((row[t] as number) / sum(row)),
  ])
  const head = ["true \\ read", ...m.map((_, c) => name(c)), "right"]
  return table(head, rows, ["right", ...m.map(() => "right" as const), "right"], style)
}

/** The most frequent confusions, one line each: "4 read as 9: 23 times (2.3 % of 4)". */
export const worstConfusions = (m: readonly (readonly number[])[], most = 5, names?: readonly string[]): readonly string[] => {
  const name = (c: number): string => names?.[c] ?? String(c)
  return m
    .flatMap((row, t) => row.map((n, p) => ({ n, t, p, share: n / sum(row) })))
    .filter(({ n, t, p }) => n > 0 && t !== p)
    .sort((a, b) => b.n - a.n || a.t - b.t || a.p - b.p)
    .slice(0, most)
    .map(
      ({ n, t, p, share }) =>
        `${name(t)} read as ${name(p)}: ${n} ${n === 1 ? "time" : "times"} (${percent(share)} of ${name(t)})`,
    )
}

/**
 * An image of bytes in half blocks, two rows of pixels to a line: a pixel of `threshold` and more is ink. With `grey` the pixels
 * are painted in 24 greys (terminals of 256 colours).
 */
export const imageArt = (
  image: ArrayLike<number>,
  [height, width]: readonly [number, number],
  options: { readonly threshold?: number; readonly grey?: boolean } = {},
): string => {
  const { threshold = 96, grey = false } = options
  const at = (y: number, x: number): number => (y < height ? (image[y * width + x] as number) : 0)
  const shade = (v: number): number => 232 + Math.min(23, Math.floor((v * 24) / 256))
  const escape = String.fromCharCode(27)
  const cell = (y: number, x: number): string => {
    const [top, low] = [at(y, x), at(y + 1, x)]
    if (grey) return `${escape}[38;5;${shade(top)};48;5;${shade(low)}m▀`
    return top >= threshold ? (low >= threshold ? "█" : "▀") : low >= threshold ? "▄" : " "
  }
  return Array.from({ length: Math.ceil(height / 2) }, (_, r) => {
    const line = Array.from({ length: width }, (_, x) => cell(2 * r, x)).join("")
    return grey ? `${line}${escape}[0m` : line.trimEnd()
  }).join("\n")
}

/** Blocks of lines side by side, `gap` columns apart, tops aligned. */
export const beside = (blocks: readonly string[], gap = 2): string => {
  const split = blocks.map((b) => b.split("\n"))
  const widths = split.map((lines) => Math.max(...lines.map(columnsOf)))
  const height = Math.max(0, ...split.map((lines) => lines.length))
  return Array.from({ length: height }, (_, r) =>
    split
      .map((lines, b) => pad(lines[r] ?? "", widths[b] as number))
      .join(" ".repeat(gap))
      .trimEnd(),
  ).join("\n")
}
