// Strokes to pixels: splines flattened to segments, and pixels covered by a round pen of given radius drawn along them.

/**
 * Flattens the uniform Catmull-Rom spline (Catmull, Rom 1974) through x, y, x, y, ... to `pieces` segments per span; a point
 * given twice is a corner. Returns the vertices in the same form.
 */
export const flatten = (points: ArrayLike<number>, pieces: number): number[] => {
  const n = points.length / 2
  const at = (i: number, c: number): number => points[2 * Math.min(Math.max(i, 0), n - 1) + c] as number
  const out: number[] = [at(0, 0), at(0, 1)]
  for (let i = 0; i + 1 < n; i++) {
    if (at(i, 0) === at(i + 1, 0) && at(i, 1) === at(i + 1, 1)) continue
    for (let s = 1; s <= pieces; s++) {
      const t = s / pieces
      for (let c = 0; c < 2; c++) {
        const [a, b, d, e] = [at(i - 1, c), at(i, c), at(i + 1, c), at(i + 2, c)]
        out.push(b + (t / 2) * (d - a + t * (2 * a - 5 * b + 4 * d - e + t * (3 * (b - d) + e - a))))
      }
    }
  }
  return out
}

/**
 * Draws a polyline (x, y, ... in pixels, pixel centres at +0.5) on a canvas of squared distances: `canvas[y * size + x]` becomes
 * the least squared distance from the pixel's centre to the line, wherever that is below `reach` squared. Start with Infinity.
 */
export const draw = (canvas: Float64Array, size: number, line: ArrayLike<number>, reach: number): void => {
  for (let i = 0; i + 3 < line.length; i += 2) {
    const [ax, ay, bx, by] = [line[i] as number, line[i + 1] as number, line[i + 2] as number, line[i + 3] as number]
    const [dx, dy] = [bx - ax, by - ay]
    const length2 = dx * dx + dy * dy
    const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - reach))
    const x1 = Math.min(size - 1, Math.floor(Math.max(ax, bx) + reach))
    const y0 = Math.max(0, Math.floor(Math.min(ay, by) - reach))
    const y1 = Math.min(size - 1, Math.floor(Math.max(ay, by) + reach))
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay]
        const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / length2))
        const [ex, ey] = [px - t * dx, py - t * dy]
        const d2 = ex * ex + ey * ey
        const p = y * size + x
        if (d2 < (canvas[p] as number)) canvas[p] = d2
      }
  }
}

/** Coverage in 0 .. 1 of a pixel whose centre is at squared distance `d2` from the axis of a round pen: a ramp one pixel wide. */
export const coverage = (d2: number, radius: number): number => {
  if (d2 >= (radius + 0.5) * (radius + 0.5)) return 0
  return Math.min(1, radius + 0.5 - Math.sqrt(d2))
}
