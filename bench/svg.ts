// Line charts over logarithmic axes, as SVG that follows the reader's light or dark theme.

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly dashed?: boolean
}
export interface Chart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
  /** How a value of the y axis reads. */
  readonly show: (v: number) => string
}
const WIDTH = 690
const HEIGHT = 340
const BOX = { left: 72, right: 512, top: 40, bottom: 288 }
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8c6d1f", "#6e7781"]
const style = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}.grid{stroke:#d0d7de}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}}`

const escape = (s: string): string => s.replace(/&/g, "&amp;").replace(/</g, "&lt;")
const px = (v: number): string => v.toFixed(1)
/** 1, 2 and 5 times the powers of ten within a range; only the powers where that is many. */
const ticksOf = (lo: number, hi: number): number[] => {
  const decades = Math.log10(hi / lo)
  const of = decades > 4 ? [1] : decades > 2.5 ? [1, 3] : [1, 2, 5]
  const from = Math.floor(Math.log10(lo))
  return Array.from({ length: Math.ceil(decades) + 3 }, (_, k) => of.map((m) => Number(`${m}e${from + k}`)))
    .flat()
    .filter((v) => v >= lo / 1.0001 && v <= hi * 1.0001)
}
/** Places for labels, at least 15 pixels apart, near to where they should be. */
const apart = (wanted: readonly number[]): number[] => {
  const order = wanted.map((_, k) => k).sort((a, b) => wanted[a]! - wanted[b]!)
  const out = [...wanted]
  order.forEach((k, n) => {
    const above = order[n - 1]
    if (above !== undefined) out[k] = Math.max(out[k]!, out[above]! + 15)
  })
  return out
}
export const draw = ({ title, x, y, series, show }: Chart): string => {
  const all = series.flatMap((s) => s.points)
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])]
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)]
  const [y0, y1] = [Math.min(...ys) / 1.15, Math.max(...ys) * 1.15]
  const column = (v: number): number => BOX.left + (Math.log(v / x0) / Math.log(x1 / x0)) * (BOX.right - BOX.left)
  const row = (v: number): number => BOX.bottom - (Math.log(v / y0) / Math.log(y1 / y0)) * (BOX.bottom - BOX.top)
  const lines = ticksOf(y0, y1).map(
    (v) =>
      `<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${px(row(v))}" y2="${px(row(v))}"/>` +
      `<text x="${BOX.left - 8}" y="${px(row(v) + 4)}" text-anchor="end">${escape(show(v))}</text>`,
  )
  const columns = [...new Set(xs)]
    .sort((a, b) => a - b)
    .map(
      (v) =>
        `<line class="grid" x1="${px(column(v))}" x2="${px(column(v))}" y1="${BOX.bottom}" y2="${BOX.bottom + 5}"/>` +
        `<text x="${px(column(v))}" y="${BOX.bottom + 19}" text-anchor="middle">${v}</text>`,
    )
  const places = apart(series.map((s) => row(s.points.at(-1)![1])))
  const drawn = series.map(({ name, points, dashed }, k) => {
    const colour = colours[k % colours.length]!
    const at = points.map(([a, b]) => `${px(column(a))},${px(row(b))}`)
    const dots = points.map(([a, b]) => `<circle cx="${px(column(a))}" cy="${px(row(b))}" r="2.6" fill="${colour}"/>`)
    const dash = dashed ? ' stroke-dasharray="5 4"' : ""
    return (
      `<polyline points="${at.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>${dots.join("")}` +
      `<text x="${BOX.right + 10}" y="${px(places[k]! + 4)}" style="fill:${colour}">${escape(name)}</text>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${escape(title)}</title><style>${style}</style>
<text class="title" x="${BOX.left}" y="22">${escape(title)}</text><text x="${BOX.left - 8}" y="22" text-anchor="end">${escape(y)}</text>
${[...lines, ...columns, ...drawn].join("\n")}
<text x="${(BOX.left + BOX.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(x)}</text>
</svg>
`
}
